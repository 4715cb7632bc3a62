//! The records of a partition on their way through the operators.

use coldpress_operator::{Chain, Guard, Quarantined, Tally};
use coldpress_record::{Batch, Origin};

use super::FollowedWay;
use super::event::{FollowEffect, FollowEvent, Followed};
use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::input::{Found, Records};

/// A record that is in the batch.
struct Tracked {
    id: usize,
    row: u32,
    record: String,
}

/// The way of a partition's records through the operators.
pub(super) struct Walk<'a> {
    work: Assignment<'a>,
    /// Operators that are applied at the beginning.
    begun: u32,
    tally: Tally,
    /// How many records came to each operator in the batches before.
    arrived: Vec<u64>,
    rows_in: u64,
    rows_out: u64,
    next_id: usize,
    report: &'a mut dyn FnMut(Followed),
}

impl<'a> Walk<'a> {
    /// The way of records to which so many operators are applied at its beginning.
    pub(super) fn new(
        work: Assignment<'a>,
        begun: u32,
        chain: &Chain,
        report: &'a mut dyn FnMut(Followed),
    ) -> Self {
        Self {
            work,
            begun,
            tally: chain.tally(),
            arrived: vec![0; chain.len()],
            rows_in: 0,
            rows_out: 0,
            next_id: 0,
            report,
        }
    }

    pub(super) fn run(
        &mut self,
        way: FollowedWay<'_>,
        chain: &mut Chain,
        batch: &mut Batch,
        mut input: Box<dyn Records + '_>,
        wanted: &mut dyn FnMut(&Origin, u64) -> bool,
    ) -> Result<(), AttemptError> {
        let mut left = way.records;
        // What comes after the last of them does not matter to them.
        while left > 0 {
            if !input.next(batch, chain, &mut Found::default())? {
                break;
            }
            let mut tracked = self.begin(batch, wanted);
            left = left.saturating_sub(tracked.len());
            for at in self.begun as usize..way.until as usize {
                self.step(at, chain, batch, &mut tracked)?;
            }
            for one in tracked {
                let row = batch.selection().partition_point(|row| *row < one.row);
                let row = self.rows_out + row as u64;
                self.tell(one.id, FollowEvent::Ended { row });
            }
            self.rows_out += batch.selection().len() as u64;
        }
        Ok(())
    }

    fn tell(&mut self, id: usize, event: FollowEvent) {
        (self.report)(Followed { id, event });
    }

    fn new_id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id - 1
    }

    fn begin(
        &mut self,
        batch: &Batch,
        wanted: &mut dyn FnMut(&Origin, u64) -> bool,
    ) -> Vec<Tracked> {
        let mut tracked = Vec::new();
        for row in batch.selection() {
            let (origin, number) = (batch.origin(*row as usize), self.rows_in);
            self.rows_in += 1;
            if !wanted(origin, number) {
                continue;
            }
            let (id, record) = (self.new_id(), batch.record(*row as usize));
            tracked.push(Tracked {
                id,
                row: *row,
                record: record.clone(),
            });
            let (row, origin) = (number, origin.clone());
            self.tell(
                id,
                FollowEvent::Begun {
                    row,
                    origin,
                    record,
                },
            );
        }
        tracked
    }

    /// Runs an operator over the batch, and says what it did to the tracked records.
    fn step(
        &mut self,
        at: usize,
        chain: &mut Chain,
        batch: &mut Batch,
        tracked: &mut Vec<Tracked>,
    ) -> Result<(), AttemptError> {
        let before = (!tracked.is_empty()).then(|| batch.selection().to_vec());
        let origins: Vec<Origin> = tracked
            .iter()
            .map(|one| batch.origin(one.row as usize).clone())
            .collect();
        let came = batch.selection().len() as u64;
        let guard = Guard {
            poison: &self.work.attempt.poison,
            in_hand: None,
        };
        let run = chain.run_guarded(batch, at..at + 1, &mut self.tally, &guard);
        run.map_err(|failure| {
            let label = chain.pipeline().label(at);
            let source = self.work.source_of(&failure.failed.origin);
            AttemptError::of_operator(failure, &label, source)
        })?;
        let failed = std::mem::take(&mut self.tally.quarantined);
        let first = self.arrived[at];
        self.arrived[at] += came;
        let Some(before) = before else {
            return Ok(());
        };
        let splits = chain.splits(at);
        let mut children = Children::default();
        for (one, origin) in std::mem::take(tracked).into_iter().zip(origins) {
            let arrival = first + before.partition_point(|row| *row < one.row) as u64;
            let (effect, stays) = match (reason(&failed, &origin), splits) {
                (Some(error), _) => (FollowEffect::Failed { error }, Vec::new()),
                (None, true) => self.children(&mut children, batch, &origin),
                (None, false) => stayed(batch, &one),
            };
            // The rows that a splitter made are not those that were tracked.
            let stats = match splits {
                true => Vec::new(),
                false => stats(chain, batch, at, one.row),
            };
            let event = FollowEvent::Passed {
                operation: at as u32,
                arrival,
                stats,
                effect,
            };
            self.tell(one.id, event);
            tracked.extend(stays.into_iter().map(|(row, id, record)| Tracked {
                id: id.unwrap_or(one.id),
                row,
                record,
            }));
        }
        Ok(())
    }

    /// The children that a splitter made of a record. The parents come in the order of their rows, and so do their children.
    fn children(
        &mut self,
        found: &mut Children,
        batch: &Batch,
        parent: &Origin,
    ) -> (FollowEffect, Stays) {
        let (mut children, mut stays) = (Vec::new(), Vec::new());
        let (begin, mut expected) = (found.next, 0);
        while let Some(row) = batch.selection().get(found.next) {
            let origin = batch.origin(*row as usize);
            if *origin == parent.child(expected) {
                let (id, record) = (self.new_id(), batch.record(*row as usize));
                children.push((id, origin.clone(), record.clone()));
                stays.push((*row, Some(id), record));
                expected += 1;
            } else if expected > 0 {
                break;
            }
            found.next += 1;
        }
        match children.is_empty() {
            true => {
                // There may be children of later ones among those that were passed over.
                found.next = begin;
                (FollowEffect::Dropped, stays)
            }
            false => (FollowEffect::Split { children }, stays),
        }
    }
}

/// How far the rows that a splitter made have been looked at.
#[derive(Default)]
struct Children {
    next: usize,
}

/// Rows that are left of a record: the row, the number of a child, the record.
type Stays = Vec<(u32, Option<usize>, String)>;

fn reason(failed: &[Quarantined], origin: &Origin) -> Option<String> {
    let mut failed = failed.iter();
    failed
        .find(|failed| failed.origin == *origin)
        .map(|failed| failed.error.clone())
}

/// What an operator that makes no other records did to one.
fn stayed(batch: &Batch, one: &Tracked) -> (FollowEffect, Stays) {
    if batch.selection().binary_search(&one.row).is_err() {
        return (FollowEffect::Dropped, Vec::new());
    }
    let record = batch.record(one.row as usize);
    let effect = match record == one.record {
        true => FollowEffect::Unchanged,
        false => FollowEffect::Changed {
            record: record.clone(),
        },
    };
    (effect, vec![(one.row, None, record)])
}

/// The statistics that an operator decides by.
fn stats(chain: &Chain, batch: &Batch, at: usize, row: u32) -> Vec<(String, String)> {
    let operator = chain.pipeline().operators().get(at);
    let stats = operator.map_or(&[][..], |operator| operator.stats());
    // In an analysis a filter drops nothing, and its verdict is a statistic.
    let verdict = operator.and_then(|operator| operator.verdict());
    let value = |name: &str| {
        let column = batch.stats().column(name)?;
        let mut json = Vec::new();
        batch
            .stats()
            .get(column, row as usize)?
            .write_json(&mut json);
        String::from_utf8(json).ok()
    };
    stats
        .iter()
        .chain(verdict)
        .filter_map(|stat| Some((stat.name.clone(), value(&stat.name)?)))
        .collect()
}
