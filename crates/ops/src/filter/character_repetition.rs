//! # What it does
//! Keeps records whose text repeats itself to a degree within bounds, measured by n-grams of characters. The statistic
//! `char_rep_ratio` is the share of the most frequent n-grams that occur more than once: as many of them as the square root of the
//! number of different n-grams.
//!
//! # Parameters
//! `rep_len`, `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how
//! the bounds are applied.
//!
//! # Example
//! With `rep_len: 3`, `abcabcabcxyz` has the ratio 5/10.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters. N-grams are compared directly, or by unseeded hashes of at least
//! 61 bits.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, StatValue, params,
};

use super::range::range_filter;
use crate::text::char_repetition::{CharRepetition, VERSION};

params! {
    /// Parameters of `character_repetition_filter`.
    pub(crate) struct CharacterRepetitionParams {
        /// The length of the n-grams, in characters.
        rep_len: u64 = 10, |len| *len > 0, "must be at least 1";
        /// The least ratio; null for no bound.
        min_ratio: Option<f64> = Some(0.0);
        /// The greatest ratio; null for no bound.
        max_ratio: Option<f64> = Some(0.5);
    }
}

/// Returns the description of `character_repetition_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "character_repetition_filter",
        "Keeps records by how much their characters repeat.",
        resolve,
    )
    .version(VERSION)
    .doc(&super::manual(include_str!("character_repetition.rs")))
}

fn resolve(
    params: CharacterRepetitionParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (params.min_ratio, params.max_ratio);
    let length = usize::try_from(params.rep_len).unwrap_or(usize::MAX);
    let mut repetition = CharRepetition::default();
    let resolved = range_filter(
        ("char_rep_ratio", StatKind::Float),
        bounds,
        context,
        move |text| StatValue::Float(repetition.ratio(text, length)),
    );
    Ok(resolved.stats_depend_on(length.into()))
}
