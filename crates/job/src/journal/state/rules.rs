//! What no record may say.

use std::path::{Component, Path};

use crate::{Error, Result};

/// A record cites only files below the job's folder, or elsewhere by a whole path.
pub(super) fn check_path(path: &str) -> Result<()> {
    let climbs = |component| matches!(component, Component::ParentDir | Component::CurDir);
    if path.is_empty() || Path::new(path).components().any(climbs) {
        return contradiction(format!("`{path}` is cited, which leads out of the job"));
    }
    Ok(())
}

pub(super) fn contradiction(reason: impl Into<String>) -> Result<()> {
    Err(Error::contradiction(reason))
}
