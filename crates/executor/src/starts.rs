//! Where attempts begin and where they end: a function of what the journal says, without files and without a driver.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use coldpress_job::{CheckpointEntry, JobState, Publication, TraceEntry};
use coldpress_operator::{ChainHash, Poison, StageChain};
use coldpress_partition::{Slice, Task};
use coldpress_worker::{Start, TraceSpec};

/// What the recipe says about where attempts begin and end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartSettings<'a> {
    /// Whether earlier work is used, but for what `external` says.
    pub(crate) use_earlier_work: bool,
    /// After how many operators the last one was an external one, rising. Such an operator does not work again on what
    /// it worked on, so earlier work from the first of them on is always used.
    pub(crate) external: &'a [u32],
    /// Whether the slice may be read where all earlier work turns out to be no good.
    pub(crate) restart_from_beginning: bool,
    /// Whether records come out with their statistics.
    pub(crate) keep_stats: bool,
    /// Whether what filters drop is kept, so that earlier work has to have kept it too.
    pub(crate) keep_dropped: bool,
    /// What is traced, so that earlier work has to have traced it too.
    pub(crate) trace: Option<&'a TraceSpec>,
    /// After how many operators a checkpoint is wanted, rising.
    pub(crate) checkpoints: &'a [u32],
    /// How many seconds of work may have to be done again, before an attempt ends at a gate.
    pub(crate) gate_seconds: f64,
}

/// Where the attempts of a stage begin and end.
pub(crate) struct Starts<'a> {
    /// What the journal says.
    pub(crate) state: &'a JobState,
    /// The operators of the stage and their chain hashes.
    pub(crate) chain: &'a StageChain,
    /// How many operators are applied where the stage begins: what an attempt must begin with at least.
    pub(crate) begin: u32,
    /// What the recipe says.
    pub(crate) settings: StartSettings<'a>,
    /// What each operator costs, in nanoseconds per byte of the slice, as far as that was measured.
    pub(crate) costs: &'a [f64],
    /// The places of the operators at barriers, each with the hash by which it is known there.
    pub(crate) signers: &'a [(u32, ChainHash)],
    /// Tasks whose checkpoints turned out to be no use.
    pub(crate) gateless: &'a BTreeSet<Task>,
}

/// The part of the way from the slice to the result that one attempt takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extent {
    /// Earlier work to go on from, the best first.
    pub(crate) starts: Vec<Start>,
    /// Whether the slice itself may be read.
    pub(crate) from_input: bool,
    /// Where it ends, in operators; none = at the result.
    pub(crate) gate: Option<u32>,
}

impl Starts<'_> {
    /// The slice of a partition, with the copy that there is of it; none for a partition that is not planned.
    pub(crate) fn slice(&self, partition: u32) -> Option<Slice> {
        let mut slice = self.state.partition(partition)?.slice.clone();
        // Without its copy a slice is read from the source itself.
        slice
            .copy
            .take_if(|copy| self.state.is_forgotten(&copy.key));
        Some(slice)
    }

    /// Where the next attempt at a task begins and ends, whose partition has this slice.
    pub(crate) fn extent(&self, task: Task, slice: &Slice) -> Extent {
        let settings = &self.settings;
        let is_later = task.stage > 0;
        let mut starts = self.starts(task.partition);
        // A decision is about the very rows that were judged. To make them again would be to trust that they come out the
        // same; where they are lost, the stage before makes them, and they are judged again.
        starts.retain(|start| start.operation() >= self.begin);
        if !settings.use_earlier_work {
            let first = settings.external.first().copied().unwrap_or(u32::MAX);
            let is_input = |start: &Start| is_later && start.operation() == self.begin;
            starts.retain(|start| start.operation() >= first || is_input(start));
        }
        let begun = starts.first().map_or(0, Start::operation);
        // A gate makes sense only if the next attempt can begin at it.
        let has_gates = settings.use_earlier_work && !self.gateless.contains(&task);
        Extent {
            from_input: !is_later && (settings.restart_from_beginning || starts.is_empty()),
            gate: has_gates.then(|| self.gate(slice, begun)).flatten(),
            starts,
        }
    }

    /// The records of a partition that killed workers in operators that the recipe still has.
    pub(crate) fn poison(&self, partition: u32) -> impl Iterator<Item = Poison> {
        let found = self.state.poison(partition).iter();
        found
            .filter(|found| {
                self.has(found.operation + 1, found.chain)
                    || self.signers.contains(&(found.operation, found.chain))
            })
            .map(|found| Poison {
                origin: found.origin.clone(),
                operation: found.operation,
                reason: found.reason.clone(),
            })
    }

    /// Earlier work of the same prefix of the recipe: checkpoints and results, the farthest first.
    pub(crate) fn starts(&self, partition: u32) -> Vec<Start> {
        let mut starts: Vec<Start> = self.checkpoint_starts(partition).collect();
        starts.extend(self.result_starts(partition));
        // Stable: among equals a checkpoint, which was made to be read, comes before a result.
        starts.sort_by_key(|start| Reverse(start.operation()));
        starts
    }

    /// Returns whether an attempt that goes on from work after so many operators has all that is to be kept besides rows.
    fn kept_enough(&self, operation: u32, trace: Option<&TraceEntry>, has_dropped: bool) -> bool {
        let settings = &self.settings;
        // Where a later stage begins, it is the input, which was found good when the barrier before it was passed.
        let is_input = self.begin > 0 && operation == self.begin;
        let by = trace.map(|trace| (trace.by.as_str(), trace.most));
        let is_traced = settings
            .trace
            .is_none_or(|wanted| wanted.takes(operation, by));
        is_input || (is_traced && (has_dropped || !settings.keep_dropped))
    }

    fn checkpoint_starts(&self, partition: u32) -> impl Iterator<Item = Start> {
        // The newest come first, and stay first among equals.
        let found = self.state.published_checkpoints(partition);
        found
            .filter(|found| self.has(found.entry.operation, found.entry.chain))
            .filter(|found| {
                self.kept_enough(found.entry.operation, found.trace, found.keeps_dropped)
            })
            .map(|found| start_of(found.entry))
    }

    fn result_starts(&self, partition: u32) -> impl Iterator<Item = Start> {
        // Records that came out with their statistics are not what the operators left.
        let is_plain = |result: &&Publication| !self.settings.keep_stats || result.is_plain();
        self.chain.iter().filter_map(move |(operation, chain)| {
            let result = self.state.published(partition, chain).filter(is_plain)?;
            // Rows that go are still among these; what they were judged from serves as well.
            if result.kept.is_some() {
                return None;
            }
            let has_dropped = result.dropped.is_some();
            if !self.kept_enough(operation, result.trace.as_deref(), has_dropped) {
                return None;
            }
            Some(Start::Result {
                operation,
                rows: result.rows.clone(),
                index: result.index.clone(),
            })
        })
    }

    /// Where an attempt that begins after `begun` operators ends short of the result: at the first checkpoint with more
    /// work before it than may be redone, as far as the job has measured what its operators cost.
    fn gate(&self, slice: &Slice, begun: u32) -> Option<u32> {
        let end = self.chain.end();
        let points = self.settings.checkpoints.iter().copied();
        let mut points = points.filter(|point| *point > begun && *point < end);
        let limit = self.settings.gate_seconds;
        if limit == 0.0 {
            return points.next();
        }
        let bytes = slice.bytes() as f64;
        points.find(|point| {
            let costs = self.costs.iter().take(*point as usize).skip(begun as usize);
            costs.sum::<f64>() * bytes / 1e9 > limit
        })
    }

    /// Whether the recipe comes to this chain hash after so many operators.
    fn has(&self, operation: u32, chain: ChainHash) -> bool {
        self.chain.after(operation) == Some(chain)
    }
}

fn start_of(entry: &CheckpointEntry) -> Start {
    if entry.delta {
        return Start::Delta {
            operation: entry.operation,
            files: entry.files().cloned().collect(),
        };
    }
    Start::Checkpoint {
        operation: entry.operation,
        file: entry.file.clone(),
    }
}

#[cfg(test)]
mod tests;
