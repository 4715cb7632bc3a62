//! # What it does
//! Puts each sentence of the text on a line of its own.
//!
//! Sentences are found by the Punkt algorithm, which knows the abbreviations of a language. The whitespace between sentences
//! becomes one line feed, and whitespace at the end of the text is removed. Line ends within a sentence stay.
//!
//! # Parameters
//! `lang`, see below. The tables of the language are those of NLTK: the folder `punkt_tab/english`, or that of another language,
//! among the assets or below `nltk_data/tokenizers` there.
//!
//! # Example
//! `Hello world. This is Dr. Smith.` becomes `Hello world.\nThis is Dr. Smith.`
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the tables.

use std::sync::Arc;

use coldpress_operator::{
    Changes, LoadError, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved, params,
};

use crate::text::punkt::{Sentences, Tables};

params! {
    /// Parameters of `sentence_split_mapper`.
    pub(crate) struct SentenceSplitParams {
        /// The language of the text: `en`, `fr`, `pt` or `es`.
        lang: String = "en".to_owned(), |lang| folder(lang).is_some(), "must be `en`, `fr`, `pt` or `es`";
    }
}

/// Returns the description of `sentence_split_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "sentence_split_mapper",
        "Puts each sentence of the text on a line of its own.",
        resolve,
    )
    .doc(&super::manual(include_str!("sentence_split.rs")))
}

/// Returns the name of a language's folder.
fn folder(lang: &str) -> Option<&'static str> {
    match lang {
        "en" => Some("english"),
        "fr" => Some("french"),
        "pt" => Some("portuguese"),
        "es" => Some("spanish"),
        _ => None,
    }
}

fn resolve(
    params: SentenceSplitParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<SentenceSplitMapper>, ParamError> {
    let folder = folder(&params.lang).unwrap_or_default();
    let name = format!("punkt_tab/{folder}");
    let asset = context.asset_folder("lang", &name)?;
    Ok(Resolved::loading(move |shared| {
        let tables = shared.model(&asset, |asset| {
            Tables::read(&asset.path).map_err(|error| LoadError::new(error.to_string()))
        })?;
        Ok(SentenceSplitMapper {
            tables,
            sentences: Sentences::default(),
        })
    }))
}

struct SentenceSplitMapper {
    tables: Arc<Tables>,
    sentences: Sentences,
}

impl Mapper for SentenceSplitMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        let mut end = None;
        self.sentences.each(text, &self.tables, |sentence| {
            let gap = end.unwrap_or(0)..sentence.start;
            let kept = if end.is_some() { "\n" } else { "" };
            if &text[gap.clone()] != kept {
                edits.replace(gap, kept);
            }
            end = Some(sentence.end);
        });
        let end = end.unwrap_or(0);
        if end < text.len() {
            edits.delete(end..text.len());
        }
        Ok(())
    }
}
