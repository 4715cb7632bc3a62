//! Removing what dead drivers left and what the recipe does not keep: files that the journal names and nobody needs.

use std::collections::HashSet;

use coldpress_config::RetentionPolicy;
use coldpress_events::{Event, EventKind};
use coldpress_job::{JobsDir, ListedJob};
use coldpress_storage::{ObjectKey, ObjectRef, Place, crash_point};
use coldpress_worker::CheckpointOutcome;

use super::Driver;
use crate::cleaning::{CleanOptions, clean_job, is_old};
use crate::error::Result;
use crate::retention::{self, JobFile};

impl Driver<'_> {
    /// Removes the files of attempts that never published, and outputs that were never put in place.
    ///
    /// What cannot be removed is left: nobody cites it.
    pub(super) fn clean_up_after_the_dead(&mut self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        self.remove_leftovers();
        let there = retention::ATTEMPT_PLACES.into_iter();
        let there = there.flat_map(|place| retention::list(&self.stores, place));
        let left = retention::uncited(self.truth.state(), self.truth.epoch(), there.collect());
        let _ = retention::delete(&left, &self.stores);
    }

    /// Deletes what a driver that was killed had no time to delete.
    pub(super) fn finish_deletions(&mut self) {
        let mut left = retention::forgotten(self.truth.state());
        if left.is_empty() {
            return;
        }
        // Most are gone, and to delete what is gone costs a sync of its folder.
        let places: HashSet<Place> = left.iter().map(|file| file.key.place).collect();
        let there = places.into_iter();
        let there = there.flat_map(|place| retention::list(&self.stores, place));
        let there: HashSet<ObjectKey> = there.map(|file| file.key).collect();
        left.retain(|file| there.contains(&file.key));
        let _ = retention::delete(&left, &self.stores);
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
        let is_new = |file: &ObjectRef| made.iter().any(|made| made.file == *file);
        let is_good = |file: &ObjectRef| is_new(file) || retention::is_whole(&self.stores, file);
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
        let why = retention::why_beyond(most);
        self.announce_cleanup(&surplus, &why, Some(partition));
        self.forget(surplus)
    }

    /// Gives up what the recipe does not keep of a job whose export is committed, and deletes it.
    pub(super) fn retire(&mut self) -> Result<()> {
        let storage = &self.executor.prepared.recipe.storage;
        let intermediate = retention::list(&self.stores, Place::Intermediate);
        let doomed = retention::of_exported(self.truth.state(), storage, false, &intermediate);
        if doomed.is_empty() {
            return Ok(());
        }
        self.announce_cleanup(&doomed, &retention::why_finished(storage), None);
        self.forget(doomed)?;
        self.truth.sync()?;
        self.delete_forgotten();
        Ok(())
    }

    pub(super) fn forget(&mut self, doomed: Vec<JobFile>) -> Result<()> {
        for record in retention::forgetting(&doomed) {
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
        for failure in retention::delete(&doomed, &self.stores) {
            let message = format!("a file that is not needed any more stays: {failure}");
            self.teller.emit(Event::new(EventKind::Warning, message));
        }
    }

    /// Removes what finished jobs of the same place have kept for longer than their recipes say.
    ///
    /// No job depends on another one's age, so what cannot be looked at or cleaned is left.
    pub(super) fn clean_old_jobs(&mut self) {
        let layout = &self.executor.layout;
        let storage = &self.executor.prepared.recipe.storage;
        if layout.url().is_some() && storage.retention_policy == RetentionPolicy::KeepAll {
            // Each job in a store costs some requests.
            return;
        }
        let dir = match layout.url() {
            Some(_) => layout.shown_base().into(),
            None => layout.work_dir().to_owned(),
        };
        let jobs = JobsDir::new(dir, &self.executor.schemes);
        let jobs = jobs.list().unwrap_or_default();
        for view in jobs.iter().filter_map(ListedJob::job) {
            if view.layout.job_id() == layout.job_id() || !is_old(view) {
                continue;
            }
            // Nothing of a job is touched that has nothing to remove.
            let schemes = &self.executor.schemes;
            let look = clean_job(&view.layout, &CleanOptions { dry_run: true }, schemes);
            if look.map_or(true, |look| look.files.is_empty()) {
                continue;
            }
            let Ok(cleaned) = clean_job(&view.layout, &CleanOptions::default(), schemes) else {
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

    fn announce_cleanup(&self, doomed: &[JobFile], why: &str, partition: Option<u32>) {
        let event = retention::event(doomed, why);
        self.teller.emit(match partition {
            Some(partition) => event.partition(partition),
            None => event,
        });
    }
}
