//! What an attempt is: a value that a worker can run.

use coldpress_operator::{Poison, StageChain};
use coldpress_partition::Task;
use coldpress_worker::{Attempt, Outcome, Start};

use super::Driver;
use crate::starts::{StartSettings, Starts};

impl Driver<'_> {
    /// Asks where attempts at a task begin and end, as things are now; none where the barrier before it is not resolved.
    fn with_starts<T>(&self, task: Task, ask: impl FnOnce(&Starts<'_>) -> Option<T>) -> Option<T> {
        let prepared = &self.executor.prepared;
        let stages = prepared.pipeline.stages();
        let stage = stages.get(task.stage as usize)?;
        // A stage is worked on only when the barrier before it is resolved.
        let chain = StageChain::of(stage, self.truth.chain())?;
        let external: Vec<u32> = prepared.pipeline.external_points().collect();
        ask(&Starts {
            state: self.truth.state(),
            chain: &chain,
            begin: match task.stage {
                0 => 0,
                stage => {
                    let place = prepared.pipeline.barriers()[stage as usize - 1];
                    // Where rows were placed, the operator at the barrier is applied already.
                    place + u32::from(self.begins_with_placed_rows(stage))
                }
            },
            settings: StartSettings {
                use_earlier_work: prepared.recipe.failure.use_checkpoints_for_recovery,
                external: &external,
                restart_from_beginning: prepared.recipe.failure.restart_from_beginning,
                keep_stats: prepared.ends_with_statistics(),
                keep_dropped: prepared.keeps_dropped(),
                trace: prepared.trace.as_ref().map(|trace| &trace.spec),
                checkpoints: &prepared.checkpoints,
                gate_seconds: prepared.recipe.checkpoint.gate_seconds,
            },
            costs: &self.costs,
            signers: &self.signers(),
            gateless: &self.gateless,
        })
    }

    /// The attempt of this number at a task; none of a partition that is not planned.
    pub(super) fn attempt(&self, task: Task, number: u32) -> Option<Attempt> {
        self.with_starts(task, |starts| {
            let slice = starts.slice(task.partition)?;
            let extent = starts.extent(task, &slice);
            let poison = starts.poison(task.partition);
            let seed = self.executor.prepared.recipe.seed;
            Some(Attempt {
                epoch: self.truth.epoch(),
                number,
                task,
                slice,
                draw: self.truth.state().draw(task.partition, seed),
                chain: starts.chain.clone(),
                starts: extent.starts,
                from_input: extent.from_input,
                gate: extent.gate,
                checkpoints: self.executor.prepared.checkpoints.clone(),
                decisions: self.decisions(task)?,
                poison: poison
                    .chain(self.suspects.on_trial(task.partition))
                    .collect(),
                isolated: self.suspects.contains(task.partition),
                packed: false,
            })
        })
    }

    /// The records of a task's partition that killed workers as they were signed for the operator at this place.
    pub(super) fn poison_of(&self, task: Task, place: u32) -> Vec<Poison> {
        let poison = self.with_starts(task, |starts| {
            let found = starts.poison(task.partition);
            Some(found.filter(|poison| poison.operation == place).collect())
        });
        poison.unwrap_or_default()
    }

    /// Says which external operators worked a second time, because what they gave first is damaged. To be called before
    /// the outcome is recorded.
    pub(super) fn warn_of_second_outputs(&mut self, outcome: &Outcome) {
        let task = outcome.task;
        let known = self.with_starts(task, |starts| {
            let slice = starts.slice(task.partition)?;
            let extent = starts.extent(task, &slice);
            extent.starts.first().map(Start::operation)
        });
        let ended = outcome.ledger.operators.len() as u32;
        let again = outcome.resumed_at + 1..=known.unwrap_or(0).min(ended);
        let points = self.executor.prepared.pipeline.external_points();
        for point in points.filter(|point| again.contains(point)) {
            let name = &outcome.ledger.operators[point as usize - 1].name;
            self.teller.warn(format!(
                "{task}: `{name}` worked on its records a second time and may have given another output, because the \
                 file with the first one is damaged"
            ));
        }
    }
}
