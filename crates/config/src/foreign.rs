//! Keys of Data-Juicer that have no use in Coldpress.
//!
//! A key that only controls how Data-Juicer runs is accepted with a warning, so that its recipes load. A key that would change
//! which records come out is an error: a recipe must never silently mean something else.

use crate::error::{Diagnostic, Error, Place, Result};
use crate::node::{Node, shortened};
use crate::render;
use crate::secrets::is_secret;

/// The treatment of a key of Data-Juicer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    /// Accepted with one warning.
    None,
    /// Refused if it requests something (not `null`, `false` or an empty list or text).
    ChangesResult(&'static str),
}

/// Returns the treatment of the key `name`, if Data-Juicer has it and Coldpress doesn't.
pub(crate) fn effect(name: &str) -> Option<Effect> {
    let refused = CHANGES_RESULT.iter().find(|(known, _)| *known == name);
    if let Some((_, note)) = refused {
        return Some(Effect::ChangesResult(note));
    }
    let section = name.split_once('.').map_or(name, |(section, _)| section);
    NO_EFFECT
        .iter()
        .any(|known| *known == name || *known == section)
        .then_some(Effect::None)
}

/// Returns the keys of Data-Juicer that are refused, with advice, and those without effect.
pub fn foreign_keys() -> (
    impl Iterator<Item = (&'static str, &'static str)>,
    impl Iterator<Item = &'static str>,
) {
    (CHANGES_RESULT.iter().copied(), NO_EFFECT.iter().copied())
}

/// Returns every such key.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CHANGES_RESULT
        .iter()
        .map(|(name, _)| *name)
        .chain(NO_EFFECT.iter().copied())
}

impl Effect {
    /// Returns a warning, nothing, or an error.
    pub(crate) fn judge(self, key: &str, node: &Node, place: &Place) -> Result<Option<Diagnostic>> {
        match self {
            Self::ChangesResult(_) if asks_nothing(node) => Ok(None),
            Self::ChangesResult(note) => Err(Error::NotAvailable {
                key: key.to_string(),
                value: match is_secret(key) {
                    true => "…".to_owned(),
                    false => shortened(&render::flow(node)),
                },
                place: place.clone(),
                note: note.to_string(),
            }),
            Self::None => Ok(Some(Diagnostic {
                message: format!("`{key}` is a key of Data-Juicer and has no effect here"),
                span: place.span,
                origin: place.origin.clone(),
                help: Some("remove it".to_string()),
            })),
        }
    }
}

fn asks_nothing(node: &Node) -> bool {
    node.is_null()
        || node.as_bool() == Some(false)
        || node.as_str() == Some("")
        || node.as_list().is_some_and(<[Node]>::is_empty)
        || node.as_map().is_some_and(<[_]>::is_empty)
}

const CHANGES_RESULT: &[(&str, &str)] = &[
    (
        "generated_dataset_config",
        "generate the dataset first and name its files in `dataset_path`",
    ),
    ("export_extra_args", "exports have no options of their own"),
];

const NO_EFFECT: &[&str] = &[
    "read_options",
    "load_dataset_kwargs.num_proc",
    "load_dataset_kwargs.cache_dir",
    "load_dataset_kwargs.keep_in_memory",
    "load_dataset_kwargs.download_mode",
    "load_dataset_kwargs.verification_mode",
    "load_dataset_kwargs.save_infos",
    "load_dataset_kwargs.chunksize",
    "load_dataset_kwargs.batch_size",
    "load_dataset_kwargs.low_memory",
    "load_dataset_kwargs.memory_map",
    "use_cache",
    "ds_cache_dir",
    "cache_compress",
    "temp_dir",
    "open_monitor",
    "open_insight_mining",
    "op_list_to_mine",
    "op_fusion",
    "fusion_strategy",
    "mapper_fusion",
    "mapper_fusion_vram_limit",
    "adaptive_batch_size",
    "turbo",
    "debug",
    "auto_op_parallelism",
    "elastic_juicer_adaptive_batching",
    "elastic_juicer_profile_seed",
    "override_num_blocks",
    "use_dag",
    "strict_preflight",
    "metadata_dir",
    "results_dir",
    "event_log_file",
    "job_summary_file",
    "backed_up_config_path",
    "hpo_config",
    "data_probe_algo",
    "data_probe_ratio",
    "save_stats_in_one_file",
    "min_common_dep_num_to_combine",
    "conflict_resolve_strategy",
    "auto",
    "auto_num",
    "image_bytes_key",
    "image_special_token",
    "audio_special_token",
    "video_special_token",
    "eoc_special_token",
    "partition.partitions_per_node",
    "partition.execution_group_size",
    "partition.max_initialization_overhead_ratio",
    "partition.max_gpu_workers_per_device",
    "partition.max_concurrent_gpu_probes",
    "partition.gpu_preflight_enabled",
    "partition.gpu_probe_timeout_seconds",
    "partition.gpu_probe_warmup_batches",
    "partition.gpu_probe_steady_batches",
    "partition.gpu_probe_sample_offset",
    "partition.gpu_probe_sample_shuffle",
    "partition.gpu_probe_sample_seed",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeySpec;
    use crate::settings::keys;

    #[test]
    fn no_foreign_key_is_one_of_ours() {
        for name in names() {
            assert!(
                !keys().flat_map(KeySpec::spellings).any(|ours| ours == name),
                "{name}"
            );
        }
    }
}
