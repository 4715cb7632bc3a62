//! # What it does
//! Keeps records whose share of special characters is within bounds. The share is the statistic `special_char_ratio`, 0 for an
//! empty text.
//!
//! The special characters are those of Data-Juicer's list: ASCII punctuation, digits, whitespace, emoji, and some 160 others.
//!
//! # Parameters
//! `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds
//! are applied.
//!
//! # Example
//! `100%` has the ratio 1 and is dropped by default.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::range_filter;
use crate::text::chars::count_special;

params! {
    /// Parameters of `special_characters_filter`.
    pub(crate) struct SpecialCharactersParams {
        /// The least share; null for no bound.
        min_ratio: Option<f64> = Some(0.0);
        /// The greatest share; null for no bound.
        max_ratio: Option<f64> = Some(0.25);
    }
}

/// Returns the description of `special_characters_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "special_characters_filter",
        "Keeps records by their share of special characters.",
        resolve,
    )
    .doc(&super::manual(include_str!("special_characters.rs")))
}

fn resolve(
    params: SpecialCharactersParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (params.min_ratio, params.max_ratio);
    Ok(range_filter(
        ("special_char_ratio", StatKind::Float),
        bounds,
        context,
        |text| StatValue::Float(count_special(text).ratio()),
    ))
}
