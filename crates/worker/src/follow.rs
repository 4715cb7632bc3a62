//! Following a few records through the operators, to say what becomes of them. Nothing is written.

mod event;
mod scan;
mod walk;

use std::sync::Arc;

use coldpress_failure::{ErrorClass, catch};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Origin};

use crate::attempt::{Assignment, Attempt};
use crate::barrier::decisions;
use crate::error::AttemptError;
use crate::input::{self, Found};
use crate::last_table::LastTable;
use crate::spec::JobSpec;
use crate::worker::{WorkerContext, build};

pub use event::{FollowEffect, FollowEvent, Followed};
pub use scan::ScannedRecord;
use scan::show;
use walk::Walk;

/// Reads the slices of a job and runs its operators over them as a worker does, but writes nothing: it only reports what
/// happens to the records that are asked for.
pub struct Follower {
    spec: Arc<JobSpec>,
    context: WorkerContext,
    /// None before the first records, and after a panic.
    chain: Option<Chain>,
    batch: Batch,
    last_table: Arc<LastTable>,
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
            last_table: Arc::default(),
        }
    }

    /// Reads all records of an attempt's slice, in order, and shows them, also those that a worker leaves out. The spec has
    /// no operators, but one field may be declared.
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
        let last_table = Arc::clone(&self.last_table);
        let work = Assignment::new(&spec, &stores, &last_table, attempt)?;
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
        let last_table = Arc::clone(&self.last_table);
        let work = Assignment::new(&spec, &stores, &last_table, way.attempt)?;
        let mut chain = match self.chain.take() {
            Some(chain) => chain,
            None => build(&spec, &self.context, None)?,
        };
        let (input, _) = input::open(work, 0, &mut Vec::new())?;
        chain.decide(&decisions(work)?);
        let _ = self.batch.take_seen();
        let begun = input.manifest().map_or(0, |manifest| manifest.operation);
        let mut walk = Walk::new(work, begun, &chain, report);
        walk.run(way, &mut chain, &mut self.batch, input, wanted)?;
        self.chain = Some(chain);
        Ok(())
    }
}
