//! A directory of shards: `part-00000`, `part-00001` …, cut at line ends.

use std::io::Write;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, NewFile, create_dir_all_durable};
use memchr::memchr;

use super::encode::RowsEncoder;
use super::target::ExportTarget;
use crate::error::{Error, Result};
use crate::sniff::Compression;

/// Cuts a stream of rows into shards. Where a shard ends depends on the rows alone: with the line that reaches the
/// limit.
pub(super) struct Shards {
    directory: PathBuf,
    suffix: &'static str,
    compression: Compression,
    limit_bytes: u64,
    current: Option<RowsEncoder<NewFile>>,
    count: u32,
    length: u64,
    listing: String,
    finished: bool,
}

/// Adds a shard to the listing whose digest is that of the directory.
pub(super) fn list(listing: &mut String, name: &str, digest: Digest) {
    listing.push_str(&format!("{name} {digest}\n"));
}

impl Shards {
    pub(super) fn create(
        directory: &Path,
        target: &ExportTarget,
        limit_bytes: u64,
    ) -> Result<Self> {
        create_dir_all_durable(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            suffix: target.suffix(),
            compression: target.compression(),
            limit_bytes,
            current: None,
            count: 0,
            length: 0,
            listing: String::new(),
            finished: false,
        })
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let written = self.current()?.plain_bytes();
            // The byte at this index reaches the limit; its line is the shard's last.
            let reaching = self.limit_bytes.saturating_sub(written + 1) as usize;
            let line_end = bytes
                .get(reaching..)
                .and_then(|rest| memchr(b'\n', rest))
                .map(|end| reaching + end + 1);
            let (inside, rest) = bytes.split_at(line_end.unwrap_or(bytes.len()));
            let directory = self.directory.clone();
            self.current()?
                .write_all(inside)
                .map_err(Error::io("write", &directory))?;
            if line_end.is_some() {
                self.end_shard()?;
            }
            bytes = rest;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(u64, Digest)> {
        if self.count == 0 {
            // An output without records is a directory with one empty shard.
            self.current()?;
        }
        self.end_shard()?;
        self.finished = true;
        Ok((self.length, Digest::of(self.listing.as_bytes())))
    }

    fn name(&self) -> String {
        format!("part-{:05}{}", self.count, self.suffix)
    }

    fn current(&mut self) -> Result<&mut RowsEncoder<NewFile>> {
        let shard = match self.current.take() {
            Some(shard) => shard,
            None => {
                let path = self.directory.join(self.name());
                RowsEncoder::new(NewFile::create(&path)?, self.compression)
                    .map_err(Error::io("write", &path))?
            }
        };
        Ok(self.current.insert(shard))
    }

    fn end_shard(&mut self) -> Result<()> {
        let Some(encoder) = self.current.take() else {
            return Ok(());
        };
        let name = self.name();
        let stamp = encoder
            .finish()
            .map_err(Error::io("write", self.directory.join(&name)))?
            .finish()?;
        list(&mut self.listing, &name, stamp.digest);
        self.length += stamp.length;
        self.count += 1;
        Ok(())
    }
}

impl Drop for Shards {
    /// Removes a directory that was not finished: nobody cites it.
    fn drop(&mut self) {
        if !self.finished {
            self.current = None;
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}
