//! Files of dropped records that earlier runs left.

use coldpress_export::{ExportTarget, OutputFolder, OutputPlace, Ownership, is_url};
use coldpress_storage::real_place;

use super::list::Outputs;

/// Files of dropped records in a folder that are signed.
pub(super) fn signed_drops(folder: &OutputFolder) -> Vec<(ExportTarget, Ownership)> {
    let names = folder.names("op_").into_iter();
    let drops = names.filter(|name| name.ends_with(".jsonl"));
    let signed = drops.filter_map(|name| {
        let target = ExportTarget::lines_at(folder.place(&name).ok()?);
        let signed = target.signed()?;
        Some((target, signed))
    });
    signed.collect()
}

/// Removes the dropped records of filters that the recipe does not have any more, where an earlier run of this export made
/// the files and nobody changed them; gives what was removed.
pub(crate) fn remove_earlier(outputs: &Outputs) -> Vec<String> {
    let Some(folder) = outputs.dropped_folder() else {
        return Vec::new();
    };
    let mut removed = Vec::new();
    for (drop, signed) in signed_drops(folder) {
        let mut beside = outputs.beside().iter();
        let is_present = beside.any(|output| is_same(output.target.place(), drop.place()));
        let is_ours = signed.export.as_ref().is_some_and(|export| {
            let export = match is_url(export) {
                true => return outputs.export().place().to_string() == *export,
                false => folder.place(export),
            };
            export.is_ok_and(|export| is_same(&export, outputs.export().place()))
        });
        if is_present || !is_ours || !drop.holds(signed.length, signed.digest) {
            continue;
        }
        if drop.remove().is_ok() {
            removed.push(drop.place().to_string());
        }
    }
    removed
}

fn is_same(one: &OutputPlace, other: &OutputPlace) -> bool {
    match (one, other) {
        (OutputPlace::Path(one), OutputPlace::Path(other)) => {
            let (one, other) = (real_place(one).ok(), real_place(other).ok());
            one.is_some() && one == other
        }
        _ => one == other,
    }
}
