//! Signing what was put in its place: the ownership files beside the outputs.

use std::path::Path;

use coldpress_export::{ExportTarget, Ownership, Staged};
use coldpress_job::ExportIntent;
use coldpress_storage::{real_folder, real_place, remove_durable};

use super::Driver;
use crate::error::Result;
use crate::outputs::{is_at, signed_drops};

impl Driver<'_> {
    pub(super) fn sign_export(&self, staged: &Staged, intent: &ExportIntent) -> Result<()> {
        let target = &self.executor.prepared.target;
        let ownership = Ownership {
            records: Some(intent.records),
            partitions_left_out: intent.partitions_left_out.len() as u32,
            in_dataset: Some(self.executor.looks_for_inputs_at(target)),
            ..self.ownership(staged)
        };
        Ok(ownership.write(target)?)
    }

    pub(super) fn sign_companion(&self, target: &ExportTarget, staged: &Staged) -> Result<()> {
        let ownership = Ownership {
            export: self.export_as_seen_from(target.folder()),
            ..self.ownership(staged)
        };
        Ok(ownership.write(target)?)
    }

    fn ownership(&self, staged: &Staged) -> Ownership {
        let job_id = self.executor.layout.job_id().as_str();
        Ownership::new(job_id, staged.length, staged.digest)
    }

    /// The way from a folder to the export: it stays right where both are moved together.
    fn export_as_seen_from(&self, folder: &Path) -> Option<String> {
        let export = real_place(self.executor.prepared.target.path()).ok()?;
        let folder = real_folder(folder).ok()?;
        let common = folder.ancestors().find(|above| export.starts_with(above))?;
        let up = folder.strip_prefix(common).ok()?.iter().count();
        let down = export.strip_prefix(common).ok()?;
        Some(format!("{}{}", "../".repeat(up), down.to_str()?))
    }

    /// Removes the dropped records of filters that the recipe does not have any more, where an earlier run of this export
    /// made the files and nobody changed them.
    pub(super) fn remove_earlier_drops(&mut self) {
        let prepared = &self.executor.prepared;
        let Some(folder) = prepared.recipe.export.dropped_dir.as_deref().map(Path::new) else {
            return;
        };
        let present: Vec<_> = prepared
            .companions
            .iter()
            .filter_map(|companion| real_place(companion.target.path()).ok())
            .collect();
        let mut removed = Vec::new();
        for (path, signed) in signed_drops(folder) {
            let is_present = real_place(&path).is_ok_and(|place| present.contains(&place));
            let export = signed.export.as_ref().map(|export| folder.join(export));
            let is_ours =
                export.is_some_and(|export| is_at(&export.display().to_string(), &prepared.target));
            if is_present || !is_ours || !signed.fits(&path) {
                continue;
            }
            // The file first: a signature without a file proves nothing, a file without one is somebody's.
            if remove_durable(&path).is_ok() {
                let _ = remove_durable(Ownership::path_beside(&path));
                removed.push(path);
            }
        }
        for path in removed {
            self.teller.warn(format!(
                "`{}`, which an earlier recipe of this export had dropped, is removed",
                path.display()
            ));
        }
    }
}
