//! Cuts a text into characters, or at spaces.

use std::ops::Range;

use super::pieces::Pieces;
use super::unigram::char_bytes;
use super::vocabulary::Vocabulary;
use crate::trie::Trie;

/// The mark that replaces a space in pieces.
pub(super) const SPACE_MARK: char = '\u{2581}';

/// The user-defined symbols of a model, which are never cut.
pub(super) struct Symbols(pub(super) Option<Trie>);

impl Symbols {
    /// Returns the characters and user-defined symbols of a text, and whether each is a symbol.
    pub(super) fn of<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = (Range<usize>, bool)> + 'a {
        let bytes = text.as_bytes();
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
            let symbol = self.0.as_ref().and_then(|trie| trie.longest_prefix(rest));
            let end = start + symbol.unwrap_or_else(|| char_bytes(rest[0]));
            Some((std::mem::replace(&mut start, end)..end, symbol.is_some()))
        })
    }
}

/// Makes a piece of each character and each user-defined symbol.
pub(super) fn cut_into_characters(vocabulary: &Vocabulary, symbols: &Symbols, pieces: &mut Pieces) {
    let Pieces { text, ends, ids } = pieces;
    for (range, _) in symbols.of(text) {
        ends.push(range.end as u32);
        ids.push(vocabulary.id_of(&text[range]));
    }
}

/// Makes a piece of each word with the mark of the space before it.
pub(super) fn cut_into_words(vocabulary: &Vocabulary, pieces: &mut Pieces) {
    let Pieces { text, ends, ids } = pieces;
    let mut start = 0;
    while start < text.len() {
        // A mark at the start belongs to the word.
        let after_first = start + char_bytes(text.as_bytes()[start]);
        let end = text[after_first..]
            .find(SPACE_MARK)
            .map_or(text.len(), |at| after_first + at);
        ends.push(end as u32);
        ids.push(vocabulary.id_of(&text[start..end]));
        start = end;
    }
}
