//! Slices of sources at URLs, between cutting and processing.
//!
//! Cutting reads a text to its end. To avoid fetching anything twice, the planner leaves each slice in a file on this machine, and
//! the worker that reads it next removes the file. Nothing cites such a file, and nothing is lost with it: if anything is wrong
//! with it, the slice is fetched again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use coldpress_dataset::LineStream;
use serde::{Deserialize, Serialize};

use crate::slice::Slice;

/// The folder in which slices are left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fetched {
    folder: PathBuf,
}

/// A slice that is being left for a worker.
pub(crate) struct Leaving {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Fetched {
    /// Names the folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes the files that nobody read.
    pub fn clear(&self) {
        // A file that cannot be removed is either found to differ from the plan or overwritten.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Opens the slice of a partition, if it is here and has the right length.
    #[must_use]
    pub fn open(&self, partition: u32, slice: &Slice, max_record_bytes: u64) -> Option<LineStream> {
        let file = File::open(self.path(partition)).ok()?;
        let length = file.metadata().ok()?.len();
        let path = self.path(partition);
        (length == slice.end - slice.start)
            .then(|| LineStream::of_slice(Box::new(file), &path, slice.start, max_record_bytes))
    }

    /// Removes the slice of a partition, because it was read or isn't what was planned.
    pub fn forget(&self, partition: u32) {
        let _ = fs::remove_file(self.path(partition));
    }

    /// Begins to leave the slice of a partition; none if there is no space for it.
    pub(crate) fn begin(&self, partition: u32) -> Option<Leaving> {
        let path = self.path(partition);
        fs::create_dir_all(&self.folder).ok()?;
        let file = File::create(&path).ok()?;
        Some(Leaving {
            path,
            file: BufWriter::with_capacity(256 << 10, file),
        })
    }

    fn path(&self, partition: u32) -> PathBuf {
        self.folder.join(format!("partition_{partition:06}.jsonl"))
    }
}

impl Leaving {
    /// Adds bytes. Returns itself if there was space for them.
    pub(crate) fn add(mut self, bytes: &[u8]) -> Option<Self> {
        let written = self.file.write_all(bytes);
        self.kept(written)
    }

    /// Completes the file.
    pub(crate) fn finish(mut self) {
        let written = self.file.flush();
        self.kept(written);
    }

    /// Returns itself, unless writing failed. A full disk costs the file, not the job.
    fn kept(self, written: io::Result<()>) -> Option<Self> {
        if written.is_ok() {
            return Some(self);
        }
        let (file, _) = self.file.into_parts();
        drop(file);
        let _ = fs::remove_file(&self.path);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_slice_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let fetched = Fetched::new(folder.path().join("fetched"));
        let slice = |end| Slice {
            source: 0,
            start: 10,
            end,
            records: 1,
            digest: coldpress_storage::Digest::of(b""),
            metadata: None,
            seek: None,
            decoded_bytes: None,
            marks: Vec::new(),
            copy: None,
        };
        assert!(fetched.open(3, &slice(19), 100).is_none());
        let leaving = fetched.begin(3).unwrap().add(b"{\"a\": 1}").unwrap();
        leaving.add(b"\n").unwrap().finish();
        assert!(fetched.open(3, &slice(20), 100).is_none());
        let mut stream = fetched.open(3, &slice(19), 100).unwrap();
        let mut lines = coldpress_record::Lines::default();
        stream.next_block(&mut lines).unwrap();
        assert_eq!(lines.bytes, b"{\"a\": 1}\n");
        assert_eq!(lines.records[0].position, 10);
        fetched.forget(3);
        assert!(fetched.open(3, &slice(19), 100).is_none());
        fetched.clear();
        assert!(!fetched.folder().exists());
    }
}
