//! Results that the previous driver published and did not live to report.

use std::collections::BTreeSet;

use coldpress_events::{Event, EventKind, last_events};
use coldpress_job::{JobState, Publication};

use super::super::small::is_told_apart;
use super::Teller;
use super::named::of_task;

/// What an event is about: its kind, the partition, the stage, the operator.
type Subject = (String, u64, u64, Option<u32>);

impl Teller<'_> {
    /// Reports the results of the previous driver whose events were lost when it died, with the times at which they were
    /// published. Otherwise programs that read only the log would wait for these partitions for ever.
    ///
    /// Only the end of a log can be lost, so only its end is looked at. An empty log says nothing about what was in it.
    pub(in crate::driver) fn tell_untold(&self, state: &JobState, epoch: u64) {
        let Ok(told) = last_events(self.events.folder()) else {
            return;
        };
        let Some(first) = told.first() else {
            return;
        };
        let since_millis = (first.timestamp * 1000.0) as u64;
        let told: BTreeSet<Subject> = told.iter().filter_map(subject).collect();
        let is_recent = |result: &&Publication| {
            // Results that a barrier placed or settled come from no attempt.
            result.epoch == epoch && result.at_millis >= since_millis && result.attempt > 0
        };
        let is_apart = |result: &&Publication| {
            let planned = state.partition(result.partition);
            planned.is_some_and(|planned| is_told_apart(planned.index, planned.slice.bytes()))
        };
        for result in state.publications().filter(is_recent).filter(is_apart) {
            let events = self.events_of(result).into_iter();
            events
                .filter(|event| subject(event).is_some_and(|subject| !told.contains(&subject)))
                .for_each(|event| self.emit(event));
        }
    }

    /// The events of an attempt whose result is published, as far as the journal knows them.
    fn events_of(&self, result: &Publication) -> Vec<Event> {
        let event = |kind: EventKind, message: String| {
            let event = of_task(Event::new(kind, message), result.task()).attempt(result.attempt);
            event.at(result.at_millis as f64 / 1000.0)
        };
        let barriers = self.executor.prepared.pipeline.barriers();
        let before = result.stage.checked_sub(1);
        let first = before.and_then(|before| barriers.get(before as usize));
        let first = first.copied().unwrap_or(0);
        let operators = (0_u32..).zip(&result.ledger.operators);
        let operators = operators.skip(first as usize).map(|(place, ledger)| {
            let nanos = result.nanos.get(place as usize).copied().unwrap_or(0);
            let message = format!("{} records in, {} out", ledger.records_in, ledger.out);
            event(EventKind::OpComplete, message)
                .operation(ledger.name.clone(), place)
                .duration_seconds(nanos as f64 / 1e9)
                .rows(ledger.records_in, ledger.out)
        });
        let checkpoints = result.checkpoints.iter().map(|checkpoint| {
            let message = format!("{} records", checkpoint.rows);
            let place = checkpoint.operation.saturating_sub(1);
            event(EventKind::CheckpointSave, message)
                .operation(checkpoint.operator.clone(), place)
                .checkpoint_path(self.path_of(&checkpoint.file))
        });
        let operators_in = result.ledger.operators.get(first as usize);
        let records = operators_in.map_or(result.ledger.records, |ledger| ledger.records_in);
        let out = result.ledger.exported();
        let message = format!(
            "{records} records in, {out} out; reported late, because the driver died just then"
        );
        let complete = event(EventKind::PartitionComplete, message)
            .rows(records, out)
            .output_path(result.rows.to_string());
        operators.chain(checkpoints).chain([complete]).collect()
    }
}

fn subject(event: &Event) -> Option<Subject> {
    let kind = event.kind.as_str().to_owned();
    let stage = event.stage().unwrap_or(0);
    Some((kind, event.partition_id?, stage, event.operation_idx))
}
