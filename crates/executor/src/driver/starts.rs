//! What an attempt is, and where it can begin.

use coldpress_checkpoint::{Candidate, ObjectName, usable};
use coldpress_dataset::RowsForm;
use coldpress_job::Publication;
use coldpress_worker::{Attempt, Start};

use super::Driver;

impl Driver<'_> {
    /// The result of a partition under the recipe in force, if it can be exported as it is.
    pub(super) fn usable_result(&self, partition: u32) -> Option<&Publication> {
        let result = self.state.published(partition, self.final_chain())?;
        let prepared = &self.executor.prepared;
        let form = RowsForm::of_path(&result.rows.path);
        let fits = match form {
            RowsForm::Table => prepared.target.is_table(),
            RowsForm::Lines(_) => form == prepared.target.rows_form(false),
        };
        let has_types = form == RowsForm::Table || result.has_types;
        let fits = fits
            && (has_types || !prepared.target.needs_second_pass())
            && (result.dropped.is_some() || !prepared.keeps_dropped());
        fits.then_some(result)
    }

    /// The attempt at a partition, as a value that a worker can run.
    pub(super) fn attempt(&self, partition: u32, number: u32) -> Option<Attempt> {
        let prepared = &self.executor.prepared;
        let planned = self.state.partition(partition)?.clone();
        if let Some(copy) = &planned.slice.copy {
            // A name from a file never leads outside of the job's folders.
            self.executor.layout.locate(copy).ok()?;
        }
        let source = self.sources.get(planned.slice.source as usize)?.clone();
        let starts = if prepared.recipe.failure.use_checkpoints_for_recovery {
            self.starts(partition)
        } else {
            Vec::new()
        };
        let from_input = prepared.recipe.failure.restart_from_beginning || starts.is_empty();
        let rows_form = prepared.rows_form(&source);
        Some(Attempt {
            rows_form,
            epoch: self.journal.epoch(),
            attempt: number,
            job_dir: self.executor.layout.job_dir().to_owned(),
            partition: planned,
            source,
            operators: prepared.recipe.process.clone(),
            settings: prepared.chain_settings.clone(),
            chain: self.chain.clone(),
            starts,
            from_input,
            checkpoints: prepared.checkpoints.clone(),
            checkpoint_format: prepared.checkpoint_format,
            checkpoint_compression: prepared.checkpoint_compression,
            checkpoint_batch_rows: u32::try_from(prepared.recipe.storage.arrow_batch_size)
                .unwrap_or(u32::MAX),
            // What is a record was settled when the dataset was cut.
            max_record_bytes: self.cut_settings().max_record_bytes,
            lenient: prepared.recipe.dataset.lenient,
            keep_stats: prepared.recipe.export.keep_stats,
            note_types: prepared.target.needs_second_pass(),
            keep_dropped: prepared.keeps_dropped(),
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
        // `usable` wants them in the order of the journal.
        let mut entries: Vec<_> = self.state.checkpoints(partition).collect();
        entries.reverse();
        let candidates: Vec<Candidate> = entries
            .into_iter()
            .filter_map(|entry| {
                let name = ObjectName::new(&entry.file.path).ok()?;
                let (operation, chain) = (entry.operation, entry.chain.to_string());
                Some(Candidate {
                    operation,
                    chain,
                    stamp: entry.file.stamp(),
                    name,
                })
            })
            .collect();
        let wanted: Vec<String> = self.chain.iter().map(ToString::to_string).collect();
        let start = |found: &Candidate| Start::Checkpoint {
            operation: found.operation,
            name: found.name.as_str().to_owned(),
            stamp: found.stamp,
        };
        usable(&candidates, &wanted)
            .into_iter()
            .map(start)
            .collect()
    }

    fn result_starts(&self, partition: u32) -> Vec<Start> {
        let start = |(operation, chain): (usize, &_)| {
            // Records that came out with their statistics are not what the operators left.
            let result = self
                .state
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
        self.chain.iter().enumerate().filter_map(start).collect()
    }
}
