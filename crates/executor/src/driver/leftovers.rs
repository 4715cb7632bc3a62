//! Removing what killed writers left beside the outputs and in the job's folder, where it is known whose it was.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use coldpress_export::{ExportTarget, Ownership};
use coldpress_job::{ExportIntent, JobId, JobState, Journal, Layout};
use coldpress_storage::atomic::TEMPORARY_SUFFIX;
use coldpress_storage::real_place;

use super::Driver;
use crate::merge::SEALED;
use crate::trace::holds_only_traces;

/// Views that are replaced in one step, by the folders that they are in.
const VIEWS: [&str; 8] = [
    "job",
    "job_summary.json",
    "recipe.yaml",
    "recipe.resolved.yaml",
    "dataset_mapping.json",
    "final_mapping_report.json",
    "schema.json",
    "checkpoint_",
];

impl Driver<'_> {
    /// Removes what killed writers left beside the outputs and in the job's folder, but for an output that waits for its
    /// place. What merely has such a name stays.
    pub(super) fn remove_leftovers(&self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        let pending = pending(self.truth.state());
        for output in self.executor.prepared.outputs.iter() {
            for (path, token) in output.target.leftovers() {
                let waits = real_place(&path).is_ok_and(|place| pending.contains(&place));
                if !waits && self.is_dead(&path, &token) {
                    output.target.remove_leftover(&path);
                }
            }
        }
        // Uploads end with their process, so their clear text is made again.
        let _ = fs::remove_dir_all(self.executor.layout.unsealed_dir());
        self.remove_traces_in_the_making(&pending);
        self.remove_views_in_the_making();
    }

    /// Removes folders of traces that earlier drivers left unfinished, even if nothing is traced any more.
    fn remove_traces_in_the_making(&self, pending: &HashSet<PathBuf>) {
        let target = ExportTarget::folder_of_lines(self.executor.layout.trace_dir());
        for (path, token) in target.leftovers() {
            let waits = real_place(&path).is_ok_and(|place| pending.contains(&place));
            if !waits && self.is_dead(&path, &token) && holds_only_traces(&path) {
                // Nothing cites a file that cannot be removed.
                let _ = fs::remove_dir_all(&path);
            }
        }
    }

    /// Whether a driver made this that cannot come back to it: one of this job before this one, or one of a job that would
    /// have to hold the lock of the output, which this job holds.
    fn is_dead(&self, path: &Path, token: &str) -> bool {
        if token.starts_with("json.") {
            return self.is_signature(path);
        }
        let Some((job_id, epoch)) = made_by(token) else {
            return false;
        };
        let layout = &self.executor.layout;
        if job_id == *layout.job_id() {
            return epoch < self.truth.epoch() && knows(self.truth.state(), epoch);
        }
        let other = match layout.url() {
            None => Layout::in_dir(layout.work_dir(), job_id),
            Some(_) => layout.beside(job_id),
        };
        let other = other.ok().and_then(|other| Journal::read(&other).ok());
        let is_locked = self.output_locks.unlocked.is_empty();
        other.is_some_and(|state| {
            let waits = real_place(path).is_ok_and(|place| pending(&state).contains(&place));
            is_locked && knows(&state, epoch) && !waits
        })
    }

    /// Whether this is an ownership file of this job that never got its place.
    fn is_signature(&self, path: &Path) -> bool {
        let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
        let read = is_file.then(|| fs::read(path).ok()).flatten();
        let signed = read.and_then(|bytes| Ownership::parse(&bytes));
        signed.is_some_and(|signed| signed.job_id == self.executor.layout.job_id().as_str())
    }

    fn remove_views_in_the_making(&self) {
        let layout = &self.executor.layout;
        for folder in [
            layout.job_dir(),
            &layout.metadata_dir(),
            layout.checkpoint_dir(),
        ] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let view = name
                    .strip_prefix('.')
                    .and_then(|name| name.strip_suffix(TEMPORARY_SUFFIX));
                let is_view =
                    view.is_some_and(|view| VIEWS.iter().any(|known| view.starts_with(known)));
                if is_view {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

/// Where outputs wait that a crash kept from their places.
fn pending(state: &JobState) -> HashSet<PathBuf> {
    let intents = state.export().intent.iter();
    let waiting = intents
        .flat_map(ExportIntent::outputs)
        .map(|one| one.temporary);
    waiting.filter_map(|path| real_place(path).ok()).collect()
}

fn knows(state: &JobState, epoch: u64) -> bool {
    state.epochs().iter().any(|known| known.epoch == epoch)
}

/// The job and the epoch of `my_job.e3.m1`, and of `my_job.e3.m1.sealed`.
fn made_by(token: &str) -> Option<(JobId, u64)> {
    let token = token.strip_suffix(SEALED).unwrap_or(token);
    let (rest, merge) = token.rsplit_once(".m")?;
    let (job_id, epoch) = rest.rsplit_once(".e")?;
    merge.parse::<u32>().ok()?;
    Some((job_id.parse().ok()?, epoch.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::made_by;

    #[test]
    fn tokens_say_who_made_what() {
        let job = |id: &str| id.parse().unwrap();
        for (token, expected) in [
            ("j.e1.m2", Some((job("j"), 1))),
            ("j.e1.m2.sealed", Some((job("j"), 1))),
            ("a.e1.m1.e12.m3", Some((job("a.e1.m1"), 12))),
            (
                "x.jsonl.coldpress.j.e1.m1",
                Some((job("x.jsonl.coldpress.j"), 1)),
            ),
            ("j.e1", None),
            ("json.aBc123", None),
            ("mine", None),
        ] {
            assert_eq!(made_by(token), expected, "{token}");
        }
    }
}
