//! Immutable files: written once under their final name, cited only when whole.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::crash_point;
use crate::directory::sync_dir;
use crate::parent::parent_of;
use crate::volatile;
use crate::{Error, FileStamp, Hasher, Obstacle, Result};

const BUFFER_BYTES: usize = 256 << 10;
/// The device is asked to begin writing whenever so many bytes have come together.
const WRITEBACK_BYTES: u64 = 4 << 20;

/// An immutable file that is being written under its final name.
///
/// The name is created exclusively, so two writers can never share it and nothing is ever
/// overwritten. [`finish`](Self::finish) makes bytes and name durable and gives the stamp by which
/// the file may be cited. Dropped before that, the file is a remnant that nobody cites; it is
/// removed where possible.
pub struct NewFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    hasher: Hasher,
    bytes_written: u64,
    /// How many of the bytes in the file the device was asked to write.
    asked_bytes: u64,
    failed: bool,
    finished: bool,
}

impl NewFile {
    /// Creates the file. The folder must exist.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be created; [`Error::is_already_exists`] if there is one
    /// of that name.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| Error::io("create", &path, source))?;
        volatile::created(&path);
        Ok(Self {
            path,
            file,
            buffer: Vec::new(),
            hasher: Hasher::new(),
            bytes_written: 0,
            asked_bytes: 0,
            failed: false,
            finished: false,
        })
    }

    /// The path as given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of bytes taken so far, those in the buffer included.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Writes all bytes; as [`Write::write_all`], but the error names the file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the device refuses them.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes)
            .map_err(|source| Error::io("write", &self.path, source))
    }

    /// Makes the bytes and the name durable and gives the stamp to cite the file by.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a write, now or earlier, or a sync failed. The file must not be cited
    /// then; it is removed where possible.
    pub fn finish(mut self) -> Result<FileStamp> {
        self.write_buffer()
            .map_err(|source| Error::io("write", &self.path, source))?;
        crash_point!("new_file_before_sync");
        self.file
            .sync_all()
            .map_err(|source| Error::io("sync", &self.path, source))?;
        volatile::synced_file(&self.path);
        crash_point!("new_file_before_folder_sync");
        sync_dir(parent_of(&self.path))?;
        self.finished = true;
        Ok(self.hasher.stamp())
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier write to this file failed"));
        }
        let written = self.file.write_all(&self.buffer);
        self.hasher.update(&self.buffer);
        self.buffer.clear();
        self.failed = written.is_err();
        self.begin_writeback();
        written.map_err(|error| self.named(error))
    }

    /// Gives an obstacle the file's name, for it is often met below encoders that know none.
    fn named(&self, error: io::Error) -> io::Error {
        match Obstacle::of_io(&error) {
            Some(_) => io::Error::new(error.kind(), Error::io("write", &self.path, error)),
            None => error,
        }
    }

    /// Has the device write while more comes, so that little is left for the sync at the end to wait for.
    fn begin_writeback(&mut self) {
        let written = self.hasher.length();
        if written - self.asked_bytes < WRITEBACK_BYTES {
            return;
        }
        // Linux begins to write what is dirty of a range that it is told to forget, and forgets none of that. Nothing
        // depends on it.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            &self.file,
            self.asked_bytes,
            std::num::NonZeroU64::new(written - self.asked_bytes),
            rustix::fs::Advice::DontNeed,
        );
        self.asked_bytes = written;
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.write_buffer()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            // A short write keeps hash and file in step, because only what was taken is hashed.
            let taken = self.file.write(bytes).map_err(|error| {
                self.failed = error.kind() != io::ErrorKind::Interrupted;
                self.named(error)
            })?;
            self.hasher.update(&bytes[..taken]);
            self.bytes_written += taken as u64;
            self.begin_writeback();
            return Ok(taken);
        }
        self.buffer.extend_from_slice(bytes);
        self.bytes_written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffer()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody cites the remnant, so a failure to remove it costs only its space.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl fmt::Debug for NewFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFile")
            .field("path", &self.path)
            .field("bytes_written", &self.bytes_written)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{digest_file, verify};
    use proptest::prelude::*;

    #[test]
    fn never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = NewFile::create(&path).unwrap();
        file.put(b"first").unwrap();
        assert!(NewFile::create(&path).unwrap_err().is_already_exists());
        file.finish().unwrap();
        assert!(NewFile::create(&path).unwrap_err().is_already_exists());
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn an_unfinished_file_is_removed_and_a_refused_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        drop(NewFile::create(&path).unwrap());
        assert!(!path.exists());
        fs::write(&path, b"theirs").unwrap();
        drop(NewFile::create(&path));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/x");
        let error = NewFile::create(&path).unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(
            error.to_string(),
            format!("cannot create `{}`", path.display())
        );
    }

    #[test]
    fn a_failed_write_cannot_be_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = NewFile::create(&path).unwrap();
        // A handle that may only read stands in for a full device.
        file.file = File::open(&path).unwrap();
        file.put(b"abc").unwrap();
        assert!(file.flush().is_err());
        assert!(file.finish().is_err());
        assert!(!path.exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_stamp_is_that_of_the_bytes(
            pieces in prop::collection::vec(
                prop_oneof![0usize..100, 1000usize..70_000, BUFFER_BYTES - 2..BUFFER_BYTES * 2],
                0..8,
            ),
            flush_after in any::<u8>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x");
            let mut file = NewFile::create(&path).unwrap();
            let mut all = Vec::new();
            for (index, length) in pieces.into_iter().enumerate() {
                let piece: Vec<u8> = (0..length).map(|at| (at * 7 + index) as u8).collect();
                file.put(&piece).unwrap();
                all.extend_from_slice(&piece);
                if index == usize::from(flush_after) {
                    file.flush().unwrap();
                }
                prop_assert_eq!(file.bytes_written(), all.len() as u64);
            }
            let stamp = file.finish().unwrap();
            prop_assert_eq!(stamp, FileStamp::of(&all));
            prop_assert_eq!(digest_file(&path).unwrap(), stamp);
            verify(&path, &stamp).unwrap();
        }
    }
}
