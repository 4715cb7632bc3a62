//! # What it does
//! Keeps records whose number of words is within bounds. The number is the statistic `num_words`.
//!
//! Words are separated by spaces, line feeds and tabs. They are stripped of special characters at both ends, so `123` and `--`,
//! which consist of nothing else, aren't words. A line of Chinese without spaces is one word.
//!
//! # Parameters
//! `min_num` and `max_num`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds are
//! applied.
//!
//! # Example
//! `Hello, World! 123` has two words.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, Record, ResolveContext, Resolved, Shared, StatKind,
    StatValue, params,
};

use serde_json::json;

use super::range::{bound, range_filter_of_records};
use super::words::Words;

params! {
    /// Parameters of `words_num_filter`.
    pub(crate) struct WordsNumParams {
        /// The language of the tokenizer; it has no effect without one.
        lang: String = "en".to_owned();
        /// If set, the pieces of the SentencePiece model `<lang>.sp.model` are the words.
        tokenization: bool = false;
        /// The least number of words; null for no bound.
        min_num: Option<i64> = Some(10);
        /// The greatest number of words; null for no bound.
        max_num: Option<i64> = Some(i64::MAX);
    }
}

/// Returns the description of `words_num_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "words_num_filter",
        "Keeps records by the number of their words.",
        resolve,
    )
    .doc(&super::manual(include_str!("words_num.rs")))
}

fn resolve(
    params: WordsNumParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let bounds = (bound(params.min_num), bound(params.max_num));
    let words = Words::resolve(&params.lang, params.tokenization, context)?;
    let basis = json!([params.lang, params.tokenization]);
    let make = move |shared: &Shared| {
        let mut words = words.load(shared)?;
        Ok(move |record: &Record<'_>| {
            let count = words.count(record)?;
            Ok(StatValue::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        })
    };
    Ok(
        range_filter_of_records(("num_words", StatKind::Int), bounds, context, make)
            .stats_depend_on(basis),
    )
}
