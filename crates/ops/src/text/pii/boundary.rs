//! Finds the beginnings and ends of words.

use crate::text::python;

/// The characters that count as part of a word.
///
/// In Python, Chinese characters are parts of words, just like letters. So it finds no number right next to them, as in
/// `电话13800138000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// ASCII letters and digits, and the underscore.
    Ascii,
    /// Letters and digits of all scripts, and the underscore, as in Python.
    All,
}

impl Words {
    /// Returns whether `ch` is part of words.
    pub(super) fn has(self, ch: char) -> bool {
        match self {
            Self::Ascii => ch == '_' || ch.is_ascii_alphanumeric(),
            Self::All => python::is_word(ch),
        }
    }

    /// Returns whether a word begins or ends at `at`, that is, whether exactly one of the characters next to it is part of words.
    pub(super) fn border(self, text: &str, at: usize) -> bool {
        self.before(text, at) != self.after(text, at)
    }

    /// Returns whether no word extends across `at`.
    pub(super) fn parts(self, text: &str, at: usize) -> bool {
        !(self.before(text, at) && self.after(text, at))
    }

    fn before(self, text: &str, at: usize) -> bool {
        text[..at]
            .chars()
            .next_back()
            .is_some_and(|ch| self.has(ch))
    }

    fn after(self, text: &str, at: usize) -> bool {
        text[at..].chars().next().is_some_and(|ch| self.has(ch))
    }
}
