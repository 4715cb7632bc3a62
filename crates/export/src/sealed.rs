//! Encrypting a complete output before it is put into place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_storage::{FernetKey, crash_point, remove_durable, seal_into};

use crate::error::{Error, Result};
use crate::output_files::OutputFiles;
use crate::staged::Staged;
use crate::target::ExportTarget;

impl Staged {
    /// Encrypts each file of the output, in another temporary place with the token `token` or in uploads, and removes the
    /// unencrypted one. The final place of the output therefore never holds clear text.
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
        let mut sealed = OutputFiles::create(target, token)?;
        let files = match target.is_directory() {
            true => files_in(clear)?,
            false => vec![clear.to_owned()],
        };
        // One shard after another, so that only one of them takes twice its space.
        for file in files {
            let mut out = sealed.next_file()?;
            match seal_into(key, &file, &mut out, abandoned) {
                Err(_) if abandoned.load(Ordering::Relaxed) => return Err(Error::Abandoned),
                done => done?,
            }
            sealed.ended(out.end()?);
            // The clear text goes only after the sealed file is complete. A crash in between leaves both where nothing cites them.
            crash_point!("merge.sealed");
            remove_durable(&file)?;
        }
        if target.is_directory() {
            fs::remove_dir(clear).map_err(Error::io("remove", clear))?;
        }
        Ok(sealed.finish())
    }
}

/// The shards in a folder, in their order.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<std::io::Result<_>>()
        .map_err(Error::io("list", folder))?;
    paths.sort();
    Ok(paths)
}
