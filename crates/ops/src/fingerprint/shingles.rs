//! Shingles: all windows of a given number of consecutive tokens in a text.
//!
//! The text is lowercased, then the matches of the ignored pattern are removed, then it is cut into tokens, in this order. The
//! tokens are copied into one buffer with their separator between them, so that every shingle is a range of it.

use std::ops::Range;

use coldpress_pattern::{Error, TooManySteps};

use crate::text::block_scan::for_each_hit;
use crate::text::chars::is_punctuation;
use crate::text::python;
use crate::text::substitution::Substitution;

/// The ways of cutting a text into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenization {
    /// Everything between spaces (U+0020 only); empty tokens are left out. A space joins the tokens of a shingle.
    Space,
    /// Everything between punctuation characters, which are left out; empty tokens count. A space joins the tokens of a shingle.
    Punctuation,
    /// Characters (code points); nothing joins them.
    Character,
}

/// Cuts texts into shingles, reusing its memory from text to text.
#[derive(Clone)]
pub struct Shingler {
    tokenization: Tokenization,
    window_size: usize,
    lowercase: bool,
    ignored: Option<Substitution>,
    /// The tokens, joined.
    buffer: String,
    spare: String,
    /// The ends of the tokens in the buffer, unless the buffer itself shows them.
    ends: Vec<usize>,
    /// The starts of the last tokens, as many as a window has.
    starts: Vec<usize>,
}

impl Shingler {
    /// Returns a shingler for windows of `window_size` tokens, which is taken as 1 if it is 0.
    ///
    /// `ignored` is a pattern; `None` and an empty one ignore nothing.
    ///
    /// # Errors
    /// Those of the pattern.
    pub fn new(
        tokenization: Tokenization,
        window_size: usize,
        lowercase: bool,
        ignored: Option<&str>,
    ) -> Result<Self, Error> {
        let ignored = ignored.filter(|pattern| !pattern.is_empty());
        Ok(Self {
            tokenization,
            window_size: window_size.max(1),
            lowercase,
            ignored: ignored.map(Substitution::removing).transpose()?,
            buffer: String::new(),
            spare: String::new(),
            ends: Vec::new(),
            starts: Vec::new(),
        })
    }

    /// Calls `visit` with every shingle of `text` in order, as a range of a buffer. A text with fewer tokens than the window has
    /// none.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::shingles::{Shingler, Tokenization};
    ///
    /// let mut shingler = Shingler::new(Tokenization::Space, 2, true, None).unwrap();
    /// let mut shingles = Vec::new();
    /// let each = |buffer: &[u8], range: std::ops::Range<usize>| shingles.push(buffer[range].to_vec());
    /// shingler.each("To be  or", each).unwrap();
    /// assert_eq!(shingles, [b"to be".as_slice(), b"be or"]);
    /// ```
    ///
    /// # Errors
    /// [`TooManySteps`] if matching the ignored pattern takes too long.
    pub fn each(
        &mut self,
        text: &str,
        visit: impl FnMut(&[u8], Range<usize>),
    ) -> Result<(), TooManySteps> {
        self.prepare(text)?;
        if self.tokenization == Tokenization::Character {
            each_of_characters(&self.buffer, self.window_size, visit);
            return Ok(());
        }
        let bytes = self.buffer.as_bytes();
        let mut windows = Windows::new(&mut self.starts, self.window_size, bytes, visit);
        match self.tokenization {
            Tokenization::Space if bytes.is_empty() => {}
            Tokenization::Space => {
                for_each_hit(
                    bytes,
                    |byte, _, _| byte == b' ',
                    |place| windows.token(place, 1),
                );
                windows.token(bytes.len(), 1);
            }
            // Shingles of characters are cut above.
            Tokenization::Punctuation | Tokenization::Character => {
                self.ends.iter().for_each(|&end| windows.token(end, 1));
            }
        }
        Ok(())
    }

    /// Returns the text as it is before it is cut: lowercased, and without the matches of the ignored pattern.
    ///
    /// # Errors
    /// [`TooManySteps`] if matching the ignored pattern takes too long.
    pub fn prepared(&mut self, text: &str) -> Result<&str, TooManySteps> {
        self.buffer.clear();
        if self.lowercase {
            python::lower_into(text, &mut self.buffer);
        } else {
            self.buffer.push_str(text);
        }
        self.remove_ignored()?;
        Ok(&self.buffer)
    }

    /// Calls `visit` with every shingle of tokens that something else, such as a model, cut from a [prepared](Self::prepared) text.
    /// `tokens` has all of them without separators, and `ends` has their ends.
    pub fn each_of_tokens(
        &mut self,
        tokens: &str,
        ends: impl Iterator<Item = usize>,
        visit: impl FnMut(&[u8], Range<usize>),
    ) {
        self.buffer.clear();
        self.buffer.push_str(tokens);
        let mut windows =
            Windows::new(&mut self.starts, self.window_size, tokens.as_bytes(), visit);
        ends.for_each(|end| windows.token(end, 0));
    }

    /// Returns the tokens of the last text, joined.
    pub fn tokens(&self) -> &str {
        &self.buffer
    }

    /// Fills the buffer with the tokens of `text`.
    fn prepare(&mut self, text: &str) -> Result<(), TooManySteps> {
        self.prepared(text)?;
        match self.tokenization {
            Tokenization::Space => join_words(&mut self.buffer),
            Tokenization::Punctuation => self.join_between_punctuation(),
            Tokenization::Character => {}
        }
        Ok(())
    }

    fn remove_ignored(&mut self) -> Result<(), TooManySteps> {
        let Some(ignored) = &mut self.ignored else {
            return Ok(());
        };
        self.spare.clear();
        let (buffer, spare) = (&self.buffer, &mut self.spare);
        let mut kept = 0;
        ignored.replace_all(buffer, |range, _| {
            spare.push_str(&buffer[kept..range.start]);
            kept = range.end;
        })?;
        spare.push_str(&buffer[kept..]);
        std::mem::swap(&mut self.buffer, &mut self.spare);
        Ok(())
    }

    fn join_between_punctuation(&mut self) {
        self.ends.clear();
        self.spare.clear();
        for token in self.buffer.split(is_punctuation) {
            self.spare.push_str(token);
            self.ends.push(self.spare.len());
            self.spare.push(' ');
        }
        std::mem::swap(&mut self.buffer, &mut self.spare);
    }
}

/// Leaves one space between words and none at the ends.
fn join_words(text: &mut String) {
    if text.starts_with(' ') || memchr::memmem::find(text.as_bytes(), b"  ").is_some() {
        let mut after_space = true;
        text.retain(|ch| !(std::mem::replace(&mut after_space, ch == ' ') && ch == ' '));
    }
    if text.ends_with(' ') {
        text.pop();
    }
}

/// Calls `visit` with every window of `size` characters. Both of its ends move one character at a time, so the positions between
/// them need not be stored.
fn each_of_characters(text: &str, size: usize, mut visit: impl FnMut(&[u8], Range<usize>)) {
    let bytes = text.as_bytes();
    // The first byte of a character has as many leading ones as the character has bytes, or none if it is the only byte.
    let after = |place: usize| place + (bytes[place].leading_ones() as usize).max(1);
    let (mut start, mut end) = (0, 0);
    for _ in 0..size {
        if end == bytes.len() {
            return;
        }
        end = after(end);
    }
    visit(bytes, start..end);
    while end < bytes.len() {
        // In most texts every byte is a character, and both ends move together.
        if end - start == size
            && let Some(ahead) = bytes[end..].first_chunk::<8>()
            && ahead.is_ascii()
        {
            for more in 1..=ahead.len() {
                visit(bytes, start + more..start + more + size);
            }
            (start, end) = (start + ahead.len(), end + ahead.len());
            continue;
        }
        (start, end) = (after(start), after(end));
        visit(bytes, start..end);
    }
}

/// Makes windows of tokens.
struct Windows<'a, F> {
    /// The starts of the last tokens: a ring whose first element is at `oldest` once it is full.
    starts: &'a mut Vec<usize>,
    size: usize,
    oldest: usize,
    /// The start of the next token.
    start: usize,
    buffer: &'a [u8],
    visit: F,
}

impl<'a, F: FnMut(&[u8], Range<usize>)> Windows<'a, F> {
    fn new(starts: &'a mut Vec<usize>, size: usize, buffer: &'a [u8], visit: F) -> Self {
        starts.clear();
        Self {
            starts,
            size,
            oldest: 0,
            start: 0,
            buffer,
            visit,
        }
    }

    /// Adds the token that ends at `end`. The next one starts `joiner` bytes after it.
    #[inline]
    fn token(&mut self, end: usize, joiner: usize) {
        match self.starts.get_mut(self.oldest) {
            Some(start) => *start = self.start,
            None => self.starts.push(self.start),
        }
        self.start = end + joiner;
        self.oldest += 1;
        if self.oldest == self.size {
            self.oldest = 0;
        }
        if self.starts.len() == self.size {
            (self.visit)(self.buffer, self.starts[self.oldest]..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tokenization::{Character, Punctuation, Space};
    use super::*;
    use proptest::prelude::*;

    fn shingles(shingler: &mut Shingler, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let each = |buffer: &[u8], range: Range<usize>| {
            found.push(String::from_utf8(buffer[range].to_vec()).unwrap());
        };
        shingler.each(text, each).unwrap();
        found
    }

    #[track_caller]
    fn check(tokenization: Tokenization, window_size: usize, text: &str, expected: &[&str]) {
        let mut shingler = Shingler::new(tokenization, window_size, true, None).unwrap();
        assert_eq!(shingles(&mut shingler, text), expected);
    }

    #[test]
    fn windows_of_each_kind_of_token() {
        check(Space, 2, " A  b\tc d ", &["a b\tc", "b\tc d"]);
        check(Space, 1, "   ", &[]);
        check(Space, 1, "", &[]);
        check(Space, 3, "a b", &[]);
        check(Punctuation, 2, "a, b.C", &["a  b", " b c"]);
        check(Punctuation, 1, "", &[""]);
        check(Punctuation, 2, "。a", &[" a"]);
        check(Punctuation, 2, "1+1 $5", &[]);
        check(Character, 2, "Aé\u{1f600}", &["aé", "é\u{1f600}"]);
        check(Character, 3, "ab", &[]);
        check(Character, 0, "ab", &["a", "b"]);
    }

    #[test]
    fn the_pattern_is_removed_after_lowering_and_before_cutting() {
        let mut shingler = Shingler::new(Space, 2, true, Some("[a-c]+ ?")).unwrap();
        assert_eq!(shingles(&mut shingler, "ABC x y abc d"), ["x y", "y d"]);
        let mut shingler = Shingler::new(Space, 1, false, Some("[a-c]+")).unwrap();
        assert_eq!(shingles(&mut shingler, "ABC xa"), ["ABC", "x"]);
        let mut shingler = Shingler::new(Character, 1, false, Some("")).unwrap();
        assert_eq!(shingles(&mut shingler, "a"), ["a"]);
        assert!(Shingler::new(Space, 1, true, Some("(")).is_err());
    }

    /// Returns the windows as Data-Juicer makes them.
    fn plain(tokenization: Tokenization, size: usize, text: &str) -> Vec<String> {
        let mut lowered = String::new();
        python::lower_into(text, &mut lowered);
        let (tokens, joiner): (Vec<String>, &str) = match tokenization {
            Space => {
                let words = lowered.split(' ').filter(|word| !word.is_empty());
                (words.map(str::to_owned).collect(), " ")
            }
            Punctuation => (
                lowered.split(is_punctuation).map(str::to_owned).collect(),
                " ",
            ),
            Character => (lowered.chars().map(String::from).collect(), ""),
        };
        tokens
            .windows(size)
            .map(|window| window.join(joiner))
            .collect()
    }

    proptest! {
        #[test]
        fn windows_agree_with_the_plain_form(text in "([a-zA-Z ,.]{0,80}|[ a。é\n]{0,20}|\\PC{0,9}){0,3}", size in 1usize..7) {
            for tokenization in [Space, Punctuation, Character] {
                let mut shingler = Shingler::new(tokenization, size, true, None).unwrap();
                let expected = plain(tokenization, size, &text);
                prop_assert_eq!(shingles(&mut shingler, &text), expected.clone());
                prop_assert_eq!(shingles(&mut shingler, &text), expected);
            }
        }
    }
}
