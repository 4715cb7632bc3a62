//! What an attempt is: a value that a worker can run.

use coldpress_operator::{Poison, StageChain};
use coldpress_partition::Task;
use coldpress_worker::Attempt;

use super::Driver;
use crate::starts::{StartSettings, Starts};

impl Driver<'_> {
    /// The attempt of this number at a task; none if the slice lies outside of the job's folders.
    pub(super) fn attempt(&self, task: Task, number: u32) -> Option<Attempt> {
        let prepared = &self.executor.prepared;
        let stages = prepared.pipeline.stages();
        let stage = stages.get(task.stage as usize)?;
        // A stage is worked on only when the barrier before it is resolved.
        let chain = StageChain::of(stage, self.truth.chain())?;
        let starts = Starts {
            state: self.truth.state(),
            chain: &chain,
            settings: StartSettings {
                use_earlier_work: prepared.recipe.failure.use_checkpoints_for_recovery,
                restart_from_beginning: prepared.recipe.failure.restart_from_beginning,
                keep_stats: prepared.recipe.export.keep_stats,
                checkpoints: &prepared.checkpoints,
                gate_seconds: prepared.recipe.checkpoint.gate_seconds,
            },
            costs: &self.costs,
            gateless: &self.gateless,
            is_inside: &|file| self.executor.layout.locate(file).is_ok(),
        };
        let slice = starts.slice(task.partition)?;
        let extent = starts.extent(task, &slice);
        let poison: Vec<Poison> = starts
            .poison(task.partition)
            .chain(self.suspects.on_trial(task.partition))
            .collect();
        Some(Attempt {
            epoch: self.truth.epoch(),
            number,
            task,
            slice,
            starts: extent.starts,
            from_input: extent.from_input,
            gate: extent.gate,
            checkpoints: prepared.checkpoints.clone(),
            poison,
            chain,
            isolated: self.suspects.contains(task.partition),
        })
    }
}
