//! # What it does
//! Keeps records whose text repeats itself to a degree within bounds, measured by n-grams of words. The statistic `word_rep_ratio`
//! is the share of n-grams that occur more than once.
//!
//! Words are separated by spaces, line feeds and tabs. They are lowercased and stripped of special characters at both ends.
//!
//! # Parameters
//! `rep_len`, `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how
//! the bounds are applied.
//!
//! # Example
//! With `rep_len: 2`, `one two, One two` has the ratio 2/3.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters. N-grams are compared by unseeded hashes of 64 bits.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, Record, ResolveContext, Resolved, Shared, StatKind,
    StatValue, params,
};

use serde_json::json;

use super::range::range_filter_of_records;
use super::words::Words;
use crate::text::word_repetition::{VERSION, WordRepetition};

params! {
    /// Parameters of `word_repetition_filter`.
    pub(crate) struct WordRepetitionParams {
        /// The language of the tokenizer; it has no effect without one.
        lang: String = "en".to_owned();
        /// If set, the pieces of the SentencePiece model `<lang>.sp.model` are the words.
        tokenization: bool = false;
        /// The length of the n-grams, in words.
        rep_len: u64 = 10, |len| *len > 0, "must be at least 1";
        /// The least ratio; null for no bound.
        min_ratio: Option<f64> = Some(0.0);
        /// The greatest ratio; null for no bound.
        max_ratio: Option<f64> = Some(0.5);
    }
}

/// Returns the description of `word_repetition_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "word_repetition_filter",
        "Keeps records by how much their words repeat.",
        resolve,
    )
    .version(VERSION)
    .doc(&super::manual(include_str!("word_repetition.rs")))
}

fn resolve(
    params: WordRepetitionParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (params.min_ratio, params.max_ratio);
    let length = usize::try_from(params.rep_len).unwrap_or(usize::MAX);
    let words = Words::resolve(&params.lang, params.tokenization, context)?;
    let basis = json!([params.lang, params.tokenization, length]);
    let make = move |shared: &Shared| {
        let mut words = words.load(shared)?;
        let mut repetition = WordRepetition::default();
        Ok(move |record: &Record<'_>| {
            let words = words.lowered(record)?;
            Ok(StatValue::Float(repetition.ratio(&words, length)))
        })
    };
    Ok(
        range_filter_of_records(("word_rep_ratio", StatKind::Float), bounds, context, make)
            .stats_depend_on(basis),
    )
}
