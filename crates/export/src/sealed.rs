//! Encrypting a complete output before it is put into place.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_storage::{
    Digest, FernetKey, crash_point, create_dir_durable, remove_durable, seal_file,
};

use crate::error::{Error, Result};
use crate::listing::list;
use crate::staged::Staged;
use crate::target::ExportTarget;

impl Staged {
    /// Encrypts each file of the output, in another temporary place with the token `token`, and removes the unencrypted one. The
    /// final place of the output therefore never holds clear text.
    ///
    /// # Errors
    /// [`Error::Abandoned`] soon after `abandoned` is set; others if a file cannot be read or written.
    pub fn sealed(
        self,
        target: &ExportTarget,
        token: &str,
        key: &FernetKey,
        abandoned: &AtomicBool,
    ) -> Result<Self> {
        let Some(clear) = self.temporary() else {
            return Err(Error::encode("what is in a store is not encrypted"));
        };
        let sealing = Sealing { key, abandoned };
        let temporary = target.temporary_path(token);
        let (length, digest) = match target.is_directory() {
            true => sealing.directory(clear, &temporary)?,
            false => sealing.file(clear, &temporary)?,
        };
        Ok(Self::at(temporary, length, digest))
    }
}

struct Sealing<'a> {
    key: &'a FernetKey,
    abandoned: &'a AtomicBool,
}

impl Sealing<'_> {
    fn file(&self, from: &Path, to: &Path) -> Result<(u64, Digest)> {
        let sealed = seal_file(self.key, from, to, self.abandoned);
        let stamp = match sealed {
            Err(_) if self.abandoned.load(Ordering::Relaxed) => return Err(Error::Abandoned),
            sealed => sealed?,
        };
        // The clear text goes only after the sealed file is complete. A crash in between leaves both in temporary places.
        crash_point!("merge.sealed");
        remove_durable(from)?;
        Ok((stamp.length, stamp.digest))
    }

    /// Encrypts one shard after another, so that only one of them takes twice its space.
    fn directory(&self, from: &Path, to: &Path) -> Result<(u64, Digest)> {
        create_dir_durable(to)?;
        let (mut length, mut listing) = (0, String::new());
        for name in names_in(from)? {
            let (bytes, digest) = self.file(&from.join(&name), &to.join(&name))?;
            length += bytes;
            list(&mut listing, &name.to_string_lossy(), digest);
        }
        fs::remove_dir(from).map_err(Error::io("remove", from))?;
        Ok((length, Digest::of(listing.as_bytes())))
    }
}

fn names_in(folder: &Path) -> Result<Vec<OsString>> {
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let mut names: Vec<OsString> = names
        .collect::<std::io::Result<_>>()
        .map_err(Error::io("list", folder))?;
    names.sort();
    Ok(names)
}
