//! The classes of characters that the patterns of byte-level tokenizers tell apart.

use std::sync::LazyLock;

/// The class of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\s`, other than line breaks.
    Space,
    /// `\r` and `\n`.
    Break,
    Other,
}

impl Class {
    /// Returns whether `\s` matches it.
    #[inline]
    pub(super) fn is_space(self) -> bool {
        matches!(self, Self::Space | Self::Break)
    }
}

/// The classes of all characters, by code point. They are those of the regular expressions of this program, which change with
/// Unicode.
static CLASSES: LazyLock<Box<[Class]>> = LazyLock::new(|| {
    let mut classes = vec![Class::Other; char::MAX as usize + 1].into_boxed_slice();
    let patterns = [
        (r"\p{L}", Class::Letter),
        (r"\p{N}", Class::Number),
        (r"\s", Class::Space),
    ];
    for (pattern, class) in patterns {
        let parsed = regex_syntax::parse(pattern);
        let kind = parsed.as_ref().map(regex_syntax::hir::Hir::kind);
        let Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(ranges))) = kind
        else {
            unreachable!("{pattern} is a class of characters");
        };
        for range in ranges.iter() {
            classes[range.start() as usize..=range.end() as usize].fill(class);
        }
    }
    classes['\n' as usize] = Class::Break;
    classes['\r' as usize] = Class::Break;
    classes
});

/// Finds the classes of characters.
#[derive(Clone, Copy)]
pub(super) struct Classes(&'static [Class]);

impl Classes {
    pub(super) fn new() -> Self {
        Self(&CLASSES)
    }

    /// Returns the class of the character at a place of a text, and where the next one is; none at the end.
    #[inline]
    pub(super) fn at(self, text: &str, place: usize) -> Option<(Class, usize)> {
        let byte = *text.as_bytes().get(place)?;
        if byte.is_ascii() {
            return Some((self.0[usize::from(byte)], place + 1));
        }
        let ch = text[place..].chars().next()?;
        Some((self.0[ch as usize], place + ch.len_utf8()))
    }

    /// Returns where the run of characters that `is_in` accepts ends.
    #[inline]
    pub(super) fn run(self, text: &str, mut place: usize, is_in: impl Fn(Class) -> bool) -> usize {
        while let Some((class, next)) = self.at(text, place)
            && is_in(class)
        {
            place = next;
        }
        place
    }
}
