//! Creating the folders of a job, with helpful errors if that fails.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use coldpress_storage::{create_dirs_durable, open_file_with};
use rustix::io::Errno;

use super::own::refuse_link;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::{Error, Result};

impl Layout {
    /// Creates all folders, durably, and the link to the event log. Existing ones are kept.
    ///
    /// # Errors
    ///
    /// [`Error::Folder`] with the obstacle and advice; [`Error::Linked`] if a folder is a link.
    pub fn create(&self) -> Result<()> {
        self.prove()?;
        self.refuse_strangers()?;
        let folders = [
            self.job_dir().to_path_buf(),
            self.journal_dir(),
            self.metadata_dir(),
            self.results_dir(),
            self.quarantine_dir(),
            self.partition_dir().to_path_buf(),
            self.checkpoint_dir().to_path_buf(),
            self.event_log_dir().to_path_buf(),
        ];
        create_dirs_durable(&folders).map_err(|error| explain(self.job_dir(), error))?;
        self.check_writable()?;
        self.link_events()
    }

    /// Refuses a folder without a journal and a lock that has files with the names of a job's files. It does not belong to a job,
    /// so those files are somebody else's.
    fn refuse_strangers(&self) -> Result<()> {
        // If this cannot be determined, the code that needs it reports the error.
        let is_job = || Journal::exists(self).unwrap_or(true);
        if self.lock().symlink_metadata().is_ok() || is_job() {
            return Ok(());
        }
        let metadata = fs::read_dir(self.metadata_dir()).into_iter().flatten();
        let views = [self.recipe(), self.resolved_recipe(), self.summary()];
        let mut views = views
            .into_iter()
            .chain(metadata.flatten().map(|entry| entry.path()));
        let in_the_way = views.find(|view| view.symlink_metadata().is_ok());
        in_the_way.map_or(Ok(()), |path| {
            Err(Error::Folder {
                path,
                problem: "it does not belong to a job, and the job would replace it".to_owned(),
                advice: "move it away, or choose another job_id or work_dir",
            })
        })
    }

    /// Tries the folder before anything depends on it, so that the error is specific.
    fn check_writable(&self) -> Result<()> {
        let path = self.lock();
        refuse_link(&path)?;
        let opened = open_file_with(&path, fs::OpenOptions::new().create(true).append(true));
        opened
            .map(drop)
            .map_err(|error| explain(self.job_dir(), error))
    }

    /// Creates the link to the event log. The link is only a convenience for readers, so failing to create it on a file system
    /// without links is not an error.
    #[cfg(unix)]
    fn link_events(&self) -> Result<()> {
        let events = self.events();
        let target = events.strip_prefix(self.job_dir()).unwrap_or(&events);
        let link = self.events_link();
        match fs::read_link(&link) {
            Ok(found) if found == target => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => {
                return Err(Error::Folder {
                    path: link,
                    problem: "a file is where the link to the event log should be".to_owned(),
                    advice: "move it away",
                });
            }
        }
        let temporary = self
            .job_dir()
            .join(format!(".coldpress-{}.link", std::process::id()));
        let _ = fs::remove_file(&temporary);
        let linked = std::os::unix::fs::symlink(target, &temporary)
            .and_then(|()| fs::rename(&temporary, &link));
        match linked {
            // It isn't synced, because losing the link to a power cut does no harm.
            Ok(()) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            Err(source) => Err(Error::io("link the event log at", &link, source)),
        }
    }

    #[cfg(not(unix))]
    fn link_events(&self) -> Result<()> {
        Ok(())
    }
}

pub(super) fn explain(wanted: &Path, error: coldpress_storage::Error) -> Error {
    let path: PathBuf = error.path().unwrap_or(wanted).to_path_buf();
    let errno = match &error {
        coldpress_storage::Error::Io { source, .. } => Errno::from_io_error(source),
        _ => None,
    };
    let (problem, advice) = match errno {
        Some(Errno::ROFS) => (
            "the file system is read-only".to_owned(),
            "mount it writable, or set work_dir to another place",
        ),
        Some(Errno::ACCESS | Errno::PERM) => (
            "you may not write there".to_owned(),
            "change its permissions, or set work_dir to another place",
        ),
        Some(Errno::LOOP | Errno::EXIST) if is_circle(&path) => (
            "its links lead in a circle".to_owned(),
            "remove or repair the link",
        ),
        Some(Errno::NOTDIR) => (
            "something on the way to it is not a folder".to_owned(),
            "move it away, or choose another place",
        ),
        Some(Errno::EXIST) if is_dangling(&path) => (
            "a link of that name leads nowhere".to_owned(),
            "remove or repair the link",
        ),
        Some(Errno::EXIST) => (
            "a file of that name is in the way".to_owned(),
            "move it away, or choose another place",
        ),
        Some(Errno::NOSPC | Errno::DQUOT) => (
            "the disk or your quota is full".to_owned(),
            "free some space, or set work_dir to another place",
        ),
        Some(Errno::NAMETOOLONG) => (
            "the path is too long".to_owned(),
            "choose a shorter place or job id",
        ),
        _ => (
            match &error {
                coldpress_storage::Error::Io { source, .. } => source.to_string(),
                other => other.to_string(),
            },
            "choose another place, or mend this one",
        ),
    };
    Error::Folder {
        path,
        problem,
        advice,
    }
}

fn is_circle(path: &Path) -> bool {
    let error = fs::metadata(path).err();
    error.and_then(|error| Errno::from_io_error(&error)) == Some(Errno::LOOP)
}

/// Returns whether the name is a dangling link. It is called only for a name that is taken and does not lead to a folder.
fn is_dangling(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) && !path.exists()
}
