//! # What it does
//! Removes words that contain one of some texts, such as parts of links.
//!
//! Words are parted by spaces, tabs and line feeds. Case counts.
//!
//! Blanks between words that stay are left as they are; of those around a removed word, one run is left. With
//! `compat: data_juicer`, all blanks of the text collapse to one, whether a word is removed or not, and empty lines vanish;
//! and the special characters (punctuation, digits, emoji) at the ends of a word are left out when it is searched, so that
//! `//` and `.com` as words of their own stay.
//!
//! # Parameters
//! `substrings`, see below. `tokenization` is refused, because it is not available yet; `lang` matters only for it.
//!
//! # Example
//! `go to http://x.org now` becomes `go to now`.
//!
//! # Notes on determinism
//! Pure: the text and the parameters decide.

use std::sync::Arc;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use memchr::memmem::Finder;

use crate::text::chars::is_special;
use crate::text::word_drop::{Gaps, drop_words};

params! {
    /// Parameters of `remove_words_with_incorrect_substrings_mapper`.
    pub(crate) struct RemoveWordsParams {
        /// The language of the tokenizer.
        lang: String = "en".to_owned();
        /// Whether a tokenizer cuts the words; not available yet.
        tokenization: bool = false, |on| !on, "is not available yet";
        /// The texts that no word may contain. The empty text removes all words.
        substrings: Vec<String> = ["http", "www", ".com", "href", "//"].map(str::to_owned).into();
    }
}

/// The description of `remove_words_with_incorrect_substrings_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_words_with_incorrect_substrings_mapper",
        "Removes words that contain one of some texts, such as parts of links.",
        resolve,
    )
    .doc(&super::manual(include_str!(
        "remove_words_with_incorrect_substrings.rs"
    )))
}

fn resolve(
    params: RemoveWordsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveWordsMapper>, ParamError> {
    let gaps = super::gaps(context);
    let finders = params.substrings.iter();
    let finders: Arc<[Finder<'static>]> = finders
        .map(|text| Finder::new(text.as_bytes()).into_owned())
        .collect();
    Ok(Resolved::new(move || RemoveWordsMapper {
        substrings: finders.clone(),
        present: Vec::new(),
        strips: gaps == Gaps::Collapse,
        gaps,
    }))
}

struct RemoveWordsMapper {
    substrings: Arc<[Finder<'static>]>,
    /// The numbers of those that the text at hand has anywhere.
    present: Vec<usize>,
    /// Whether special characters at the ends of a word are left out.
    strips: bool,
    gaps: Gaps,
}

impl Mapper for RemoveWordsMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        // Most texts are long against what they have of the substrings, if anything.
        self.present.clear();
        let substrings = self.substrings.iter().enumerate();
        let present = substrings.filter(|(_, finder)| finder.find(text.as_bytes()).is_some());
        self.present.extend(present.map(|(number, _)| number));
        if self.present.is_empty() && self.gaps == Gaps::Keep {
            return Ok(());
        }
        let keeps = |word: &str| {
            let word = match self.strips {
                true => word.trim_matches(is_special),
                false => word,
            };
            let mut present = self.present.iter();
            !present.any(|number| self.substrings[*number].find(word.as_bytes()).is_some())
        };
        drop_words(text, self.gaps, keeps, |range, with| {
            edits.replace(range, with);
        });
        Ok(())
    }
}
