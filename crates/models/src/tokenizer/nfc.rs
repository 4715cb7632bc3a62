//! Canonical composition of texts, with the tables of Hugging Face's library, which are older than others.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use unicode_normalization_alignments::{Recompositions, UnicodeNormalization, is_nfc};

/// Returns the canonical composition of a text.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    // Characters below U+0300, whose first bytes are below 0xCC, stay as they are.
    let greatest = text.bytes().fold(0, u8::max);
    match greatest < 0xcc || is_nfc(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().map(|(ch, _)| ch).collect()),
    }
}

/// Finds positions in a text from those in its composition, from the start on.
pub(super) struct Places<'a> {
    /// The text, if it differs from its composition.
    rest: Option<Rest<'a>>,
}

/// The part of a text and of its composition after the last position.
struct Rest<'a> {
    composed: Peekable<Recompositions<Chars<'a>>>,
    original: Chars<'a>,
    composed_at: usize,
    original_at: usize,
}

impl<'a> Places<'a> {
    /// Takes a text and its composition.
    pub(super) fn new(text: &'a str, composed: &str) -> Self {
        let rest = || Rest {
            composed: text.nfc().peekable(),
            original: text.chars(),
            composed_at: 0,
            original_at: 0,
        };
        Self {
            rest: (text != composed).then(rest),
        }
    }

    /// Returns the end, in the text, of the part that became the composition up to `at`; within a character, the position before
    /// it. Each `at` must be at least the one before.
    pub(super) fn original(&mut self, at: usize) -> usize {
        match &mut self.rest {
            None => at,
            Some(rest) => rest.advance(at),
        }
    }
}

impl Rest<'_> {
    fn advance(&mut self, at: usize) -> usize {
        while let Some((ch, change)) = self
            .composed
            .next_if(|(ch, _)| self.composed_at + ch.len_utf8() <= at)
        {
            self.composed_at += ch.len_utf8();
            // The change is 1 for a character that comes from no character of its own in the text. Otherwise, it is minus the
            // number of characters that went into this one in addition to the first.
            for _ in 0..1 - change {
                self.original_at += self.original.next().map_or(0, char::len_utf8);
            }
        }
        self.original_at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_those_of_the_characters_that_were_composed() {
        let text = "ae\u{301}\u{212b}가b\u{344}";
        let composed = nfc(text);
        assert_eq!(composed, "aé\u{c5}가b\u{308}\u{301}");
        let mut places = Places::new(text, &composed);
        let found = (0..=composed.len()).map(|at| places.original(at));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [0, 1, 1, 4, 4, 7, 7, 7, 10, 11, 11, 13, 13, 13]
        );
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_end_with_the_text(text in "[ae\u{301}\u{323}\u{344}\u{212b}\u{1100}\u{1161}\u{11a8}각中]{0,20}") {
            let composed = nfc(&text);
            let mut places = Places::new(&text, &composed);
            let mut last = 0;
            for at in 0..=composed.len() {
                let place = places.original(at);
                prop_assert!(place >= last);
                last = place;
            }
            prop_assert_eq!(last, text.len());
        }
    }
}
