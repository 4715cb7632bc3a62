//! What is told of very many small partitions: all together, every few seconds.
//!
//! An event for each step of each of a million partitions is gigabytes of history that nobody reads. The journal has their
//! counts.

use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind};
use coldpress_worker::Outcome;

use super::Teller;
use super::attempts::set_aside;
use super::named::Try;
use super::spans::AttemptOutcome;

/// How often the event is written.
const EVERY: Duration = Duration::from_secs(2);

/// The small partitions that were published and not told of yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Together {
    partitions: u64,
    records: u64,
    out: u64,
    seconds: f64,
    /// When the first of them was published.
    since: Option<Instant>,
}

impl Teller<'_> {
    /// As [`published`](Self::published), for a partition that is told of together with others, unless something is odd about it.
    pub(in crate::driver) fn published_with_others(
        &mut self,
        outcome: &Outcome,
        seconds: f64,
        of: Try,
    ) {
        let is_plain = outcome.set_aside.is_empty()
            && outcome.checkpoints.is_empty()
            && outcome.resumed_at == 0
            && set_aside(outcome) == 0;
        if !is_plain {
            return self.published(outcome, seconds, of);
        }
        let (records, out) = (outcome.ledger.records, outcome.ledger.exported());
        let together = &mut self.together;
        together.partitions += 1;
        together.records += records;
        together.out += out;
        together.seconds += seconds;
        together.since.get_or_insert_with(Instant::now);
        self.span_of_attempt(of, seconds, AttemptOutcome::Published { records, out });
        self.count_errors(records, 0);
    }

    /// Tells of them when it is time.
    pub(in crate::driver) fn tell_together_when_due(&mut self) {
        let since = self.together.since;
        if since.is_some_and(|since| since.elapsed() >= EVERY) {
            self.tell_together();
        }
    }

    /// Tells of those that were not told of yet.
    pub(in crate::driver) fn tell_together(&mut self) {
        let together = std::mem::take(&mut self.together);
        if together.partitions == 0 {
            return;
        }
        let Together {
            partitions,
            records,
            out,
            seconds,
            ..
        } = together;
        let message =
            format!("{partitions} small partitions are complete: {records} records in, {out} out");
        let event = Event::new(EventKind::Info, message)
            .duration_seconds(seconds)
            .rows(records, out)
            .metadata("small_partitions", partitions);
        self.emit(event);
    }
}
