//! What all workers of a job are told once.

use coldpress_dataset::Source;
use coldpress_storage::{StorageOptions, Stores};
use coldpress_worker::{CheckpointForm, JobSpec};

use crate::prepare::Prepared;

/// The part of a job that is the same for all attempts. `types_of_rows` is whether no schema says what the exported rows hold.
pub(crate) fn job_spec(
    prepared: &Prepared,
    stores: &Stores,
    sources: &[Source],
    types_of_rows: bool,
) -> JobSpec {
    let recipe = &prepared.recipe;
    JobSpec {
        stores: stores.specs().clone(),
        store_options: StorageOptions::default(),
        fetched: None,
        sources: sources.to_vec(),
        operators: recipe.process.clone(),
        settings: prepared.chain_settings.clone(),
        assets: prepared.assets(),
        checkpoints: CheckpointForm {
            full: prepared.full_checkpoints(),
            format: prepared.checkpoint_format,
            compression: prepared.checkpoint_compression,
            group_rows: prepared.group_rows(),
        },
        intermediate: prepared.intermediate(),
        rows_form: prepared.rows_form(),
        // The recipe's, not the plan's: it decides which records come out. Where it also decides what text a file
        // becomes, another one than the plan's was refused.
        max_record_bytes: recipe.failure.max_record_bytes,
        table_memory_bytes: prepared.table_memory_bytes(),
        lenient: recipe.dataset.lenient,
        keep_stats: recipe.export.keep_stats,
        statistics_alone: prepared.exports_statistics_alone(),
        note_types: prepared.outputs.export().needs_second_pass(),
        types_of_rows,
        keep_dropped: prepared.keeps_dropped(),
        trace: prepared.trace.as_ref().map(|trace| trace.spec.clone()),
    }
}
