//! The signature of `document_deduplicator`: a digest of the text.

use super::digest::{self, TextDigest};
use crate::text::chars::is_digit;
use crate::text::python;

/// The differences between two texts that do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactOptions {
    /// If set, upper and lower case are the same.
    pub lowercase: bool,
    /// If set, whitespace, decimal digits and ASCII punctuation are left out.
    pub ignore_non_character: bool,
}

/// Computes the digests of texts, ignoring whitespace at their ends.
#[derive(Clone, Debug, Default)]
pub struct ExactHasher {
    options: ExactOptions,
    lowered: String,
    reduced: String,
}

impl ExactHasher {
    /// Returns a hasher.
    pub fn new(options: ExactOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Returns the digest of `text`.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::exact::{ExactHasher, ExactOptions};
    ///
    /// let mut hasher = ExactHasher::new(ExactOptions {
    ///     lowercase: true,
    ///     ignore_non_character: true,
    /// });
    /// assert_eq!(hasher.digest("A-b C1"), hasher.digest("abc"));
    /// ```
    pub fn digest(&mut self, text: &str) -> TextDigest {
        digest::of_text(self.compared(text).as_bytes())
    }

    /// Returns the part of `text` that is compared with other texts.
    pub(super) fn compared<'a>(&'a mut self, text: &'a str) -> &'a str {
        let mut text = text;
        if self.options.lowercase {
            self.lowered.clear();
            python::lower_into(text, &mut self.lowered);
            text = &self.lowered;
        }
        if self.options.ignore_non_character {
            self.reduced.clear();
            remove_into(text, is_non_character, &mut self.reduced);
            text = &self.reduced;
        }
        python::strip(text)
    }
}

/// Appends `text` without the characters for which `is_removed` holds.
pub(super) fn remove_into(text: &str, is_removed: fn(char) -> bool, out: &mut String) {
    out.extend(text.split(is_removed));
}

/// Returns whether `ignore_non_character` leaves `ch` out. The regex engine that Data-Juicer uses here doesn't treat U+001C to
/// U+001F as whitespace, although Python itself does.
fn is_non_character(ch: char) -> bool {
    if ch.is_ascii() {
        matches!(ch, '\t'..='\r' | ' ') || ch.is_ascii_digit() || ch.is_ascii_punctuation()
    } else {
        python::is_space(ch) || is_digit(ch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_does_not_count() {
        let mut hasher = ExactHasher::new(ExactOptions {
            lowercase: false,
            ignore_non_character: true,
        });
        let letters = hasher.digest("ab");
        for text in [
            "a b",
            "a1b",
            "a_b!",
            "\u{3000}a\u{a0}b",
            "a٣b",
            "\u{1c}ab",
            "a\u{85}b",
        ] {
            assert_eq!(hasher.digest(text), letters, "{text:?}");
        }
        for text in ["a。b", "a\u{1c}b", "A b", "a²b"] {
            assert_ne!(hasher.digest(text), letters, "{text:?}");
        }
    }

    #[test]
    fn a_hasher_remembers_nothing() {
        let mut hasher = ExactHasher::new(ExactOptions {
            lowercase: true,
            ignore_non_character: false,
        });
        let first = hasher.digest(" Text\n");
        assert_ne!(hasher.digest("Other text"), first);
        assert_eq!(hasher.digest("TEXT"), first);
        assert_eq!(first, digest::of_text(b"text"));
    }
}
