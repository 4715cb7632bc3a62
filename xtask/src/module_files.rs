//! The layout of modules: `foo.rs`, with everything inside it in the folder `foo/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders with `mod.rs` files that are not converted yet.
const STILL_IN_FOLDERS: &[&str] = &["crates/checkpoint/src"];

/// Returns every file named `mod.rs`, which should be named after its folder and be beside it.
///
/// # Errors
/// Fails when a folder cannot be read.
pub(crate) fn faults() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask", "examples", "benches", "fuzz"] {
        let mut found = Vec::new();
        find(&crate::root().join(folder), &mut found)?;
        let shown = found.iter().map(|file| fault(file));
        faults.extend(shown);
    }
    faults.retain(|fault| {
        !STILL_IN_FOLDERS
            .iter()
            .any(|folder| fault.starts_with(folder))
    });
    Ok(faults)
}

fn fault(file: &Path) -> String {
    let file = file.strip_prefix(crate::root()).unwrap_or(file);
    let folder = file.parent().unwrap_or(file);
    format!("{}: name it {}.rs", file.display(), folder.display())
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            find(&path, found)?;
        } else if path.ends_with("mod.rs") {
            found.push(path);
        }
    }
    Ok(())
}
