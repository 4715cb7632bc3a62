//! # What it does
//! Keeps records whose text is in one of the given languages with at least the given score. The language is the statistic `lang`,
//! and the score is `lang_score`.
//!
//! Before detection, the text is lowercased and its line feeds become spaces.
//!
//! # Parameters
//! `lang` and `min_score`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how `min_score` is
//! applied. They don't affect the language, so with `reversed_range` records in other languages are still dropped.
//!
//! The model is the file `lid.176.bin` among the assets: a fastText model that names languages `en`, `zh` or `ceb`. Without it, a
//! built-in detector of some 70 languages is used instead. Its names are the same and its scores are similar, but not equal:
//! ordinary text has more than 0.8, and markup and other scripts lower the score. A text without letters is then `und`. With
//! `compat`, a missing model is an error.
//!
//! # Example
//! With `lang: en` and `min_score: 0.8`, an English page is kept and a French one is dropped. With `lang: [en, fr]` both are kept.
//! Without `lang` the score alone counts.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the model, or the version of the built-in detector.

use coldpress_operator::{
    Asset, Filter, KnownStats, LoadError, OperatorSpec, ParamError, RangeRule, Record, RecordError,
    ResolveContext, Resolved, Shared, StatKind, StatRow, StatValue, params,
};

use crate::text::language;
use crate::text::python::lower_into;

#[cfg(feature = "models")]
mod model;
#[cfg(not(feature = "models"))]
#[path = "language_id_score/no_model.rs"]
mod model;

/// The file of the model.
const MODEL: &str = "lid.176.bin";
/// The detector that is used without the model. Change this name whenever it gives other results.
const STAND_IN: &str = "the built-in detector of languages, version 1 (whatlang 0.18)";

params! {
    /// Parameters of `language_id_score_filter`.
    pub(crate) struct LanguageIdScoreParams {
        /// The language to keep, or a list of languages; empty for all.
        lang: Option<Vec<String>> = None;
        /// The least score.
        min_score: f64 = 0.8;
    }
}

/// Returns the description of `language_id_score_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "language_id_score_filter",
        "Keeps records by the language of their text.",
        resolve,
    )
    .doc(&super::manual(include_str!("language_id_score.rs")))
}

fn resolve(
    params: LanguageIdScoreParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<LanguageIdScore>, ParamError> {
    let asset = match context.asset_if_there("lang", MODEL)? {
        Some(_) if cfg!(not(feature = "models")) => {
            let message = "would use a fastText model, and this program was built without the feature `models`";
            return Err(ParamError::new("lang", message));
        }
        None if context.compat() => Some(context.asset("lang", MODEL)?),
        None => {
            context.stand_in(MODEL, STAND_IN);
            None
        }
        found => found,
    };
    let languages = params.lang.unwrap_or_default().into_iter();
    let languages: Vec<String> = languages.filter(|language| !language.is_empty()).collect();
    let rule = context.range.clone();
    let make = move |shared: &Shared| {
        Ok(LanguageIdScore {
            languages: languages.clone(),
            min_score: params.min_score,
            rule: rule.clone(),
            detector: Detector::new(asset.as_ref(), shared)?,
            lowered: String::new(),
        })
    };
    Ok(Resolved::loading(make)
        .stat("lang", StatKind::Text)
        .stat("lang_score", StatKind::Float))
}

struct LanguageIdScore {
    languages: Vec<String>,
    min_score: f64,
    rule: RangeRule,
    detector: Detector,
    lowered: String,
}

enum Detector {
    Model(Box<model::Model>),
    BuiltIn,
}

impl Detector {
    fn new(asset: Option<&Asset>, shared: &Shared) -> Result<Self, LoadError> {
        match asset {
            Some(asset) => {
                model::Model::load(asset, shared).map(|model| Self::Model(Box::new(model)))
            }
            None => Ok(Self::BuiltIn),
        }
    }

    fn detect(&mut self, text: &str) -> Result<(&str, f64), RecordError> {
        match self {
            Self::Model(model) => model.detect(text),
            Self::BuiltIn => Ok(language::detect(text)),
        }
    }
}

impl Filter for LanguageIdScore {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        self.lowered.clear();
        lower_into(record.text(0)?, &mut self.lowered);
        let (language, score) = self.detector.detect(&self.lowered)?;
        stats.set(0, StatValue::Text(language.into()));
        stats.set(1, StatValue::Float(score));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        let is_wanted = |language: &StatValue| match language {
            StatValue::Text(language) => self.languages.iter().any(|wanted| **wanted == **language),
            _ => false,
        };
        (self.languages.is_empty() || is_wanted(&stats[0]))
            && self
                .rule
                .keep(stats[1].as_f64(), Some(self.min_score), None)
    }
}
