//! # What it does
//! Keeps records with a share of letters and digits (of any script) within bounds; the share is the statistic
//! `alnum_ratio`, 0 for an empty text.
//!
//! # Parameters
//! `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` say how the bounds count.
//!
//! # Example
//! `ab 12!` has the ratio 4/6 and is kept by default.
//!
//! # Notes on determinism
//! Pure: the text and the parameters decide. The character classes are those of Unicode 14, whatever is installed.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::range_filter;
use crate::text::chars::count_alnum;

params! {
    /// Parameters of `alphanumeric_filter`.
    pub(crate) struct AlphanumericParams {
        /// Count letters against the tokens of a tokenizer; not available yet.
        tokenization: bool = false;
        /// The least share; null for no bound.
        min_ratio: Option<f64> = Some(0.25);
        /// The greatest share; null for no bound.
        max_ratio: Option<f64> = Some(i64::MAX as f64);
    }
}

/// The description of `alphanumeric_filter`.
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
    if params.tokenization {
        return Err(ParamError::new(
            "tokenization",
            "is not available yet; leave it out or set it to false",
        ));
    }
    let bounds = (params.min_ratio, params.max_ratio);
    Ok(range_filter(
        ("alnum_ratio", StatKind::Float),
        bounds,
        context,
        |text| StatValue::Float(count_alnum(text).ratio()),
    ))
}
