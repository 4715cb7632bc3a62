//! Removing what dead drivers left and what the recipe does not keep: files that the journal names and nobody needs.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use coldpress_checkpoint::{CheckpointStore, verify_stamp};
use coldpress_events::{Event, EventKind};
use coldpress_job::{JobState, JournalRecord, Layout, ListedJob, list_jobs};
use coldpress_storage::{FileRef, crash_point, sync_dir};
use coldpress_worker::CheckpointOutcome;

use super::Driver;
use super::retention::{self, Doomed};
use crate::cleaning::{CleanOptions, clean_job, is_old};
use crate::error::Result;

/// Paths in one record: some 70 bytes each, far below what a line of the log may hold.
const FILES_PER_RECORD: usize = 4096;

impl Driver<'_> {
    /// Removes the files of attempts that never published, and outputs that were never put in place.
    ///
    /// What cannot be removed is left: nobody cites it.
    pub(super) fn clean_up_after_the_dead(&mut self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        self.remove_leftovers();
        for file in uncited(
            self.truth.state(),
            &self.executor.layout,
            self.truth.epoch(),
        ) {
            let _ = fs::remove_file(file);
        }
    }

    /// Deletes what a driver that was killed had no time to delete.
    pub(super) fn finish_deletions(&mut self) {
        let mut left = retention::forgotten(self.truth.state());
        if left.is_empty() {
            return;
        }
        // Most are gone, and to delete what is gone costs a sync of its folder.
        let (layout, store) = (&self.executor.layout, &*self.executor.store);
        let stored = store.list("").unwrap_or_default();
        let stored: HashSet<_> = stored.into_iter().map(|object| object.name).collect();
        left.retain(|file| match &file.object {
            Some(object) => stored.contains(object),
            None => layout
                .locate_path(&file.cited)
                .is_ok_and(|path| path.exists()),
        });
        let _ = delete(&left, layout, store);
    }

    /// Gives up the checkpoint files of earlier runs beyond those that the recipe keeps, and deletes them.
    pub(super) fn remove_earlier_surplus(&mut self) -> Result<()> {
        for partition in 0..self.truth.state().partition_count() {
            self.forget_surplus(partition, &[])?;
        }
        if !self.doomed.is_empty() {
            self.truth.sync()?;
            self.delete_forgotten();
        }
        Ok(())
    }

    /// Gives up the checkpoint files of a partition beyond those that the recipe keeps, now that those in `made` are there;
    /// they are deleted once that is durable.
    pub(super) fn forget_surplus(
        &mut self,
        partition: u32,
        made: &[CheckpointOutcome],
    ) -> Result<()> {
        let asked = &self.executor.prepared.recipe.checkpoint;
        if !asked.cleanup_old {
            return Ok(());
        }
        let is_new = |file: &FileRef| made.iter().any(|made| made.file == *file);
        let is_good = |file: &FileRef| is_new(file) || is_whole(&*self.executor.store, file);
        let most = asked.max_per_partition;
        let surplus = retention::beyond(
            self.truth.state(),
            self.truth.chain(),
            partition,
            most,
            is_good,
        );
        if surplus.is_empty() {
            return Ok(());
        }
        let why = format!("more than `checkpoint.max_checkpoints_per_partition`, {most}");
        self.announce_cleanup(&surplus, &why, Some(partition));
        self.forget(surplus)
    }

    /// Gives up what the recipe does not keep of a job whose export is committed, and deletes it.
    pub(super) fn retire(&mut self) -> Result<()> {
        let storage = &self.executor.prepared.recipe.storage;
        let doomed =
            retention::of_exported(self.truth.state(), &self.executor.layout, storage, false);
        if doomed.is_empty() {
            return Ok(());
        }
        self.announce_cleanup(&doomed, &why_finished(storage), None);
        self.forget(doomed)?;
        self.truth.sync()?;
        self.delete_forgotten();
        Ok(())
    }

    pub(super) fn forget(&mut self, doomed: Vec<Doomed>) -> Result<()> {
        for record in forgetting(&doomed) {
            self.truth.record(record)?;
        }
        self.doomed.extend(doomed);
        Ok(())
    }

    /// Deletes what the journal says may be deleted. To be called when that is durable.
    ///
    /// What cannot be deleted is left to the next start.
    pub(super) fn delete_forgotten(&mut self) {
        if self.doomed.is_empty() {
            return;
        }
        crash_point!("clean.forgotten");
        let doomed = std::mem::take(&mut self.doomed);
        for failure in delete(&doomed, &self.executor.layout, &*self.executor.store) {
            let message = format!("a file that is not needed any more stays: {failure}");
            self.teller.emit(Event::new(EventKind::Warning, message));
        }
    }

    /// Removes what finished jobs of the same folder have kept for longer than their recipes say.
    ///
    /// No job depends on another one's age, so what cannot be looked at or cleaned is left.
    pub(super) fn clean_old_jobs(&mut self) {
        let layout = &self.executor.layout;
        let jobs = list_jobs(layout.work_dir()).unwrap_or_default();
        for view in jobs.iter().filter_map(ListedJob::job) {
            if view.layout.job_id() == layout.job_id() || !is_old(view) {
                continue;
            }
            // Nothing of a job is touched that has nothing to remove.
            let look = clean_job(&view.layout, &CleanOptions { dry_run: true });
            if look.map_or(true, |look| look.files.is_empty()) {
                continue;
            }
            let Ok(cleaned) = clean_job(&view.layout, &CleanOptions::default()) else {
                continue;
            };
            let (job, files, bytes) = (&cleaned.job_id, cleaned.files.len(), cleaned.bytes);
            let message = format!(
                "{files} files of the finished job {job} removed, {bytes} bytes: `intermediate_storage.max_retention_days`"
            );
            let event = Event::new(EventKind::CheckpointCleanup, message);
            self.teller.emit(event.metadata("job", job.clone()));
        }
    }

    fn announce_cleanup(&self, doomed: &[Doomed], why: &str, partition: Option<u32>) {
        let event = cleanup_event(doomed, why);
        self.teller.emit(match partition {
            Some(partition) => event.partition(partition),
            None => event,
        });
    }
}

/// The keys that ask for what goes when the export is committed.
pub(crate) fn why_finished(storage: &coldpress_config::StorageSettings) -> String {
    match storage.retention_policy {
        coldpress_config::RetentionPolicy::KeepAll => {
            "`intermediate_storage.cleanup_on_success`".to_owned()
        }
        policy => format!("`intermediate_storage.retention_policy: {policy}`"),
    }
}

pub(crate) fn cleanup_event(doomed: &[Doomed], why: &str) -> Event {
    let bytes: u64 = doomed.iter().map(|file| file.bytes).sum();
    let noun = if doomed.len() == 1 { "file" } else { "files" };
    let message = format!("{} {noun} removed, {bytes} bytes: {why}", doomed.len());
    Event::new(EventKind::CheckpointCleanup, message)
        .metadata("files", doomed.len() as u64)
        .metadata("bytes", bytes)
}

/// The records by which nothing counts on these files any more.
pub(crate) fn forgetting(doomed: &[Doomed]) -> impl Iterator<Item = JournalRecord> {
    doomed.chunks(FILES_PER_RECORD).map(|part| {
        let files = part.iter().map(|file| file.cited.clone()).collect();
        JournalRecord::Forgotten { files }
    })
}

/// Whether a checkpoint file is the one that was cited.
pub(crate) fn is_whole(store: &dyn CheckpointStore, file: &FileRef) -> bool {
    let name = coldpress_checkpoint::ObjectName::new(file.path.clone());
    let reader = name.and_then(|name| store.get(&name));
    reader.is_ok_and(|reader| verify_stamp(&*reader, &file.stamp()).is_ok())
}

/// Deletes files that nothing counts on; gives what went wrong. What is gone already is passed over.
pub(crate) fn delete(
    doomed: &[Doomed],
    layout: &Layout,
    store: &dyn CheckpointStore,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut folders = HashSet::new();
    for file in doomed {
        let failure = match &file.object {
            Some(object) => store.delete(object).err().map(|error| error.to_string()),
            None => layout.locate_path(&file.cited).ok().and_then(|path| {
                folders.extend(path.parent().map(Path::to_owned));
                let failed = fs::remove_file(&path).err();
                let failed = failed.filter(|error| error.kind() != std::io::ErrorKind::NotFound);
                failed.map(|error| format!("cannot remove `{}`: {error}", path.display()))
            }),
        };
        failures.extend(failure);
    }
    for folder in folders {
        // Of intermediate data, which lies in a folder per partition, nothing is left.
        let is_empty =
            folder.starts_with(layout.intermediate_dir()) && fs::remove_dir(&folder).is_ok();
        let synced = if is_empty { Ok(()) } else { sync_dir(&folder) };
        failures.extend(
            synced
                .err()
                .filter(|_| folder.exists())
                .map(|error| error.to_string()),
        );
    }
    failures
}

/// Files of drivers of epochs before this one that nothing cites: of attempts that never published anything, and slices
/// of the input that were copied and never planned.
///
/// What bears the name of an attempt that did publish, and is not cited, was put there by someone else: a migrated
/// checkpoint, for one.
pub(crate) fn uncited(state: &JobState, layout: &Layout, epoch: u64) -> Vec<PathBuf> {
    let cited = state.cited_files().map(|file| name_of(&file.path));
    let published: HashSet<_> = cited.filter_map(parse_attempt).collect();
    // Whether a file carries partition, epoch and attempt of an attempt that the journal knows and that is over.
    let is_dead_attempt = |name: &str| {
        parse_attempt(name).is_some_and(|made_by| {
            let (partition, of, attempt) = made_by;
            of < epoch
                && attempt <= state.last_attempt(partition, of)
                && !published.contains(&made_by)
        })
    };
    let copies = state
        .partitions()
        .filter_map(|planned| planned.slice.copy.as_ref());
    let planned: HashSet<_> = copies.map(|copy| name_of(&copy.path)).collect();
    let is_known = |of: u64| state.epochs().iter().any(|known| known.epoch == of);
    let is_dead_copy = |name: &str| {
        parse_copy(name).is_some_and(|of| of < epoch && is_known(of) && !planned.contains(name))
    };
    let mut found = find(&layout.results_dir(), is_dead_attempt);
    found.extend(find(&layout.quarantine_dir(), is_dead_attempt));
    found.extend(find(layout.checkpoint_dir(), is_dead_attempt));
    found.extend(find(layout.partition_dir(), is_dead_copy));
    found
}

/// The files in a folder whose names are such.
fn find(folder: &Path, is_such: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.filter(|entry| is_such(&entry.file_name().to_string_lossy()));
    found.map(|entry| entry.path()).collect()
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The epoch of `partition_000003.e1.jsonl`, a slice that the planner copied.
fn parse_copy(name: &str) -> Option<u64> {
    let (partition, rest) = name.strip_prefix("partition_")?.split_once(".e")?;
    partition.parse::<u32>().ok()?;
    rest.strip_suffix(".jsonl")?.parse().ok()
}

/// Partition, epoch and attempt of `partition_000003.e1.a2.jsonl` or `partition_000003_op_002_name.e1.a2.parquet`.
fn parse_attempt(name: &str) -> Option<(u32, u64, u32)> {
    let rest = name.strip_prefix("partition_")?;
    let partition = rest.get(..6)?.parse().ok()?;
    let mut parts = rest.split('.').skip(1);
    let epoch = parts.next()?.strip_prefix('e')?.parse().ok()?;
    let attempt = parts.next()?.strip_prefix('a')?.parse().ok()?;
    Some((partition, epoch, attempt))
}

#[cfg(test)]
mod tests {
    use super::{parse_attempt, parse_copy};

    #[test]
    fn names_tell_whose_they_are() {
        assert_eq!(
            parse_attempt("partition_000003.e1.a2.jsonl.gz"),
            Some((3, 1, 2))
        );
        assert_eq!(
            parse_attempt("partition_000003_op_002_clean_links_mapper.e10.a1.parquet"),
            Some((3, 10, 1))
        );
        assert_eq!(parse_attempt("partition_000003.e1.jsonl"), None);
        assert_eq!(parse_attempt("notes.txt"), None);
        assert_eq!(parse_copy("partition_000003.e12.jsonl"), Some(12));
        assert_eq!(parse_copy("partition_000003.e1.a2.jsonl"), None);
        assert_eq!(parse_copy("partition_000003_op_002.e1.jsonl"), None);
        assert_eq!(parse_copy("partition_é00003.e1.jsonl"), None);
    }
}
