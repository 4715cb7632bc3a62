//! What deduplicators removed: warnings, the report, and the lists that the merge puts beside the export.

use coldpress_events::{Event, EventKind};
use coldpress_job::BarrierResolved;
use coldpress_operator::ResolvedOperator;
use coldpress_partition::Task;
use coldpress_storage::ObjectRef;

use super::Driver;
use crate::barrier::{Resolved, Telling};
use crate::error::{Error, ErrorKind, Result};
use crate::labels::Labels;
use crate::merge::duplicates::Lists;
use crate::report::{Deduplication, Loss, deduplication_named, losses};
use crate::watch::alerts::Signal;

impl Driver<'_> {
    /// What is needed to say what the operator at the end of a stage removes.
    pub(super) fn telling(&self, stage: u32) -> Result<Telling> {
        let prepared = &self.executor.prepared;
        let state = self.truth.state();
        let unknown = || Error::new(ErrorKind::Failed, format!("stage {stage} is not complete"));
        let partitions = 0..state.partition_count();
        let index = |partition| {
            let result = self.usable_result_of(Task::new(stage, partition))?;
            Some(result.index.clone())
        };
        let indexes: Option<Vec<ObjectRef>> = partitions.map(index).collect();
        let barriers = prepared.pipeline.barriers();
        let mut before = barriers.iter().take(stage as usize);
        let moves = |place: &u32| {
            let operator = prepared.pipeline.operators().get(*place as usize);
            let barrier = operator.and_then(ResolvedOperator::barrier);
            barrier.is_some_and(|barrier| barrier.rule.moves_records())
        };
        Ok(Telling {
            indexes: indexes.ok_or_else(unknown)?,
            sources: state
                .partitions()
                .map(|planned| planned.slice.source)
                .collect(),
            rows_moved: before.any(moves),
            labels: Labels::of(&prepared.recipe),
            source_field: prepared.recipe.export.duplicates_source_key.clone(),
            lists_duplicates: prepared.lists_duplicates(),
        })
    }

    /// Whether the list of what the operator at the end of a stage removed is there, if the recipe asks for one: the merge
    /// cannot make it.
    pub(super) fn has_list_that_is_wanted(&self, stage: u32, resolved: &BarrierResolved) -> bool {
        let prepared = &self.executor.prepared;
        let barriers = prepared.pipeline.barriers();
        let place = barriers.get(stage as usize).copied();
        let operator = place.and_then(|place| prepared.pipeline.operators().get(place as usize));
        let barrier = operator.and_then(ResolvedOperator::barrier);
        let removes = barrier.is_some_and(|barrier| barrier.rule.removes_duplicates());
        if !removes || !prepared.lists_duplicates() {
            return true;
        }
        resolved.duplicates.as_ref().is_some_and(|list| {
            let is_kept = !self.truth.state().is_forgotten(&list.key);
            is_kept && self.stores.object(list).verify().is_ok()
        })
    }

    /// Warns of sources of which nearly all is gone now, and was not before this barrier.
    pub(super) fn warn_of_losses(&mut self, place: u32, resolved: &Resolved) {
        /// Further ones are in the report.
        const WARNED_OF: usize = 10;
        let Some(removals) = &resolved.removals else {
            return;
        };
        let mut so_far = self.deduplication();
        so_far.retain(|one| one.index < place);
        let before = losses(&so_far);
        let (operator, ledger) = (resolved.ledger.name.clone(), &resolved.ledger);
        so_far.push(Deduplication::of(place, ledger, removals, &self.sources));
        let is_new = |loss: &Loss| !before.iter().any(|known| known.is_of(loss));
        let new = losses(&so_far).into_iter().filter(is_new);
        for loss in new.take(WARNED_OF) {
            let event = Event::new(EventKind::Warning, loss.to_string());
            self.teller.warn_of(event.operation(&operator, place));
            let share = loss.removed as f64 / loss.records.max(1) as f64;
            let source = &loss.source;
            self.teller.signal(&Signal::SourceLoss { source, share });
        }
    }

    /// What the deduplicators of the recipe in force removed, as far as they are resolved.
    pub(super) fn deduplication(&self) -> Vec<Deduplication> {
        deduplication_named(self.truth.state(), &self.sources)
    }

    /// The lists of duplicates for the merge, where they are to be exported.
    pub(super) fn lists_of_duplicates(&self) -> Lists {
        let state = self.truth.state();
        let places = self.executor.prepared.pipeline.barriers();
        let lists = (0..).zip(places).filter_map(|(stage, place)| {
            let resolved = state.barrier(stage)?;
            let list = self.stores.object(resolved.duplicates.as_ref()?);
            Some((place, resolved.operator.clone(), list))
        });
        let sources = self.sources.all().iter();
        Lists {
            lists: lists.collect(),
            paths: sources.map(|source| source.identity.path.clone()).collect(),
        }
    }
}
