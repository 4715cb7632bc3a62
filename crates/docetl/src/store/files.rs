//! Paths of files, and moving files into place.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use coldpress_storage::{
    NewFile, crash_point, create_dir_all_durable, real_folder, remove_durable, rename_durable,
};

use crate::{CheckpointName, Error, Format, Result};

/// The extension of files that are being written.
pub(super) const UNFINISHED: &str = ".tmp";

/// The directory.
#[derive(Clone, Debug)]
pub(super) struct Files {
    dir: PathBuf,
}

/// An existing file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

/// The treatment of the file in the other format when a file takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    /// It is the previous state of the checkpoint, so it is removed.
    Goes,
    /// It was the source of this one, when it had this time, and stays. If it has been written again since, it is the one that
    /// counts.
    Stays(SystemTime),
}

impl Files {
    pub(super) fn new(dir: PathBuf) -> Result<Self> {
        match fs::metadata(&dir) {
            Ok(metadata) if !metadata.is_dir() => Err(Error::NotADirectory { path: dir }),
            Err(error) if is_absent(&error) => Ok(Self { dir }),
            Err(error) => Err(Error::io("examine", &dir, error)),
            Ok(_) => Ok(Self { dir }),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of a checkpoint, unless a link on the way points outside of the directory.
    pub(super) fn path(&self, name: &CheckpointName, format: Format) -> Result<PathBuf> {
        let path = self.dir.join(name.path(format));
        self.check_inside(&self.dir.join(name.folder()))?;
        self.check_inside(&path)?;
        Ok(path)
    }

    /// Refuses a link that points outside of the directory, or to nothing.
    pub(super) fn check_inside(&self, path: &Path) -> Result<()> {
        if !path.is_symlink() {
            return Ok(());
        }
        let outside = || Error::Outside {
            path: path.to_owned(),
        };
        let target = fs::canonicalize(path).map_err(|_| outside())?;
        match target.starts_with(real_folder(&self.dir)?) {
            true => Ok(()),
            false => Err(outside()),
        }
    }

    /// Finds the file of a checkpoint in a format. Anything other than a file counts as a file that cannot be opened.
    pub(super) fn find(&self, name: &CheckpointName, format: Format) -> Result<Option<Found>> {
        let path = self.path(name, format)?;
        match fs::metadata(&path) {
            Ok(metadata) => found(path, format, &metadata).map(Some),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(Error::io("examine", &path, error)),
        }
    }

    /// Returns whether a file is still the one that was found.
    pub(super) fn is_still(&self, found: &Found) -> bool {
        fs::metadata(&found.path).is_ok_and(|metadata| {
            metadata.len() == found.bytes
                && metadata
                    .modified()
                    .is_ok_and(|modified| modified == found.modified)
        })
    }

    /// Begins a file beside its final place.
    pub(super) fn begin(&self, name: &CheckpointName, format: Format) -> Result<NewFile> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(name, format)?;
        let folder = self.dir.join(name.folder());
        create_dir_all_durable(&folder)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!(".{file}.{}-{number}{UNFINISHED}", std::process::id());
        let unfinished = folder.join(unfinished);
        match NewFile::create(&unfinished) {
            // A process with the same id left it. In containers, ids usually repeat.
            Err(error) if error.is_already_exists() => {
                remove_durable(&unfinished)?;
                Ok(NewFile::create(&unfinished)?)
            }
            file => Ok(file?),
        }
    }

    /// Moves a finished file into place.
    ///
    /// After this, the file of the other format must not count, whatever a crash leaves. The later file counts, so this one is made
    /// the later one first.
    pub(super) fn put(
        &self,
        unfinished: &Path,
        name: &CheckpointName,
        format: Format,
        other: Other,
    ) -> Result<PathBuf> {
        let path = self.path(name, format)?;
        let before = self.find(name, format.other())?;
        let time = match other {
            Other::Stays(read) => Some(read),
            Other::Goes => before.as_ref().map(|before| before.modified),
        };
        if let Some(time) = time {
            make_later(unfinished, time, format, other)?;
        }
        crash_point!("docetl_before_rename");
        rename_durable(unfinished, &path)?;
        crash_point!("docetl_after_rename");
        if let (Some(before), Other::Goes) = (before, other)
            && !before.path.is_dir()
        {
            remove_durable(&before.path)?;
        }
        Ok(path)
    }
}

/// Sets the time of a file so that it counts, and not the one in the other format, which has or had this time.
fn make_later(unfinished: &Path, before: SystemTime, format: Format, other: Other) -> Result<()> {
    let refused = |source| Error::io("set the time of", unfinished, source);
    let file = coldpress_storage::open_file(unfinished)?;
    let own = file
        .metadata()
        .and_then(|metadata| metadata.modified())
        .map_err(refused)?;
    let time = match (format, other) {
        // If two files have the same age, the Parquet file counts.
        (Format::Parquet, _) => own.max(before),
        // Both have the same records, so their ages don't matter.
        (Format::Json, Other::Stays(_)) => before,
        // Some file systems only store times to one or two seconds.
        (Format::Json, Other::Goes) if own > before => own,
        (Format::Json, Other::Goes) => before + Duration::from_secs(2),
    };
    if time != own {
        file.set_modified(time)
            .and_then(|()| file.sync_all())
            .map_err(refused)?;
    }
    Ok(())
}

pub(super) fn found(path: PathBuf, format: Format, metadata: &Metadata) -> Result<Found> {
    let modified = metadata
        .modified()
        .map_err(|error| Error::io("examine", &path, error))?;
    Ok(Found {
        path,
        format,
        bytes: metadata.len(),
        modified,
    })
}

/// Returns whether there is no file with that name.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
