//! # What it does
//! Keeps records whose longest line has a length within bounds. The length in characters, without the line end, is the statistic
//! `max_line_length`; 0 for an empty text.
//!
//! Lines end where Python's `splitlines` ends them, as for `average_line_length_filter`.
//!
//! # Parameters
//! `min_len` and `max_len`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds are
//! applied.
//!
//! # Example
//! A text of the lines `four` and `five5` has the maximum 5.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::{bound, range_filter};
use crate::text::line_lengths::line_lengths;

params! {
    /// Parameters of `maximum_line_length_filter`.
    pub(crate) struct MaximumLineLengthParams {
        /// The least length; null for no bound.
        min_len: Option<i64> = Some(10);
        /// The greatest length; null for no bound.
        max_len: Option<i64> = Some(i64::MAX);
    }
}

/// Returns the description of `maximum_line_length_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "maximum_line_length_filter",
        "Keeps records by the length of their longest line.",
        resolve,
    )
    .doc(&super::manual(include_str!("maximum_line_length.rs")))
}

fn resolve(
    params: MaximumLineLengthParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    Ok(range_filter(
        ("max_line_length", StatKind::Int),
        (bound(params.min_len), bound(params.max_len)),
        context,
        |text| {
            let longest = line_lengths(text).longest;
            StatValue::Int(i64::try_from(longest).unwrap_or(i64::MAX))
        },
    ))
}
