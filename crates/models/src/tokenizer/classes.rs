//! The classes of characters that the patterns of byte-level tokenizers distinguish.

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

/// The classes of all characters, by code point. They are those of this program's regular expressions, which change with Unicode.
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

    /// Returns the class of the character at a position of a text, and the position of the next one; `None` at the end.
    #[inline]
    pub(super) fn at(self, text: &str, place: usize) -> Option<(Class, usize)> {
        let byte = *text.as_bytes().get(place)?;
        if byte.is_ascii() {
            return Some((self.0[usize::from(byte)], place + 1));
        }
        let ch = text[place..].chars().next()?;
        Some((self.0[ch as usize], place + ch.len_utf8()))
    }

    /// Returns the end of the run of letters.
    ///
    /// Most words are a few ASCII letters, whose end is found without a branch for each letter.
    #[inline]
    pub(super) fn letters(self, text: &str, mut place: usize) -> usize {
        let bytes = text.as_bytes();
        while let Some(eight) = bytes.get(place..).and_then(|rest| rest.first_chunk()) {
            let others = HIGH_BITS ^ ascii_letters(u64::from_le_bytes(*eight));
            place += others.trailing_zeros() as usize / 8;
            if others == 0 {
                continue;
            }
            if bytes[place].is_ascii() {
                return place;
            }
            while let Some((class, next)) = self.at(text, place)
                && !bytes[place].is_ascii()
            {
                if class != Class::Letter {
                    return place;
                }
                place = next;
            }
        }
        self.run(text, place, |class| class == Class::Letter)
    }

    /// Returns the end of the run of characters that `is_in` accepts.
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

/// The highest bit of each byte.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Returns the highest bits of those bytes, among eight, that are ASCII letters.
#[inline]
fn ascii_letters(bytes: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // Every sum fits in a byte.
    let lower = bytes & !HIGH_BITS | each(0x20);
    let from_a = lower + each(0x80 - b'a');
    let after_z = lower + each(0x80 - b'z' - 1);
    from_a & !after_z & !bytes & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_ascii_are_told_from_all_other_bytes() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                for others in [b'a', b'[', 0xff] {
                    let mut bytes = [others; 8];
                    bytes[place] = byte;
                    let expected = bytes.map(|byte| u8::from(byte.is_ascii_alphabetic()) << 7);
                    let found = ascii_letters(u64::from_le_bytes(bytes));
                    assert_eq!(found.to_le_bytes(), expected, "{byte} {place}");
                }
            }
        }
    }

    #[test]
    fn runs_of_letters_end_where_the_classes_say() {
        let classes = Classes::new();
        let pieces = [
            "a",
            "Word",
            "é",
            "字",
            "ſ",
            "1",
            " ",
            "-",
            "😀",
            "\u{301}",
            "abcdefghij",
            "ß9",
        ];
        let text: String = (0..600)
            .map(|number| pieces[number * number / 7 % pieces.len()])
            .collect();
        for (place, _) in text.char_indices() {
            let expected = classes.run(&text, place, |class| class == Class::Letter);
            assert_eq!(classes.letters(&text, place), expected, "{place}");
        }
        assert_eq!(classes.letters(&text, text.len()), text.len());
    }
}
