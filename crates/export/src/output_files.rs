//! Where the files of an output are made: one file, or shards `part-00000`, `part-00001` … in a directory.

use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, FileStamp, create_dir_durable};

use crate::error::Result;
use crate::target::ExportTarget;

/// Names the files of an output one after the other and adds up what they are.
pub(crate) struct OutputFiles {
    temporary: PathBuf,
    shards: Option<Shards>,
    /// What the one file is.
    stamp: Option<FileStamp>,
}

struct Shards {
    suffix: &'static str,
    limit_bytes: u64,
    count: u32,
    length: u64,
    listing: String,
    finished: bool,
}

/// Adds a shard to the listing whose digest is that of the directory.
pub(crate) fn list(listing: &mut String, name: &str, digest: Digest) {
    listing.push_str(&format!("{name} {digest}\n"));
}

impl OutputFiles {
    /// The temporary place of `target`; a directory is made at once.
    pub(crate) fn create(target: &ExportTarget, token: &str) -> Result<Self> {
        let temporary = target.temporary_path(token);
        let shards = match target.shard_bytes() {
            None => None,
            Some(limit_bytes) => {
                // It is exchanged for what stands at the export path, so nobody else may have put anything into it.
                create_dir_durable(&temporary)?;
                Some(Shards {
                    suffix: target.suffix(),
                    limit_bytes,
                    count: 0,
                    length: 0,
                    listing: String::new(),
                    finished: false,
                })
            }
        };
        Ok(Self {
            temporary,
            shards,
            stamp: None,
        })
    }

    /// The file, or the directory of shards.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// At how many bytes a file ends and the next begins.
    pub(crate) fn limit_bytes(&self) -> u64 {
        self.shards
            .as_ref()
            .map_or(u64::MAX, |shards| shards.limit_bytes)
    }

    /// Returns where the file is to be made that follows those that ended.
    pub(crate) fn next_path(&self) -> PathBuf {
        match &self.shards {
            None => self.temporary.clone(),
            Some(shards) => self.temporary.join(shards.name()),
        }
    }

    /// No file has ended yet. An output without records is one empty file or shard.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.shards {
            None => self.stamp.is_none(),
            Some(shards) => shards.count == 0,
        }
    }

    /// The file at [`next_path`](Self::next_path) is complete and durable.
    pub(crate) fn ended(&mut self, stamp: FileStamp) {
        match &mut self.shards {
            None => self.stamp = Some(stamp),
            Some(shards) => {
                let name = shards.name();
                list(&mut shards.listing, &name, stamp.digest);
                shards.length += stamp.length;
                shards.count += 1;
            }
        }
    }

    /// Length and digest of the output.
    pub(crate) fn finish(mut self) -> (u64, Digest) {
        match &mut self.shards {
            None => {
                let stamp = self.stamp.unwrap_or_else(|| FileStamp::of(b""));
                (stamp.length, stamp.digest)
            }
            Some(shards) => {
                shards.finished = true;
                (shards.length, Digest::of(shards.listing.as_bytes()))
            }
        }
    }
}

impl Shards {
    fn name(&self) -> String {
        format!("part-{:05}{}", self.count, self.suffix)
    }
}

impl Drop for OutputFiles {
    /// Removes what was not finished: nobody cites it. A file removes itself.
    fn drop(&mut self) {
        if self.shards.as_ref().is_some_and(|shards| !shards.finished) {
            let _ = std::fs::remove_dir_all(&self.temporary);
        }
    }
}
