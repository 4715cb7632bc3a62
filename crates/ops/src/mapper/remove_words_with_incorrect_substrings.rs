//! # What it does
//! Removes words that contain one of the given texts, such as parts of links.
//!
//! Words are separated by spaces, tabs and line feeds. Matching is case-sensitive.
//!
//! Blanks between words that stay are kept. Around a removed word, one run of blanks is kept. With `compat: data_juicer`, all
//! blanks of the text collapse to one, whether a word is removed or not, and empty lines vanish; and the special characters
//! (punctuation, digits, emoji) at the ends of a word are not searched, so that `//` and `.com` as words of their own stay.
//!
//! # Parameters
//! `substrings`, see below.
//!
//! With `tokenization: true`, pieces are removed instead of words, and the rest of the text is as the model normalises it: with
//! single spaces and without line feeds. With `compat: data_juicer` it has no spaces at all. If all pieces stay, the text stays as
//! it is. `lang` matters only for this.
//!
//! # Example
//! `go to http://x.org now` becomes `go to now`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use std::ops::Range;
use std::sync::Arc;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use memchr::memmem::Finder;

use crate::pieces::{PieceModel, PieceReader, RecordPieces};
use crate::text::chars::is_special;
use crate::text::word_drop::{Gaps, drop_words};

params! {
    /// Parameters of `remove_words_with_incorrect_substrings_mapper`.
    pub(crate) struct RemoveWordsParams {
        /// The language of the model.
        lang: String = "en".to_owned();
        /// If set, the pieces of the SentencePiece model `<lang>.sp.model` are the words.
        tokenization: bool = false;
        /// The texts that no word may contain. The empty text removes all words.
        substrings: Vec<String> = ["http", "www", ".com", "href", "//"].map(str::to_owned).into();
    }
}

/// Returns the description of `remove_words_with_incorrect_substrings_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_words_with_incorrect_substrings_mapper",
        "Removes words that contain one of the given texts, such as parts of links.",
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
    let model = params
        .tokenization
        .then(|| PieceModel::of_language(&params.lang, context));
    let model = model.transpose()?;
    Ok(Resolved::loading(move |shared| {
        let pieces = model.as_ref().map(|model| model.load(shared));
        Ok(RemoveWordsMapper {
            substrings: finders.clone(),
            found: Vec::new(),
            strips: gaps == Gaps::Collapse,
            gaps,
            pieces: pieces.transpose()?,
        })
    }))
}

struct RemoveWordsMapper {
    substrings: Arc<[Finder<'static>]>,
    /// The positions of substrings in the current text.
    found: Vec<usize>,
    /// True if special characters at the ends of a word are left out.
    strips: bool,
    gaps: Gaps,
    /// The reader that cuts texts into pieces, if pieces are searched instead of words.
    pieces: Option<PieceReader>,
}

impl RemoveWordsMapper {
    /// Returns whether a word contains none of the substrings.
    fn keeps(&self, word: &str) -> bool {
        let word = match self.strips {
            true => word.trim_matches(is_special),
            false => word,
        };
        let mut substrings = self.substrings.iter();
        !substrings.any(|substring| substring.find(word.as_bytes()).is_some())
    }
}

impl Mapper for RemoveWordsMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        if let Some(model) = &mut self.pieces {
            let pieces = model.pieces(record)?;
            if let Some(kept) = self.kept_pieces(&pieces) {
                edits.replace(0..text.len(), &kept);
            }
            return Ok(());
        }
        // Few words contain a substring, so the whole text is searched first. A substring with a blank in it is in no word, and
        // hides no other.
        self.found.clear();
        for substring in self.substrings.iter() {
            self.found.extend(substring.find_iter(text.as_bytes()));
        }
        self.found.sort_unstable();
        if self.found.is_empty() && self.gaps == Gaps::Keep {
            return Ok(());
        }
        let mut found = self.found.iter().copied().peekable();
        let keeps = |word: Range<usize>| {
            while found.next_if(|place| *place < word.start).is_some() {}
            let has_none = found.peek().is_none_or(|place| *place >= word.end);
            has_none || self.keeps(&text[word])
        };
        drop_words(text, self.gaps, keeps, |range, with| {
            edits.replace(range, with);
        });
        Ok(())
    }
}

impl RemoveWordsMapper {
    /// Returns the text of the pieces that stay; `None` if all stay.
    fn kept_pieces(&self, pieces: &RecordPieces) -> Option<String> {
        // Pieces are normalised, so they may contain a substring that the text doesn't contain.
        let mut kept = String::new();
        let mut is_whole = true;
        pieces.each(|piece| match self.keeps(piece) {
            true => kept.push_str(piece),
            false => is_whole = false,
        });
        if is_whole {
            return None;
        }
        // Data-Juicer joins the words without spaces.
        Some(match self.strips {
            true => kept.replace(SPACE_MARK, ""),
            false => kept.replace(SPACE_MARK, " ").trim().to_owned(),
        })
    }
}

/// The character that pieces have in place of a space.
const SPACE_MARK: &str = "\u{2581}";
