//! What a job asks of servers: about how many requests, and how many bytes.

use coldpress_config::Location;
use coldpress_dataset::{Location as SourceLocation, Source};
use serde::Serialize;

use crate::prepare::Prepared;
use crate::space::DiskEstimate;

/// What one request fetches of a file, at most, in bytes.
const FETCHED_BYTES: u64 = 4 << 20;
/// What one request sends, at most, in bytes.
const SENT_BYTES: u64 = 8 << 20;
/// Requests by which a file of the dataset is looked at before it is read.
const LOOKS: u64 = 2;
/// Files that an attempt makes: rows and their index.
const FILES_OF_RESULT: u64 = 2;

/// What goes to and comes from servers, as if no operator dropped or shortened anything and before compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Bytes that are read.
    pub read_bytes: u64,
    /// Requests that read.
    pub read_requests: u64,
    /// Bytes that are written.
    pub written_bytes: u64,
    /// Requests that write.
    pub write_requests: u64,
}

impl Traffic {
    /// Returns whether nothing of the job lies behind URLs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn reads(&mut self, bytes: u64, files: u64) {
        self.read_bytes = self.read_bytes.saturating_add(bytes);
        self.read_requests += bytes.div_ceil(FETCHED_BYTES).max(files);
    }

    fn writes(&mut self, bytes: u64, files: u64) {
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        self.write_requests += bytes.div_ceil(SENT_BYTES).max(files);
    }
}

impl Prepared {
    /// What a job of this recipe asks of servers for a dataset that becomes so many partitions, and writes so much.
    #[must_use]
    pub fn traffic(&self, sources: &[Source], need: &DiskEstimate, partitions: u64) -> Traffic {
        let mut traffic = Traffic::default();
        for source in sources.iter().filter(|one| one.path.is_remote()) {
            let files = source.members.len().max(1) as u64;
            // Base64 is a third longer, and is read once more to verify the signature.
            let bytes = match &source.path {
                SourceLocation::Sealed(_) => source.identity.length / 3 * 8,
                _ => source.identity.length,
            };
            traffic.reads(bytes, files);
            traffic.read_requests += LOOKS * files;
        }
        let paths = &self.recipe.paths;
        let is_remote = |dir: &str| Location::of(dir).url().is_some();
        let work_dir = is_remote(&paths.work_dir);
        let or_work_dir = |dir: &Option<String>| dir.as_deref().map_or(work_dir, is_remote);
        let points = self.checkpoints.len() as u64;
        // What is written into a job's places is read once more.
        for (is_there, bytes, files) in [
            (work_dir, need.results + need.signatures, FILES_OF_RESULT),
            (or_work_dir(&paths.checkpoint_dir), need.checkpoints, points),
            (
                or_work_dir(&paths.partition_dir),
                need.copies,
                u64::from(need.copies > 0),
            ),
        ] {
            if is_there && bytes > 0 {
                traffic.writes(bytes, files * partitions);
                traffic.reads(bytes, files * partitions);
            }
        }
        if is_remote(&self.recipe.export.path) {
            traffic.writes(need.export, 1);
        }
        traffic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_cost_a_request_each() {
        let mut traffic = Traffic::default();
        assert!(traffic.is_none());
        traffic.reads(10, 3);
        traffic.writes(17 << 20, 1);
        let expected = Traffic {
            read_bytes: 10,
            read_requests: 3,
            written_bytes: 17 << 20,
            write_requests: 3,
        };
        assert_eq!(traffic, expected);
    }
}
