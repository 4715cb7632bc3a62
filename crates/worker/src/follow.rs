//! Following a few records through the operators, to say what becomes of them. Nothing is written.

use std::borrow::Cow;
use std::sync::Arc;

use coldpress_failure::{ErrorClass, catch};
use coldpress_operator::{Chain, Guard, Quarantined, Tally};
use coldpress_record::{Batch, Origin};

use crate::attempt::{Assignment, Attempt};
use crate::barrier::decisions;
use crate::error::AttemptError;
use crate::input::{self, Found, Records};
use crate::spec::JobSpec;
use crate::worker::{WorkerContext, build};

/// Reads the slices of a job and runs its operators over them as a worker does, but writes nothing: it only reports what
/// happens to the records that are asked for.
pub struct Follower {
    spec: Arc<JobSpec>,
    context: WorkerContext,
    /// None before the first records, and after a panic.
    chain: Option<Chain>,
    batch: Batch,
}

/// A record of a slice, as it is read.
pub struct ScannedRecord<'b> {
    /// How many records of the slice come before it.
    pub number: u64,
    /// Its origin.
    pub origin: &'b Origin,
    content: Content<'b>,
}

enum Content<'b> {
    Row {
        batch: &'b Batch,
        row: usize,
        /// The column of the field that is looked at.
        column: Option<usize>,
        has_needed: bool,
    },
    Rejected(&'b str),
}

impl<'b> ScannedRecord<'b> {
    /// Returns the value of the field that is looked at, as JSON; none where the record has no such field.
    #[must_use]
    pub fn value(&self) -> Option<Cow<'b, str>> {
        match self.content {
            Content::Row {
                batch, row, column, ..
            } => batch.json(column?, row),
            Content::Rejected(_) => None,
        }
    }

    /// Returns the record as JSON; none of one that cannot be read.
    #[must_use]
    pub fn record(&self) -> Option<String> {
        match self.content {
            Content::Row { batch, row, .. } => Some(batch.record(row)),
            Content::Rejected(_) => None,
        }
    }

    /// Returns whether a worker drops the record where it reads it, because it lacks what the recipe needs.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        match self.content {
            Content::Row { has_needed, .. } => !has_needed,
            Content::Rejected(_) => false,
        }
    }

    /// Returns why the record cannot be read, if so.
    #[must_use]
    pub fn rejected(&self) -> Option<&'b str> {
        match self.content {
            Content::Row { .. } => None,
            Content::Rejected(reason) => Some(reason),
        }
    }
}

/// One thing that happened to a record that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The number of the record among those that are followed, from 0. A child that a splitter makes has a number of its own.
    pub id: usize,
    /// What happened.
    pub event: FollowEvent,
}

/// What happens to a record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowEvent {
    /// It is among the records that the work begins with.
    Begun {
        /// Its number among them, of rows of earlier work.
        row: u64,
        /// Its origin.
        origin: Origin,
        /// The record as JSON.
        record: String,
    },
    /// An operator worked on it.
    Passed {
        /// The operator's place in the recipe.
        operation: u32,
        /// How many records of the partition came to the operator before it.
        arrival: u64,
        /// The operator's statistics of it, as JSON.
        stats: Vec<(String, String)>,
        /// What the operator did.
        effect: FollowEffect,
    },
    /// It is among the records that are left at the end.
    Ended {
        /// Its number among them.
        row: u64,
    },
}

/// What an operator did to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowEffect {
    /// The record is as it was.
    Unchanged,
    /// The record is another one now.
    Changed {
        /// The record as JSON.
        record: String,
    },
    /// The operator dropped it.
    Dropped,
    /// The operator failed on it.
    Failed {
        /// Why.
        error: String,
    },
    /// The operator made these of it.
    Split {
        /// The numbers of the children, their origins and the children as JSON.
        children: Vec<(usize, Origin, String)>,
    },
}

/// A record that is in the batch.
struct Tracked {
    id: usize,
    row: u32,
    record: String,
}

/// The way from where an attempt begins to where it is to end.
#[derive(Clone, Copy, Debug)]
pub struct FollowedWay<'a> {
    /// Where it begins, and what is decided and known about the records. Its gate and checkpoints do not matter.
    pub attempt: &'a Attempt,
    /// How many operators of the recipe are applied at its end.
    pub until: u32,
    /// How many of the records that it begins with are to be followed: once they are through, it ends.
    pub records: usize,
}

impl Follower {
    /// A follower of the records of a job, which has built nothing yet.
    #[must_use]
    pub fn new(spec: Arc<JobSpec>, context: WorkerContext) -> Self {
        Self {
            spec,
            context,
            chain: None,
            batch: Batch::default(),
        }
    }

    /// Reads all records of an attempt's slice, in order, and shows them, also those that a worker leaves out. The spec has no operators, but one field may be
    /// declared.
    ///
    /// Returns how many there were.
    ///
    /// # Errors
    /// When the slice cannot be read, or is not what was planned.
    pub fn scan(
        &mut self,
        attempt: &Attempt,
        field: Option<&str>,
        mut each: impl FnMut(&ScannedRecord<'_>),
    ) -> Result<u64, AttemptError> {
        let (spec, stores) = (Arc::clone(&self.spec), self.context.stores.clone());
        let work = Assignment::new(&spec, &stores, attempt)?;
        let chain = match self.chain.take() {
            Some(chain) => chain,
            None => build(&spec, &self.context, field)?,
        };
        let column = field.and_then(|field| chain.fields().column(field));
        let mut input = input::open_whole_slice(work)?;
        let mut count = 0;
        loop {
            let mut found = Found::default();
            if !input.next(&mut self.batch, &chain, &mut found)? {
                break;
            }
            count = show(&self.batch, &chain, column, &found, count, &mut each);
        }
        let _ = self.batch.take_seen();
        input.finish()?;
        self.chain = Some(chain);
        Ok(count)
    }

    /// Runs the operators over the records of a partition, and reports what happens to those that are `wanted`, which are
    /// asked for by their origin and their number.
    ///
    /// # Errors
    /// When the records cannot be read, an operator fails the partition, or a decision is missing. What was reported by then
    /// is true.
    pub fn follow(
        &mut self,
        way: FollowedWay<'_>,
        mut wanted: impl FnMut(&Origin, u64) -> bool,
        mut report: impl FnMut(Followed),
    ) -> Result<(), AttemptError> {
        let followed = catch(|| self.follow_way(way, &mut wanted, &mut report));
        followed.unwrap_or_else(|panic| {
            self.chain = None;
            self.batch = Batch::default();
            let message = format!("the record cannot be followed: {panic}");
            Err(AttemptError::new(ErrorClass::Processing, message))
        })
    }

    fn follow_way(
        &mut self,
        way: FollowedWay<'_>,
        wanted: &mut dyn FnMut(&Origin, u64) -> bool,
        report: &mut dyn FnMut(Followed),
    ) -> Result<(), AttemptError> {
        let (spec, stores) = (Arc::clone(&self.spec), self.context.stores.clone());
        let work = Assignment::new(&spec, &stores, way.attempt)?;
        let mut chain = match self.chain.take() {
            Some(chain) => chain,
            None => build(&spec, &self.context, None)?,
        };
        let (input, _) = input::open(work, 0, &mut Vec::new())?;
        chain.decide(&decisions(work)?);
        let _ = self.batch.take_seen();
        let mut walk = Walk {
            work,
            begun: input.manifest().map_or(0, |manifest| manifest.operation),
            tally: chain.tally(),
            arrived: vec![0; chain.len()],
            rows_in: 0,
            rows_out: 0,
            next_id: 0,
            report,
        };
        walk.run(way, &mut chain, &mut self.batch, input, wanted)?;
        self.chain = Some(chain);
        Ok(())
    }
}

/// Shows the records of a batch and those that could not be read, in the order of their places.
fn show(
    batch: &Batch,
    chain: &Chain,
    column: Option<usize>,
    found: &Found,
    mut number: u64,
    each: &mut impl FnMut(&ScannedRecord<'_>),
) -> u64 {
    let lost = found.rejects.iter().filter(|reject| !reject.lost);
    let rejected = lost.map(|reject| (&reject.origin, reject.reason.as_str()));
    let too_long = found.too_long.iter();
    let too_long =
        too_long.map(|(origin, _)| (origin, "the record is longer than `max_record_mb`"));
    let mut rejected: Vec<(&Origin, &str)> = rejected.chain(too_long).collect();
    rejected.sort();
    let mut rejected = rejected.into_iter().peekable();
    let mut give = |origin: &Origin, content| {
        each(&ScannedRecord {
            number,
            origin,
            content,
        });
        number += 1;
    };
    for row in batch.selection().iter().map(|row| *row as usize) {
        let origin = batch.origin(row);
        while let Some((before, reason)) = rejected.next_if(|(before, _)| *before < origin) {
            give(before, Content::Rejected(reason));
        }
        let content = Content::Row {
            batch,
            row,
            column,
            has_needed: input::has_needed(batch, chain, row),
        };
        give(origin, content);
    }
    rejected.for_each(|(origin, reason)| give(origin, Content::Rejected(reason)));
    number
}

/// The way of a partition's records through the operators.
struct Walk<'a> {
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

impl Walk<'_> {
    fn run(
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
    let names = operator.map_or(&[][..], |operator| operator.stats());
    let value = |name: &str| {
        let column = batch.stats().column(name)?;
        let mut json = Vec::new();
        batch
            .stats()
            .get(column, row as usize)?
            .write_json(&mut json);
        String::from_utf8(json).ok()
    };
    let stats = names.iter();
    stats
        .filter_map(|stat| Some((stat.name.clone(), value(&stat.name)?)))
        .collect()
}
