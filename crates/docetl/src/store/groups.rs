//! Reads the row groups of a file in parallel.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::wanted::Wanted;
use crate::Record;
use crate::parquet_file::{Fault, OwnFile};

/// The row groups of a file, which are decoded ahead on other threads.
pub(super) struct Groups {
    file: Arc<OwnFile>,
    keys: Option<Arc<HashSet<String>>>,
    /// The remaining groups and their wanted rows, in order.
    left: VecDeque<(usize, Range<usize>)>,
    pending: VecDeque<JoinHandle<Result<Vec<Record>, Fault>>>,
    threads: usize,
}

impl Groups {
    /// Verifies all bytes of the file.
    pub(super) fn verify(&self) -> Result<(), Fault> {
        self.file.verify()
    }

    pub(super) fn new(file: OwnFile, wanted: &Wanted, threads: usize) -> Self {
        let mut left = VecDeque::new();
        let mut start = 0;
        for group in 0..file.group_count() {
            let end = start + file.group_rows(group);
            let rows = wanted.rows.start.max(start)..wanted.rows.end.min(end);
            if rows.start < rows.end {
                left.push_back((
                    group,
                    (rows.start - start) as usize..(rows.end - start) as usize,
                ));
            }
            start = end;
        }
        Self {
            keys: if wanted.has_all_keys() {
                None
            } else {
                wanted.keys.clone()
            },
            file: Arc::new(file),
            left,
            pending: VecDeque::new(),
            threads,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Vec<Record>>, Fault> {
        if self.threads < 2 || self.left.len() + self.pending.len() < 2 {
            return match self.left.pop_front() {
                Some((group, rows)) if self.pending.is_empty() => self
                    .file
                    .read_group(group, rows, self.keys.as_deref())
                    .map(Some),
                Some(group) => {
                    self.left.push_front(group);
                    self.oldest()
                }
                None => self.oldest(),
            };
        }
        while self.pending.len() < self.threads
            && let Some((group, rows)) = self.left.pop_front()
        {
            let (file, keys) = (Arc::clone(&self.file), self.keys.clone());
            let started = coldpress_storage::spawn("a thread that decodes rows", move || {
                file.read_group(group, rows, keys.as_deref())
            });
            self.pending
                .push_back(started.map_err(|error| Fault::Io(std::io::Error::other(error)))?);
        }
        self.oldest()
    }

    fn oldest(&mut self) -> Result<Option<Vec<Record>>, Fault> {
        let Some(oldest) = self.pending.pop_front() else {
            return Ok(None);
        };
        let panicked = |_| Fault::Damaged("its decoder panicked".into());
        oldest.join().map_err(panicked)?.map(Some)
    }
}
