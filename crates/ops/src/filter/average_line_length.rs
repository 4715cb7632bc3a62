//! # What it does
//! Keeps records whose lines have an average length within bounds. The average is the statistic `avg_line_length`: the number of
//! all characters, line ends included, divided by the number of lines; 0 for an empty text.
//!
//! Lines end where Python's `splitlines` ends them: at line feeds, carriage returns, vertical tabs, form feeds, U+001C to U+001E,
//! U+0085, U+2028 and U+2029. If nothing follows the last of these, no further line is counted.
//!
//! # Parameters
//! `min_len` and `max_len`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds are
//! applied.
//!
//! # Example
//! A text of the lines `a`, `bb` and `ccc`, of which the last has no line end, has the average 8/3.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::range_filter;
use crate::text::line_lengths::average_line_length;

params! {
    /// Parameters of `average_line_length_filter`.
    pub(crate) struct AverageLineLengthParams {
        /// The least average; null for no bound.
        min_len: Option<f64> = Some(10.0);
        /// The greatest average; null for no bound.
        max_len: Option<f64> = Some(i64::MAX as f64);
    }
}

/// Returns the description of `average_line_length_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "average_line_length_filter",
        "Keeps records by the average length of their lines.",
        resolve,
    )
    .doc(&super::manual(include_str!("average_line_length.rs")))
}

fn resolve(
    params: AverageLineLengthParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    Ok(range_filter(
        ("avg_line_length", StatKind::Float),
        (params.min_len, params.max_len),
        context,
        |text| StatValue::Float(average_line_length(text)),
    ))
}
