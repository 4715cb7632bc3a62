//! Where words begin and end.

use crate::text::python;

/// What counts as a part of a word.
///
/// To Python, Chinese characters are parts of words like letters. So it finds no number right beside them, as in `电话13800138000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Letters and digits of ASCII, and the underscore.
    Ascii,
    /// Letters and digits of all scripts, and the underscore, as in Python.
    All,
}

impl Words {
    /// Returns whether `ch` is a part of words.
    pub(super) fn has(self, ch: char) -> bool {
        match self {
            Self::Ascii => ch == '_' || ch.is_ascii_alphanumeric(),
            Self::All => python::is_word(ch),
        }
    }

    /// Returns whether a word begins or ends at `at`: whether exactly one of the characters beside it is a part of words.
    pub(super) fn border(self, text: &str, at: usize) -> bool {
        self.before(text, at) != self.after(text, at)
    }

    /// Returns whether no word reaches beyond `at` from one side to the other.
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
