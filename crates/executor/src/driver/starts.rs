//! What an attempt is, and where it can begin.

use coldpress_dataset::RowsForm;
use coldpress_job::{CheckpointEntry, Publication};
use coldpress_operator::Poison;
use coldpress_partition::{PlannedPartition, Task};
use coldpress_storage::FileRef;
use coldpress_worker::{Attempt, Start};

use super::Driver;

impl Driver<'_> {
    /// The result of a partition under the recipe in force, if it can be exported as it is.
    pub(super) fn usable_result(&self, partition: u32) -> Option<&Publication> {
        let result = self.truth.state();
        let result = result.published(partition, result.final_chain()?)?;
        let prepared = &self.executor.prepared;
        let form = RowsForm::of_path(&result.rows.path);
        let fits = match form {
            RowsForm::Table => prepared.target.is_table(),
            RowsForm::Lines(_) => form == prepared.target.rows_form(false),
        };
        let has_types = form == RowsForm::Table || result.has_types;
        let fits = fits
            && (has_types || !prepared.target.needs_second_pass())
            && (result.dropped.is_some() || !prepared.exports_dropped());
        fits.then_some(result)
    }

    /// The attempt at a partition, as a value that a worker can run.
    pub(super) fn attempt(&self, task: Task, number: u32) -> Option<Attempt> {
        let partition = task.partition;
        let prepared = &self.executor.prepared;
        let mut planned = self.truth.state().partition(partition)?.clone();
        // Without its copy a slice is read from the source itself.
        let is_kept = |copy: &FileRef| !self.truth.state().is_forgotten(&copy.path);
        planned.slice.copy = planned.slice.copy.filter(is_kept);
        if let Some(copy) = &planned.slice.copy {
            // A name from a file never leads outside of the job's folders.
            self.executor.layout.locate(copy).ok()?;
        }
        let starts = if prepared.recipe.failure.use_checkpoints_for_recovery {
            self.starts(partition)
        } else {
            Vec::new()
        };
        let from_input = prepared.recipe.failure.restart_from_beginning || starts.is_empty();
        let begun = starts.first().map_or(0, Start::operation);
        // A gate makes sense only if the next attempt can begin at it.
        let has_gates =
            prepared.recipe.failure.use_checkpoints_for_recovery && !self.gateless.contains(&task);
        let gate = has_gates.then(|| self.gate(&planned, begun)).flatten();
        Some(Attempt {
            gate,
            epoch: self.truth.epoch(),
            number,
            task,
            slice: planned.slice,
            chain: self.truth.chain().to_vec(),
            starts,
            from_input,
            checkpoints: prepared.checkpoints.clone(),
            poison: self.poison(partition),
            isolated: self.suspects.contains(partition),
        })
    }

    /// The records that killed workers in operators that the recipe still has, and those on trial for it.
    fn poison(&self, partition: u32) -> Vec<Poison> {
        let found = self.truth.state().poison(partition).iter();
        let found = found.filter(|found| {
            self.truth.chain().get(found.operation as usize + 1) == Some(&found.chain)
        });
        found
            .map(|found| Poison {
                origin: found.origin.clone(),
                operation: found.operation,
                reason: found.reason.clone(),
            })
            .chain(self.suspects.on_trial(partition))
            .collect()
    }

    /// Where an attempt that begins behind `begun` operators ends short of the result: at the first checkpoint with more
    /// work before it than may be redone, as far as the job has measured what its operators cost.
    fn gate(&self, planned: &PlannedPartition, begun: u32) -> Option<u32> {
        let prepared = &self.executor.prepared;
        let operators = prepared.recipe.process.len() as u32;
        let points = prepared.checkpoints.iter().copied();
        let mut points = points.filter(|point| *point > begun && *point < operators);
        let limit = prepared.recipe.checkpoint.gate_seconds;
        if limit == 0.0 {
            return points.next();
        }
        let bytes = planned.slice.bytes() as f64;
        points.find(|point| {
            let costs = self.costs.iter().take(*point as usize).skip(begun as usize);
            costs.sum::<f64>() * bytes / 1e9 > limit
        })
    }

    /// Earlier work of the same prefix of the recipe: checkpoints and results, the farthest first.
    fn starts(&self, partition: u32) -> Vec<Start> {
        let mut starts: Vec<Start> = self.checkpoint_starts(partition);
        starts.extend(self.result_starts(partition));
        // Stable: among equals a checkpoint, which was made to be read, comes before a result.
        starts.sort_by_key(|start| std::cmp::Reverse(start.operation()));
        starts
    }

    fn checkpoint_starts(&self, partition: u32) -> Vec<Start> {
        let fits = |entry: &&CheckpointEntry| {
            self.truth.chain().get(entry.operation as usize) == Some(&entry.chain)
        };
        // The newest come first, and stay first among equals.
        let entries = self.truth.state().checkpoints(partition).filter(fits);
        entries.map(start_of).collect()
    }

    fn result_starts(&self, partition: u32) -> Vec<Start> {
        let start = |(operation, chain): (usize, &_)| {
            // Records that came out with their statistics are not what the operators left.
            let result = self
                .truth
                .state()
                .published(partition, *chain)
                .filter(|_| !self.executor.prepared.recipe.export.keep_stats)?;
            let layout = &self.executor.layout;
            layout
                .locate(&result.rows)
                .and(layout.locate(&result.index))
                .ok()?;
            Some(Start::Result {
                operation: operation as u32,
                rows: result.rows.clone(),
                index: result.index.clone(),
            })
        };
        self.truth
            .chain()
            .iter()
            .enumerate()
            .filter_map(start)
            .collect()
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
        name: entry.file.path.clone(),
        stamp: entry.file.stamp(),
    }
}
