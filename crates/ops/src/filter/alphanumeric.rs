//! # What it does
//! Keeps records whose share of letters and digits (of any script) is within bounds. The share is the statistic `alnum_ratio`, 0
//! for an empty text.
//!
//! With `tokenization: true` it is the number of letters per token, `alpha_token_ratio`, which is more than 1 for most texts. The
//! tokenizer is the file `EleutherAI/pythia-6.9b-deduped/tokenizer.json` among the assets.
//!
//! # Parameters
//! `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds
//! are applied.
//!
//! # Example
//! `ab 12!` has the ratio 4/6 and is kept by default.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters. The character classes are those of Unicode 18, or of Unicode 14
//! with `compat`, whatever is installed.

use coldpress_operator::{
    Filter, LoadError, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    Shared, StatKind, StatValue, params,
};

use super::range::range_filter_of_records;
use crate::text::chars::{count_alnum, is_alpha};
use crate::tokens::{PYTHIA, TokenModel};
use crate::unicode;

params! {
    /// Parameters of `alphanumeric_filter`.
    pub(crate) struct AlphanumericParams {
        /// If set, counts the letters per token of the tokenizer `EleutherAI/pythia-6.9b-deduped`.
        tokenization: bool = false;
        /// The least share; null for no bound.
        min_ratio: Option<f64> = Some(0.25);
        /// The greatest share; null for no bound.
        max_ratio: Option<f64> = Some(i64::MAX as f64);
    }
}

/// Returns the description of `alphanumeric_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "alphanumeric_filter",
        "Keeps records by their share of letters and digits.",
        resolve,
    )
    .doc(&super::manual(include_str!("alphanumeric.rs")))
}

fn resolve(
    params: AlphanumericParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (params.min_ratio, params.max_ratio);
    let unicode = unicode::version(context);
    let (stat, model) = match params.tokenization {
        false => ("alnum_ratio", None),
        true => {
            let model = TokenModel::find("tokenization", PYTHIA, context)?;
            ("alpha_token_ratio", Some(model))
        }
    };
    let make = move |shared: &Shared| -> Result<Measure, LoadError> {
        Ok(match &model {
            None => Box::new(move |record| {
                let count = count_alnum(record.text(0)?, unicode);
                Ok(StatValue::Float(count.ratio()))
            }),
            Some(model) => {
                let mut tokens = model.load(shared)?;
                Box::new(move |record| {
                    let letters = record.text(0)?.chars();
                    let letters = letters.filter(|ch| is_alpha(*ch, unicode)).count();
                    let ratio = match tokens.count(record)? {
                        0 => 0.0,
                        tokens => letters as f64 / tokens as f64,
                    };
                    Ok(StatValue::Float(ratio))
                })
            }
        })
    };
    let stat = (stat, StatKind::Float);
    Ok(range_filter_of_records(stat, bounds, context, make))
}

type Measure = Box<dyn FnMut(&Record<'_>) -> Result<StatValue, RecordError> + Send>;
