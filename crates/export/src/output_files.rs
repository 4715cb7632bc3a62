//! The files of an output: one file, or shards `part-00000`, `part-00001` … in a directory or below a URL.

use std::path::PathBuf;

use coldpress_storage::{Digest, FileStamp, SealedUpload, create_dir_durable};

use crate::error::Result;
use crate::listing::list;
use crate::output_file::{FinishedFile, OutputFile};
use crate::place::{OutputPlace, UrlPlace};
use crate::staged::Staged;
use crate::target::ExportTarget;

/// Names the files of an output one after another, and sums their lengths and digests.
pub(crate) struct OutputFiles {
    at: Making,
    shards: Option<Shards>,
    /// The stamp of the only file.
    stamp: Option<FileStamp>,
}

enum Making {
    /// The file or directory in its temporary place.
    Temporary(PathBuf),
    /// The finished objects, which are not visible yet.
    Uploads(UrlPlace, Vec<Box<dyn SealedUpload>>),
}

struct Shards {
    suffix: &'static str,
    limit_bytes: u64,
    count: u32,
    length: u64,
    listing: String,
    finished: bool,
}

impl OutputFiles {
    /// Returns the temporary place of `target`. A directory is created at once.
    pub(crate) fn create(target: &ExportTarget, token: &str) -> Result<Self> {
        let at = match target.place() {
            OutputPlace::Path(_) => Making::Temporary(target.temporary_path(token)),
            OutputPlace::Url(place) => Making::Uploads(place.clone(), Vec::new()),
        };
        let shards = match target.shard_bytes() {
            None => None,
            Some(limit_bytes) => {
                if let Making::Temporary(temporary) = &at {
                    // It is exchanged for what is at the export path, so nobody else may have put anything into it.
                    create_dir_durable(temporary)?;
                }
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
            at,
            shards,
            stamp: None,
        })
    }

    /// Returns the number of bytes at which a file ends and the next begins.
    pub(crate) fn limit_bytes(&self) -> u64 {
        self.shards
            .as_ref()
            .map_or(u64::MAX, |shards| shards.limit_bytes)
    }

    /// Begins the file after those that are finished.
    pub(crate) fn next_file(&self) -> Result<OutputFile> {
        match (&self.at, &self.shards) {
            (Making::Temporary(file), None) => OutputFile::at(file.clone()),
            (Making::Temporary(folder), Some(shards)) => OutputFile::at(folder.join(shards.name())),
            (Making::Uploads(place, _), None) => OutputFile::to(place, place.name().clone()),
            (Making::Uploads(place, _), Some(shards)) => {
                OutputFile::to(place, place.below(&shards.name())?)
            }
        }
    }

    /// Returns whether no file is finished yet. An output without records is one empty file or shard.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.shards {
            None => self.stamp.is_none(),
            Some(shards) => shards.count == 0,
        }
    }

    /// Records that the file of [`next_file`](Self::next_file) is complete and durable.
    pub(crate) fn ended(&mut self, file: FinishedFile) {
        let stamp = file.stamp;
        if let Making::Uploads(_, ended) = &mut self.at {
            ended.extend(file.upload);
        }
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

    /// Returns the complete output.
    pub(crate) fn finish(mut self) -> Staged {
        let (length, digest) = match &mut self.shards {
            None => {
                let stamp = self.stamp.unwrap_or_else(|| FileStamp::of(b""));
                (stamp.length, stamp.digest)
            }
            Some(shards) => {
                shards.finished = true;
                (shards.length, Digest::of(shards.listing.as_bytes()))
            }
        };
        match &mut self.at {
            Making::Temporary(temporary) => Staged::at(std::mem::take(temporary), length, digest),
            Making::Uploads(_, ended) => Staged::uploaded(std::mem::take(ended), length, digest),
        }
    }
}

impl Shards {
    fn name(&self) -> String {
        format!("part-{:05}{}", self.count, self.suffix)
    }
}

impl Drop for OutputFiles {
    /// Removes an unfinished directory, to which nothing refers. Files and uploads remove themselves.
    fn drop(&mut self) {
        if self.shards.as_ref().is_some_and(|shards| !shards.finished)
            && let Making::Temporary(folder) = &self.at
        {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
