//! The report that a run ends with.

use coldpress_job::Status;
use coldpress_partition::Slice;
use coldpress_record::Ledger;
use coldpress_storage::{Place, StoreSpec};

use super::{Driver, Exported};
use crate::report::SourceNames as _;
use crate::report::{FailedPartition, Report, UnreadablePart, losses};

impl Driver<'_> {
    pub(super) fn report(&self, status: Status, exported: Option<Exported>) -> Report {
        let (layout, prepared) = (&self.executor.layout, &self.executor.prepared);
        let already_complete = exported.as_ref().is_some_and(|exported| exported.already);
        let export_bytes = exported
            .as_ref()
            .map_or(0, |exported| exported.export_bytes);
        let mut so_far = Ledger::default();
        let state = self.truth.state();
        (0..state.partition_count())
            .filter_map(|index| state.farthest_result(index))
            .for_each(|(_, result)| so_far.add(&result.ledger));
        let quarantined = self.counted().any(|result| !result.quarantine.is_empty());
        let deduplication = self.deduplication();
        let beside = self.executor.prepared.outputs.beside().iter();
        Report {
            job_id: layout.job_id().to_string(),
            status,
            already_complete,
            ledger: exported.map_or(so_far, |exported| exported.ledger),
            partitions: self.truth.state().partition_count(),
            partitions_reused: self.tally.reused,
            partitions_resumed: self.tally.resumed(),
            failed_partitions: self.failed_partitions(),
            errors: self.tally.errors(),
            unreadable: self.unreadable(),
            input_bytes: self
                .truth
                .state()
                .partitions()
                .map(|partition| partition.slice.bytes())
                .sum(),
            export_bytes,
            seconds: self.started.elapsed().as_secs_f64(),
            operators: crate::summary::performance(self.truth.state()),
            losses: losses(&deduplication),
            deduplication,
            warnings: self.teller.warnings().to_vec(),
            fields: None,
            companions: beside
                .map(|output| output.target.place().to_string().into())
                .collect(),
            export_path: self
                .executor
                .prepared
                .outputs
                .export()
                .place()
                .to_string()
                .into(),
            job_dir: layout.shown_path(layout.job_dir()),
            checkpoint_dir: match self.stores.specs().of(Place::Checkpoints) {
                // A program may have put a secret into a query.
                StoreSpec::Url(url) => url.split('?').next().unwrap_or_default().into(),
                StoreSpec::Folder(folder) => folder,
            },
            trace_dir: prepared
                .trace
                .is_some()
                .then(|| layout.shown_path(&layout.trace_dir())),
            event_log: self
                .executor
                .has_event_log()
                .then(|| layout.shown_path(&layout.events())),
            quarantine_dir: quarantined.then(|| layout.shown_path(&layout.quarantine_dir())),
            resumption_command: self.executor.resumption_command(),
        }
    }

    pub(super) fn unreadable(&self) -> Vec<UnreadablePart> {
        let part = |source: u32, start, length, reason: &String| UnreadablePart {
            source: self.sources.path(source),
            start,
            length,
            reason: reason.clone(),
        };
        let torn = self.counted().flat_map(|result| &result.unreadable);
        let torn = torn.map(|torn| part(torn.source, torn.start, torn.length, &torn.reason));
        let damaged = self.truth.state().damaged_sources().iter();
        let damaged = damaged.map(|damage| part(damage.source, damage.position, 0, &damage.reason));
        let missing = self.sources.missing().iter().map(|file| UnreadablePart {
            source: file.path.display().to_string(),
            start: 0,
            length: 0,
            reason: file.reason.clone(),
        });
        torn.chain(damaged).chain(missing).collect()
    }

    fn failed_partitions(&self) -> Vec<FailedPartition> {
        let failed = self.truth.state().failed().filter_map(|failure| {
            let slice = &self.truth.state().partition(failure.partition)?.slice;
            Some(FailedPartition {
                partition: failure.partition,
                source: self.sources.path(slice.source),
                part: self.describe(slice),
                start: slice.start,
                end: slice.end,
                records: slice.records,
                attempts: failure.attempts,
                error: failure.error.clone(),
            })
        });
        failed.collect()
    }

    fn describe(&self, slice: &Slice) -> String {
        let source = self.sources.get(slice.source);
        source.map_or_else(String::new, |source| slice.describe(source))
    }
}
