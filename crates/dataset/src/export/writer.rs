//! Making the output beside its place, and putting it there in one step.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use coldpress_storage::{
    Digest, FileStamp, Hasher, NewFile, digest_file, exchange_dirs, rename_durable, sync_dir,
};

use super::shards::{Shards, list};
use super::target::ExportTarget;
use crate::error::{Error, Result};

/// Puts the rows of the partitions together, in order, in a temporary place beside the export path.
pub struct ExportWriter {
    temporary: PathBuf,
    form: Form,
    buffer: Vec<u8>,
}

enum Form {
    File(NewFile),
    Shards(Box<Shards>),
}

/// An output that is complete and durable in its temporary place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Where it is.
    pub temporary: PathBuf,
    /// Its length in bytes; of all shards together.
    pub length: u64,
    /// Its digest; of a directory, over its shards' names and digests.
    pub digest: Digest,
}

const BUFFER_BYTES: usize = 1 << 20;

impl ExportWriter {
    /// Begins an output of `target`; `token` tells this attempt at it from others.
    ///
    /// # Errors
    /// When the temporary file or directory cannot be made.
    pub fn create(target: &ExportTarget, token: &str) -> Result<Self> {
        let temporary = target.temporary_path(token);
        let form = match target.shard_bytes() {
            None => Form::File(NewFile::create(&temporary)?),
            Some(limit) => Form::Shards(Box::new(Shards::create(&temporary, target, limit)?)),
        };
        Ok(Self {
            temporary,
            form,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// Where the output is made.
    pub fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Appends the rows of a partition, packed as [`ExportTarget::rows_compression`] says, and tells what was read.
    ///
    /// # Errors
    /// When the rows cannot be read or the output not be written.
    pub fn append(&mut self, rows: &Path) -> Result<FileStamp> {
        let mut file = File::open(rows).map_err(Error::io("open", rows))?;
        let mut hasher = Hasher::new();
        loop {
            let length = file
                .read(&mut self.buffer)
                .map_err(Error::io("read", rows))?;
            if length == 0 {
                return Ok(hasher.stamp());
            }
            let bytes = &self.buffer[..length];
            hasher.update(bytes);
            match &mut self.form {
                Form::File(out) => out
                    .write_all(bytes)
                    .map_err(Error::io("write", &self.temporary))?,
                Form::Shards(shards) => shards.write(bytes)?,
            }
        }
    }

    /// Makes the output durable in its temporary place.
    ///
    /// # Errors
    /// When it cannot be written or synced.
    pub fn finish(self) -> Result<Staged> {
        let (length, digest) = match self.form {
            Form::File(out) => {
                let stamp = out.finish()?;
                (stamp.length, stamp.digest)
            }
            Form::Shards(shards) => shards.finish()?,
        };
        Ok(Staged {
            temporary: self.temporary,
            length,
            digest,
        })
    }
}

impl Staged {
    /// Puts the output in its place, in one step; what stood there is gone.
    ///
    /// # Errors
    /// When the file system refuses; what stood there then still stands.
    pub fn commit(&self, target: &ExportTarget) -> Result<()> {
        if target.is_directory() && target.path().exists() {
            exchange_dirs(&self.temporary, target.path())?;
            fs::remove_dir_all(&self.temporary).map_err(Error::io("remove", &self.temporary))?;
            return Ok(sync_dir(target.folder())?);
        }
        Ok(rename_durable(&self.temporary, target.path())?)
    }
}

/// Length and digest of an output, wherever it is.
///
/// # Errors
/// When it cannot be read.
pub fn staged_digest(path: &Path, is_directory: bool) -> Result<(u64, Digest)> {
    if !is_directory {
        let stamp = digest_file(path)?;
        return Ok((stamp.length, stamp.digest));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("list", path))? {
        names.push(entry.map_err(Error::io("list", path))?.file_name());
    }
    names.sort();
    let (mut length, mut listing) = (0, String::new());
    for name in names {
        let stamp = digest_file(path.join(&name))?;
        length += stamp.length;
        list(&mut listing, &name.to_string_lossy(), stamp.digest);
    }
    Ok((length, Digest::of(listing.as_bytes())))
}
