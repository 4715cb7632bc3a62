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
//! `substrings`, see below.
//!
//! With `tokenization: true` pieces are removed, not words, and what stays is the text as the model normalises it: with
//! single spaces and without line feeds. With `compat: data_juicer` it has no spaces at all. A text of which every piece stays
//! is left as it is. `lang` matters only for this.
//!
//! # Example
//! `go to http://x.org now` becomes `go to now`.
//!
//! # Notes on determinism
//! Pure: the text and the parameters decide.

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
        /// Take the pieces of the SentencePiece model `<lang>.sp.model` as words.
        tokenization: bool = false;
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
    /// Where the text at hand has one of them.
    found: Vec<usize>,
    /// Whether special characters at the ends of a word are left out.
    strips: bool,
    gaps: Gaps,
    /// What cuts texts into pieces, if these are searched instead of words.
    pieces: Option<PieceReader>,
}

impl RemoveWordsMapper {
    /// Returns whether a word has none of the substrings.
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
        // Few words have any of the substrings, so the whole text is searched first. A substring with a blank in it is in no
        // word, and hides no other.
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
    /// Returns the text of the pieces that stay, unless all stay.
    fn kept_pieces(&self, pieces: &RecordPieces) -> Option<String> {
        // Pieces are normalised, so they may have what the text has not.
        let mut kept = String::new();
        let mut is_whole = true;
        pieces.each(|piece| match self.keeps(piece) {
            true => kept.push_str(piece),
            false => is_whole = false,
        });
        if is_whole {
            return None;
        }
        // Data-Juicer runs the words together.
        Some(match self.strips {
            true => kept.replace(SPACE_MARK, ""),
            false => kept.replace(SPACE_MARK, " ").trim().to_owned(),
        })
    }
}

/// What pieces have in the place of a space.
const SPACE_MARK: &str = "\u{2581}";
