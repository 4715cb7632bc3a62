//! # What it does
//! Keeps records whose number of characters (code points) is within bounds. The number is the statistic `text_len`.
//!
//! # Parameters
//! `min_len` and `max_len`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds are
//! applied.
//!
//! # Example
//! With `min_len: 3`, `你好` is dropped and `你好！` is kept.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::{bound, range_filter};
use crate::text::chars::count_chars;

params! {
    /// Parameters of `text_length_filter`.
    pub(crate) struct TextLengthParams {
        /// The least number of characters; null for no bound.
        min_len: Option<i64> = Some(10);
        /// The greatest number of characters; null for no bound.
        max_len: Option<i64> = Some(i64::MAX);
    }
}

/// Returns the description of `text_length_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "text_length_filter",
        "Keeps records by the length of their text.",
        resolve,
    )
    .doc(&super::manual(include_str!("text_length.rs")))
}

fn resolve(
    params: TextLengthParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (bound(params.min_len), bound(params.max_len));
    Ok(range_filter(
        ("text_len", StatKind::Int),
        bounds,
        context,
        |text| StatValue::Int(i64::try_from(count_chars(text)).unwrap_or(i64::MAX)),
    ))
}
