//! Sources: the files that make up a dataset, in plan order.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use coldpress_storage::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::sniff::{Compression, Encoding, sniff};

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What it was when the job was planned.
    pub identity: SourceIdentity,
    /// How its bytes are packed.
    pub compression: Compression,
    /// How its text is encoded.
    pub encoding: Encoding,
}

/// What tells a source from another, or from itself after a change: an early check, cheap to make.
///
/// The slices of a source are hashed whole when they are read; that hash decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The path as it was resolved.
    pub path: String,
    /// Length in bytes, as stored.
    pub length: u64,
    /// Time of the last change, in nanoseconds since 1970.
    pub modified_nanos: u64,
    /// Hash of the length, the first and the last 64 KiB.
    pub sample: Digest,
}

impl Source {
    /// Opens, sniffs and identifies the file; the notes say what is odd about it.
    ///
    /// # Errors
    /// When the file cannot be read or has a format that is not supported.
    pub fn open(path: &Path) -> Result<(Self, Vec<String>)> {
        let found = std::fs::metadata(path).map_err(Error::io("open", path))?;
        if !found.is_file() {
            let what = if found.is_dir() {
                "a directory"
            } else {
                "no regular file"
            };
            let help = "copy its content to a file first";
            return Err(Error::Unsupported {
                path: path.display().to_string(),
                what,
                help,
            });
        }
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let sniffed = sniff(path, &mut file)?;
        let identity = SourceIdentity::of(path, &mut file)?;
        let source = Self {
            path: path.to_owned(),
            identity,
            compression: sniffed.compression,
            encoding: sniffed.encoding,
        };
        Ok((source, sniffed.notes))
    }

    /// Whether any byte of its text can be sought; else it must be read from its start.
    pub fn is_addressable(&self) -> bool {
        self.compression == Compression::None && self.encoding == Encoding::Utf8
    }

    /// Compares the file with what it was.
    ///
    /// # Errors
    /// [`Error::Changed`] when its length or its sample differ; [`Error::Io`] when it cannot be read.
    pub fn check_unchanged(&self) -> Result<Touched> {
        let mut file = File::open(&self.path).map_err(Error::io("open", &self.path))?;
        let now = SourceIdentity::of(&self.path, &mut file)?;
        let changed = |what: String| {
            Err(Error::Changed {
                path: self.identity.path.clone(),
                what,
            })
        };
        if now.length != self.identity.length {
            return changed(format!(
                "{} bytes, now {}",
                self.identity.length, now.length
            ));
        }
        if now.sample != self.identity.sample {
            return changed("its content is another".to_owned());
        }
        let touched = now.modified_nanos != self.identity.modified_nanos;
        Ok(if touched {
            Touched::Touched
        } else {
            Touched::Same
        })
    }
}

/// Whether a source that looks the same was written to since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Not even its time of change is another.
    Same,
    /// Its time of change is another, so that its slices should be hashed again.
    Touched,
}

const SAMPLE_BYTES: u64 = 64 * 1024;

impl SourceIdentity {
    fn of(path: &Path, file: &mut File) -> Result<Self> {
        let metadata = file.metadata().map_err(Error::io("examine", path))?;
        let length = metadata.len();
        let mut hasher = Hasher::new();
        hasher.update(&length.to_le_bytes());
        for start in [0, length.saturating_sub(SAMPLE_BYTES)] {
            let mut sample = Vec::new();
            file.seek(SeekFrom::Start(start))
                .and_then(|_| file.take(SAMPLE_BYTES).read_to_end(&mut sample))
                .map_err(Error::io("read", path))?;
            hasher.update(&sample);
        }
        Ok(Self {
            path: path.display().to_string(),
            length,
            modified_nanos: modified_nanos(&metadata),
            sample: hasher.finish(),
        })
    }
}

fn modified_nanos(metadata: &Metadata) -> u64 {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    modified.map_or(0, |since| since.as_nanos() as u64)
}
