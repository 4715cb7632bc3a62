//! # What it does
//! Keeps records whose perplexity is within bounds, that is, whose text is predictable to that degree. The statistic `perplexity`
//! is the number of words among which a language model would have to guess at each place, rounded to one decimal. It is low for
//! text like the text that the model was trained on, and high for lists, code and other languages. It is 0 for an empty text.
//!
//! The text is cut into pieces by a SentencePiece model, the pieces are joined with spaces, and each line of the result is a
//! sentence for the language model.
//!
//! # Parameters
//! `lang`, `min_ppl` and `max_ppl`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the
//! bounds are applied.
//!
//! The models are the files `LANG.sp.model` (SentencePiece) and `LANG.arpa.bin` (KenLM: ARPA text, or either binary form) among the
//! assets. `LANG` is the language.
//!
//! # Example
//! With the default bounds, text with a perplexity of up to 1500 is kept.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the models.

use coldpress_operator::{
    Filter, OperatorSpec, ParamError, Record, ResolveContext, Resolved, Shared, StatKind,
    StatValue, params,
};
use serde_json::json;

use super::range::range_filter_of_records;
use crate::pieces::PieceModel;

#[cfg(feature = "models")]
mod model;
#[cfg(not(feature = "models"))]
#[path = "perplexity/no_model.rs"]
mod model;

use model::LanguageModel;

params! {
    /// Parameters of `perplexity_filter`.
    pub(crate) struct PerplexityParams {
        /// The language of the models.
        lang: String = "en".to_owned();
        /// The least perplexity; null for no bound.
        min_ppl: Option<f64> = Some(0.0);
        /// The greatest perplexity; null for no bound.
        max_ppl: Option<f64> = Some(1500.0);
    }
}

/// Returns the description of `perplexity_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "perplexity_filter",
        "Keeps records by how predictable their text is.",
        resolve,
    )
    .doc(&super::manual(include_str!("perplexity.rs")))
}

fn resolve(
    params: PerplexityParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let pieces = PieceModel::find("lang", &format!("{}.sp.model", params.lang), context)?;
    let language = context.asset("lang", &format!("{}.arpa.bin", params.lang))?;
    let cuts_at_nul = context.compat();
    let make = move |shared: &Shared| {
        let mut pieces = pieces.load(shared)?;
        let mut language = LanguageModel::load(&language, cuts_at_nul, shared)?;
        Ok(move |record: &Record<'_>| {
            Ok(StatValue::Float(
                language.perplexity(&pieces.pieces(record)?),
            ))
        })
    };
    Ok(range_filter_of_records(
        ("perplexity", StatKind::Float),
        (params.min_ppl, params.max_ppl),
        context,
        make,
    )
    .stats_depend_on(json!(params.lang)))
}
