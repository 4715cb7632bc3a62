//! Opening the file of a source.

use std::fs::File;
use std::path::Path;

use coldpress_storage::open_file;

use crate::error::{Error, Result};

/// Opens a file of a dataset; a pipe or a device, which gives its bytes only once, is refused without waiting for it.
pub(crate) fn open_source(path: &Path) -> Result<File> {
    open_file(path).map_err(|error| match error {
        coldpress_storage::Error::NotAFile { found, .. } => Error::Unsupported {
            path: path.display().to_string(),
            what: found,
            help: "a dataset is read more than once, so write the content to a file first",
        },
        coldpress_storage::Error::Io { source, .. } => Error::io("open", path)(source),
        other => other.into(),
    })
}
