//! Cuts a text into chunks: where a pattern matches, after a number of characters, or both.

use std::ops::Range;

use coldpress_pattern::{Dialect, Error, Matches, Options, Pattern, TooManySteps, Unicode};

use super::python::strip;

/// A pattern that separates chunks.
#[derive(Clone)]
pub struct Separator(Matches);

impl Separator {
    /// Reads a pattern of Python's `re`, with a dot that does not match line feeds.
    ///
    /// # Errors
    /// Those of the pattern.
    pub fn new(pattern: &str, unicode: Unicode) -> Result<Self, Error> {
        let options = Options {
            dialect: Dialect::Re,
            unicode,
            dot_all: false,
        };
        Pattern::new(pattern, options).map(|pattern| Self(Matches::new(pattern)))
    }

    /// Reports the parts of `text` between the matches, in order, and between two parts the texts that the groups of the pattern
    /// matched. Blank parts are left out.
    ///
    /// # Errors
    /// [`TooManySteps`] if matching takes too long.
    pub fn split(
        &mut self,
        text: &str,
        mut chunk: impl FnMut(Range<usize>),
    ) -> Result<(), TooManySteps> {
        let mut part = |range: Range<usize>| {
            if !strip(&text[range.clone()]).is_empty() {
                chunk(range);
            }
        };
        let mut start = 0;
        self.0.each(text, |slots| {
            let (Some(match_start), Some(match_end)) = (slots[0], slots[1]) else {
                return;
            };
            part(start..match_start);
            for group in slots[2..].chunks_exact(2) {
                if let (Some(start), Some(end)) = (group[0], group[1]) {
                    part(start..end);
                }
            }
            start = match_end;
        })?;
        part(start..text.len());
        Ok(())
    }

    /// Returns the last match in `text`.
    ///
    /// # Errors
    /// [`TooManySteps`] if matching takes too long.
    pub fn last(&mut self, text: &str) -> Result<Option<Range<usize>>, TooManySteps> {
        let mut last = None;
        self.0
            .each_whole(text, |start, end| last = Some(start..end))?;
        Ok(last)
    }
}

/// The greatest length of chunks, in characters or in the unit that a [`Ruler`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The length of a chunk, at most; at least 1.
    pub length: usize,
    /// The number of characters of a chunk that the next one repeats if the chunk was cut by its length. It must be less than
    /// `length`.
    pub overlap: usize,
    /// True if the last chunk may consist only of the end of the one before.
    pub repeats_end: bool,
    /// The number of bytes that are examined, at most. Overlaps can make the chunks of a text many times as long as the text.
    pub most_bytes: usize,
}

impl Window {
    /// Reports chunks of that length, in order. A text that is short enough is one chunk, even if it is empty.
    ///
    /// # Errors
    /// [`NotCut::TooLong`]
    pub fn cut(
        self,
        ruler: impl Ruler,
        text: &str,
        mut chunk: impl FnMut(Range<usize>),
    ) -> Result<(), NotCut> {
        let (mut start, mut room) = (0, self.most_bytes);
        let mut reached = 0;
        loop {
            let Ahead { end, next, is_last } = ruler.ahead(self, text, start);
            room = room.checked_sub(end - start).ok_or(NotCut::TooLong)?;
            // With tokens that share a character, a chunk may reach no further than the one before.
            if end > reached || start == 0 || self.repeats_end {
                chunk(start..end);
                reached = end;
            }
            let is_done = match self.repeats_end {
                // A text that fits is one chunk. Otherwise, chunks begin as long as there is text.
                true => (start == 0 && is_last) || next == text.len(),
                false => is_last,
            };
            if is_done {
                return Ok(());
            }
            start = next;
        }
    }

    /// Reports chunks that end at the last match of `separator` within the window, or after its length if there is no match.
    /// Matches are left out, and so are blank chunks except the last.
    ///
    /// # Errors
    /// [`NotCut`]
    pub fn cut_at(
        self,
        ruler: impl Ruler,
        separator: &mut Separator,
        text: &str,
        mut chunk: impl FnMut(Range<usize>),
    ) -> Result<(), NotCut> {
        let (mut start, mut room) = (0, self.most_bytes);
        let mut reached = 0;
        loop {
            let Ahead { end, next, is_last } = ruler.ahead(self, text, start);
            room = room.checked_sub(end - start).ok_or(NotCut::TooLong)?;
            if is_last {
                chunk(start..text.len());
                return Ok(());
            }
            // An empty match at the start would cut nothing off.
            let found = separator
                .last(&text[start..end])?
                .filter(|found| found.end > 0);
            let (part, next) = match found {
                Some(found) => (start..start + found.start, start + found.end),
                // As above.
                None if end == reached => (end..end, next),
                None => (start..end, next),
            };
            reached = part.end;
            if !strip(&text[part.clone()]).is_empty() {
                chunk(part);
            }
            start = next;
        }
    }
}

/// Measures the length of a chunk.
pub trait Ruler {
    /// Looks ahead from a position in the text, as far as a chunk may reach.
    fn ahead(&self, window: Window, text: &str, start: usize) -> Ahead;
}

/// The result of looking ahead.
pub struct Ahead {
    /// The end of a chunk.
    end: usize,
    /// The beginning of the next chunk if this one is cut by its length.
    next: usize,
    /// True if the rest of the text fits into a chunk.
    is_last: bool,
}

/// Counts characters.
#[derive(Clone, Copy, Debug)]
pub struct Characters;

impl Ruler for Characters {
    fn ahead(&self, window: Window, text: &str, start: usize) -> Ahead {
        let mut places = text[start..].char_indices().map(|(place, _)| start + place);
        let step = window.length - window.overlap;
        let next = places.nth(step).unwrap_or(text.len());
        // The position at `step` has been taken, so the next is one further.
        let end = match window.overlap {
            0 => next,
            overlap => places.nth(overlap - 1).unwrap_or(text.len()),
        };
        Ahead {
            end,
            next,
            is_last: end == text.len(),
        }
    }
}

/// Counts tokens of the whole text, by their ends, which are in order.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a>(pub &'a [usize]);

impl Ruler for Tokens<'_> {
    fn ahead(&self, window: Window, text: &str, start: usize) -> Ahead {
        // If a chunk begins within a token, the rest of the token counts as one.
        let first = self.0.partition_point(|end| *end <= start);
        let after = |tokens: usize| self.0.get(first + tokens - 1).copied();
        // A token that ends within a character is left to the next chunk with all of the character, unless nothing would be left in
        // this one.
        let boundary = |end: Option<usize>| match end {
            None => text.len(),
            Some(end) => match text.floor_char_boundary(end) {
                floor if floor > start => floor,
                _ => text.ceil_char_boundary(end.max(start + 1)),
            },
        };
        let is_last = self.0.len() - first <= window.length;
        let end = match is_last {
            true => text.len(),
            false => boundary(after(window.length)),
        };
        let step = window.length - window.overlap;
        Ahead {
            end,
            next: boundary(after(step)).min(end),
            is_last: is_last || end == text.len(),
        }
    }
}

/// The reason why a text is not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCut {
    /// Its chunks would have more bytes than allowed, or finding them would mean reading more.
    TooLong,
    /// The pattern takes too many steps.
    TooManySteps(TooManySteps),
}

impl From<TooManySteps> for NotCut {
    fn from(error: TooManySteps) -> Self {
        Self::TooManySteps(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(length: usize, overlap: usize, repeats_end: bool) -> Window {
        Window {
            length,
            overlap,
            repeats_end,
            most_bytes: 1 << 20,
        }
    }

    fn cut(window: Window, text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        window
            .cut(Characters, text, |range| all.push(&text[range]))
            .unwrap();
        all
    }

    /// Cuts windows as Python does.
    fn plain(text: &str, length: usize, overlap: usize) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() <= length {
            return vec![text.to_owned()];
        }
        let starts = (0..chars.len()).step_by(length - overlap);
        let window = |start| chars[start..chars.len().min(start + length)].iter();
        starts.map(|start| window(start).collect()).collect()
    }

    #[test]
    fn chunks_that_repeat_all_but_one_character_are_given_up() {
        let text = "a".repeat(10_000);
        let found = window(5_000, 4_999, false).cut(Characters, &text, |_| ());
        assert_eq!(found, Err(NotCut::TooLong));
        let mut separator = Separator::new("^a", Unicode::Newest).unwrap();
        let found = window(5_000, 0, false).cut_at(Characters, &mut separator, &text, |_| ());
        assert_eq!(found, Err(NotCut::TooLong));
    }

    proptest! {
        #[test]
        fn windows_are_those_of_data_juicer(text in "[aé語]{0,20}", length in 1..8_usize, overlap in 0..7_usize) {
            let overlap = overlap.min(length - 1);
            prop_assert_eq!(cut(window(length, overlap, true), &text), plain(&text, length, overlap));
        }

        #[test]
        fn windows_have_all_of_the_text_and_each_something_new(text in "[aé語]{0,20}", length in 1..8_usize, overlap in 0..7_usize) {
            let overlap = overlap.min(length - 1);
            let (mut end, mut count) = (0, 0);
            window(length, overlap, false).cut(Characters, &text, |range| {
                assert!(range.start <= end && (range.end > end || text.is_empty()));
                end = range.end;
                count += 1;
            }).unwrap();
            prop_assert!(end == text.len() && count > 0);
        }

        #[test]
        fn chunks_of_tokens_have_all_of_the_text_and_each_something_new(
            text in "[aé語\u{1f600}]{0,20}",
            ends in prop::collection::vec(0..80_usize, 0..40),
            length in 1..8_usize,
            overlap in 0..7_usize,
        ) {
            // The ends may be anywhere, even within characters or several at one position.
            let mut ends: Vec<usize> = ends.into_iter().map(|end| end.min(text.len())).collect();
            ends.sort_unstable();
            let window = window(length, overlap.min(length - 1), false);
            let (mut end, mut count) = (0, 0);
            window.cut(Tokens(&ends), &text, |range| {
                assert!(text.get(range.clone()).is_some());
                assert!(range.start <= end && (range.end > end || text.is_empty()));
                end = range.end;
                count += 1;
            }).unwrap();
            prop_assert!(end == text.len() && count > 0);
            let mut separator = Separator::new("é", Unicode::Newest).unwrap();
            window.cut_at(Tokens(&ends), &mut separator, &text, |range| assert!(text.get(range).is_some())).unwrap();
        }

        #[test]
        fn tokens_of_one_character_are_characters(text in "[aé語]{0,20}", length in 1..8_usize, overlap in 0..7_usize) {
            let window = window(length, overlap.min(length - 1), false);
            let ends: Vec<usize> = text.char_indices().map(|(at, ch)| at + ch.len_utf8()).collect();
            let (mut by_tokens, mut by_characters) = (Vec::new(), Vec::new());
            window.cut(Tokens(&ends), &text, |range| by_tokens.push(range)).unwrap();
            window.cut(Characters, &text, |range| by_characters.push(range)).unwrap();
            prop_assert_eq!(by_tokens, by_characters);
        }

        #[test]
        fn cutting_at_matches_ends(text in "[a\n ]{0,40}", length in 1..8_usize, overlap in 0..7_usize, pattern in prop::sample::select(vec!["\n", "a*", "^", " "])) {
            let window = window(length, overlap.min(length - 1), true);
            let mut separator = Separator::new(pattern, Unicode::Newest).unwrap();
            let mut count = 0;
            window.cut_at(Characters, &mut separator, &text, |range| {
                assert!(text[range].chars().count() <= length);
                count += 1;
            }).unwrap();
            prop_assert!(count <= text.len() + 1);
        }
    }
}
