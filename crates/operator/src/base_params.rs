//! Parameters that operators have besides their own.

use crate::error::ParamError;
use crate::filter::RangeRule;
use crate::kind::OperatorKind;
use crate::params;
use crate::params::{ParamReader, ParamSpec, Params};

params! {
    /// Parameters that every operator has.
    struct OfAll {
        /// The field that holds the text, instead of the recipe's first text key. A dotted name reaches into objects.
        text_key: Option<String> = None;
        /// Whether a record that this operator fails on goes to quarantine (true) or fails its partition (false),
        /// instead of what the recipe says.
        skip_op_error: Option<bool> = None;
        /// `data_juicer`: keep Data-Juicer's known quirks, whatever the recipe's key `compat` says; null to do as the key says.
        /// It changes nothing for an operator without quirks.
        compat: Option<String> = None, |name| name.as_deref().is_none_or(|name| name == "data_juicer"),
            "must be `data_juicer`";
    }
}

params! {
    /// Parameters that batch-level operators have besides. How many records come together changes no result, so this
    /// is no part of an operator's identity.
    struct OfBatchLevel {
        /// The most records that the operator is given at a time; as many as a batch has unless set.
        batch_size: Option<u64> = None, |size| *size != Some(0), "must be at least 1";
    }
}

/// Parameters that Data-Juicer's operators have and that change nothing here.
const WITHOUT_EFFECT: [&str; 16] = [
    "accelerator",
    "audio_key",
    "auto_op_parallelism",
    "batch_size",
    "cpu_required",
    "history_key",
    "image_key",
    "index_key",
    "mem_required",
    "num_cpus",
    "num_gpus",
    "num_proc",
    "query_key",
    "response_key",
    "turbo",
    "video_key",
];

/// What a call says besides the operator's own parameters.
pub(crate) struct BaseParams {
    pub(crate) text_key: Option<String>,
    pub(crate) skip_op_error: Option<bool>,
    /// Whether the quirks of Data-Juicer are wanted, where the call says so.
    pub(crate) compat: Option<bool>,
    pub(crate) range: RangeRule,
    /// The most records at a time; of no meaning unless the operator is a batch-level one.
    pub(crate) batch_size: usize,
}

impl BaseParams {
    /// The declarations for operators of a kind. Batch-level ones have a `batch_size` by default.
    pub(crate) fn specs(kind: OperatorKind, batch_size: Option<usize>) -> Vec<ParamSpec> {
        let mut specs = OfAll::specs();
        if kind == OperatorKind::Filter {
            specs.extend(RangeRule::specs());
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
        let range = match kind {
            OperatorKind::Filter => RangeRule::read(reader)?,
            _ => RangeRule::defaults(),
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
            batch_size: asked.or(batch_size).unwrap_or(usize::MAX),
        })
    }
}

/// Accepts what Data-Juicer's recipes may say and is of no effect here.
///
/// # Errors
/// [`ParamError`] for what would have an effect that is not available.
pub(crate) fn ignore_without_effect(
    reader: &mut ParamReader<'_>,
    kind: OperatorKind,
) -> Result<(), ParamError> {
    if kind == OperatorKind::Filter {
        let path = reader.take::<Option<String>>("stats_export_path", None)?;
        if path.is_some() {
            return Err(ParamError::new("stats_export_path", "is not available yet"));
        }
    }
    WITHOUT_EFFECT.iter().for_each(|name| reader.ignore(name));
    Ok(())
}
