//! # What it does
//! Keeps records whose number of tokens is within bounds. The number is the statistic `num_token`.
//!
//! Tokens are those of a Hugging Face tokenizer, without special tokens such as the ones at the start and the end.
//!
//! # Parameters
//! `hf_tokenizer` names the tokenizer: a folder with a `tokenizer.json`, or `owner/name` as on the Hugging Face hub, whose
//! `tokenizer.json` must be among the assets. `min_num` and `max_num`, see below; `min_closed_interval`, `max_closed_interval` and
//! `reversed_range` control how the bounds are applied.
//!
//! # Example
//! Most tokenizers make three tokens of `Hello world!`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the tokenizer's file.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, Record, ResolveContext, Resolved, Shared, StatKind,
    StatValue, params,
};

use super::range::{bound, range_filter_of_records};
use crate::tokens::{PYTHIA, TokenModel};

params! {
    /// Parameters of `token_num_filter`.
    pub(crate) struct TokenNumParams {
        /// The tokenizer.
        hf_tokenizer: String = PYTHIA.to_owned();
        /// The least number of tokens; null for no bound.
        min_num: Option<i64> = Some(10);
        /// The greatest number of tokens; null for no bound.
        max_num: Option<i64> = Some(i64::MAX);
    }
}

/// Returns the description of `token_num_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "token_num_filter",
        "Keeps records by the number of their tokens.",
        resolve,
    )
    .doc(&super::manual(include_str!("token_num.rs")))
}

fn resolve(
    params: TokenNumParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (bound(params.min_num), bound(params.max_num));
    let model = TokenModel::find("hf_tokenizer", &params.hf_tokenizer, context)?;
    let make = move |shared: &Shared| {
        let mut tokens = model.load(shared)?;
        Ok(move |record: &Record<'_>| {
            let count = tokens.count(record)?;
            Ok(StatValue::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        })
    };
    Ok(range_filter_of_records(
        ("num_token", StatKind::Int),
        bounds,
        context,
        make,
    ))
}
