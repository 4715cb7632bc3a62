//! Files of dropped records that earlier runs left.

use std::path::{Path, PathBuf};

use coldpress_export::Ownership;
use coldpress_storage::{real_place, remove_durable};

use super::list::Outputs;

/// Files of dropped records in a folder that are signed.
pub(super) fn signed_drops(folder: &Path) -> Vec<(PathBuf, Ownership)> {
    let is_drop = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("op_") && name.ends_with(".jsonl")
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(is_drop);
    let signed = paths.filter_map(|path| Ownership::beside(&path).map(|signed| (path, signed)));
    signed.collect()
}

/// Removes the dropped records of filters that the recipe does not have any more, where an earlier run of this export made
/// the files and nobody changed them; gives what was removed. `folder` is where the recipe puts dropped records.
pub(crate) fn remove_earlier(outputs: &Outputs, folder: &Path) -> Vec<PathBuf> {
    let present = outputs.beside().iter();
    let present: Vec<PathBuf> = present
        .filter_map(|output| real_place(output.target.path()).ok())
        .collect();
    let export = real_place(outputs.export().path()).ok();
    let mut removed = Vec::new();
    for (path, signed) in signed_drops(folder) {
        let is_present = real_place(&path).is_ok_and(|place| present.contains(&place));
        let beside = signed.export.as_ref().map(|export| folder.join(export));
        let beside = beside.and_then(|export| real_place(export).ok());
        let is_ours = beside.is_some() && beside == export;
        if is_present || !is_ours || !signed.fits(&path) {
            continue;
        }
        // The file first: a signature without a file proves nothing, a file without one is somebody's.
        if remove_durable(&path).is_ok() {
            let _ = remove_durable(Ownership::path_beside(&path));
            removed.push(path);
        }
    }
    removed
}
