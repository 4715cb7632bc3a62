//! Parameters that operators have in addition to their own.

use crate::error::ParamError;
use crate::filter::RangeRule;
use crate::kind::OperatorKind;
use crate::params;
use crate::params::{ParamReader, ParamSpec, Params};

params! {
    /// Parameters that every operator has.
    struct OfAll {
        /// The field with the text, instead of the recipe's first text key. A dotted name reaches into objects.
        text_key: Option<String> = None;
        /// Overrides the recipe: if true, a record that this operator fails on goes to quarantine; if false, it fails its
        /// partition.
        skip_op_error: Option<bool> = None;
        /// `data_juicer`: keep Data-Juicer's known quirks, whatever the recipe's key `compat` says; null to do as the key says.
        /// It changes nothing for an operator without quirks. `python`: run the operator in Data-Juicer's Python package.
        compat: Option<String> = None, |name| name.as_deref().is_none_or(|name| matches!(name, "data_juicer" | "python")),
            "must be `data_juicer` or `python`";
    }
}

params! {
    /// Additional parameters of batch-level operators. The number of records per call doesn't affect results, so this is not part
    /// of an operator's identity.
    struct OfBatchLevel {
        /// The number of records that the operator gets at a time, at most; if not set, as many as a batch has.
        batch_size: Option<u64> = None, |size| *size != Some(0), "must be at least 1";
    }
}

params! {
    /// Additional parameters of filters.
    struct OfFilters {
        /// A file for all records that come to this filter, with their statistics. It has the records that the filter drops too,
        /// but not those that it fails on. The file is written along with the export; null for none.
        stats_export_path: Option<String> = None, |path| path.as_deref() != Some(""), "must name a file";
    }
}

/// Parameters of Data-Juicer's operators that have no effect here.
const WITHOUT_EFFECT: [&str; 27] = [
    "accelerator",
    "adaptive_batching",
    "audio_key",
    "auto_op_parallelism",
    "batch_mode",
    "batch_size",
    "cpu_required",
    "gpu_required",
    "history_key",
    "image_bytes_key",
    "image_key",
    "index_key",
    "instruction_key",
    "mem_required",
    "memory",
    "num_cpus",
    "num_gpus",
    "num_proc",
    "prompt_key",
    "query_key",
    "ray_execution_mode",
    "response_key",
    "runtime_env",
    "system_key",
    "turbo",
    "video_key",
    "work_dir",
];

/// The parameters of a call other than the operator's own.
pub(crate) struct BaseParams {
    pub(crate) text_key: Option<String>,
    pub(crate) skip_op_error: Option<bool>,
    /// The call's choice of Data-Juicer's quirks, if it has the parameter.
    pub(crate) compat: Option<bool>,
    pub(crate) range: RangeRule,
    /// The file for all of a filter's records with their statistics.
    pub(crate) stats_export_path: Option<String>,
    /// The number of records at a time, at most; it has no meaning unless the operator is a batch-level one.
    pub(crate) batch_size: usize,
}

impl BaseParams {
    /// Returns the declarations for operators of a kind. Only batch-level ones have a default `batch_size`.
    pub(crate) fn specs(kind: OperatorKind, batch_size: Option<usize>) -> Vec<ParamSpec> {
        let mut specs = OfAll::specs();
        if kind == OperatorKind::Filter {
            specs.extend(RangeRule::specs());
            specs.extend(OfFilters::specs());
        }
        if let Some(size) = batch_size {
            let set = (size < usize::MAX).then_some(size);
            specs.extend(OfBatchLevel::specs().into_iter().map(|spec| ParamSpec {
                default: serde_json::json!(set),
                ..spec
            }));
        }
        specs
    }

    pub(crate) fn read(
        reader: &mut ParamReader<'_>,
        kind: OperatorKind,
        batch_size: Option<usize>,
    ) -> Result<Self, ParamError> {
        let of_all = OfAll::read(reader)?;
        let (range, of_filters) = match kind {
            OperatorKind::Filter => (RangeRule::read(reader)?, OfFilters::read(reader)?),
            _ => (RangeRule::defaults(), OfFilters::defaults()),
        };
        let asked = match batch_size {
            Some(_) => OfBatchLevel::read(reader)?.batch_size,
            None => None,
        };
        let asked = asked.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        Ok(Self {
            text_key: of_all.text_key,
            skip_op_error: of_all.skip_op_error,
            compat: of_all.compat.map(|_| true),
            range,
            stats_export_path: of_filters.stats_export_path,
            batch_size: asked.or(batch_size).unwrap_or(usize::MAX),
        })
    }
}

/// Accepts the parameters of Data-Juicer's recipes that have no effect here.
pub(crate) fn ignore_without_effect(reader: &mut ParamReader<'_>) {
    WITHOUT_EFFECT.iter().for_each(|name| reader.ignore(name));
}
