//! Slices of sources behind URLs, from when they were cut until they were worked on.
//!
//! Cutting reads a text to its end. So that nothing is fetched twice, the planner leaves each slice in a file of this
//! machine, for the worker who reads it next and removes it. Nobody cites such a file, and nothing is lost with it: whatever
//! is wrong with it, the slice is fetched again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use coldpress_dataset::LineStream;
use serde::{Deserialize, Serialize};

use crate::slice::Slice;

/// The folder that slices are left in.
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
    /// The folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes what nobody read.
    pub fn clear(&self) {
        // What cannot be removed is found to be other than planned, or is written anew.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// The slice of a partition, if it is here and as long as it should be.
    #[must_use]
    pub fn open(&self, partition: u32, slice: &Slice, max_record_bytes: u64) -> Option<LineStream> {
        let file = File::open(self.path(partition)).ok()?;
        let length = file.metadata().ok()?.len();
        let path = self.path(partition);
        (length == slice.end - slice.start)
            .then(|| LineStream::of_slice(Box::new(file), &path, slice.start, max_record_bytes))
    }

    /// Removes the slice of a partition: it was read, or is not what was planned.
    pub fn forget(&self, partition: u32) {
        let _ = fs::remove_file(self.path(partition));
    }

    /// Begins to leave the slice of a partition; none where there is no place for it.
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
    /// Adds bytes; gives itself back if there was place for them.
    pub(crate) fn add(mut self, bytes: &[u8]) -> Option<Self> {
        let written = self.file.write_all(bytes);
        self.kept(written)
    }

    /// Leaves what was added.
    pub(crate) fn finish(mut self) {
        let written = self.file.flush();
        self.kept(written);
    }

    /// A full disk costs the file, not the job.
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
