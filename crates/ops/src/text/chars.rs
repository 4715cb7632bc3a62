//! Character classes, and the number of characters of each class in a text.

use coldpress_pattern::Unicode;

use super::block_scan::pack;
use super::class_table::{BLOCK_OF, BLOCKS, Block, DIGITS, LATER, PAGE_OF, PUNCTUATION};

/// The number of characters of a text, in all and per class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CharCounts {
    /// All characters (code points).
    pub chars: u64,
    /// Characters that are alphanumeric, see [`is_alnum`].
    pub alnum: u64,
    /// Characters that are special, see [`is_special`].
    pub special: u64,
}

/// The number of characters of a text, in all and of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCount {
    /// All characters (code points).
    pub chars: u64,
    /// Characters of the class.
    pub members: u64,
}

impl ClassCount {
    /// Returns the share of the class; 0 for an empty text.
    pub fn ratio(self) -> f64 {
        if self.chars == 0 {
            0.0
        } else {
            self.members as f64 / self.chars as f64
        }
    }
}

/// Returns whether `str.isalnum` of Python 3.11 holds for `ch`: letters and all kinds of digits and numerals, of any
/// script.
pub fn is_alnum(ch: char) -> bool {
    is_alnum_in(ch, Unicode::Python311)
}

/// Returns the same for a version of Unicode.
fn is_alnum_in(ch: char, unicode: Unicode) -> bool {
    let (block, bit) = block_of(ch);
    block.alnum >> bit & 1 != 0 && (unicode == Unicode::Newest || !is_later(ch))
}

/// Returns whether Python's `str.isalpha` holds for `ch`: letters of any script.
pub fn is_alpha(ch: char, unicode: Unicode) -> bool {
    // Every alphanumeric character is a letter or a number. Some Chinese numerals are letters, and only Python treats them as
    // numbers.
    is_alnum_in(ch, unicode) && !ch.is_numeric()
}

/// Returns whether Unicode assigned `ch` after version 14, the version of Python 3.11, or not at all.
pub fn is_later(ch: char) -> bool {
    let (index, bit) = index_of(ch);
    LATER[index] >> bit & 1 != 0
}

/// Returns whether `ch` is one of the special characters: ASCII punctuation, digits and whitespace, emoji, and some
/// others.
pub fn is_special(ch: char) -> bool {
    let (block, bit) = block_of(ch);
    block.special >> bit & 1 != 0
}

/// Returns whether `ch` matches `\w` in Python's regex engine.
pub fn is_word(ch: char) -> bool {
    let (block, bit) = block_of(ch);
    block.word >> bit & 1 != 0
}

/// Returns whether Python's `str.lower` changes `ch`.
pub fn changes_when_lowered(ch: char) -> bool {
    let (block, bit) = block_of(ch);
    block.lowers >> bit & 1 != 0
}

/// Returns whether `ch` is a decimal digit of any script, `\d` in Data-Juicer's regex engine.
pub fn is_digit(ch: char) -> bool {
    ch.is_ascii_digit() || (!ch.is_ascii() && is_in(&DIGITS, ch))
}

/// Returns whether `ch` is punctuation (not a symbol), `\p{P}` in Data-Juicer's regex engine.
pub fn is_punctuation(ch: char) -> bool {
    match ch {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        _ if ch.is_ascii() => ch.is_ascii_punctuation(),
        _ => is_in(&PUNCTUATION, ch),
    }
}

/// Returns whether one of `ranges`, which are in order, contains `ch`.
pub(super) fn is_in(ranges: &[(u32, u32)], ch: char) -> bool {
    let code = u32::from(ch);
    let after = ranges.partition_point(|&(first, _)| first <= code);
    after.checked_sub(1).is_some_and(|i| code <= ranges[i].1)
}

/// The number of bytes that are counted at once. It must be at most 255, so that a count of them fits in a byte.
const CHUNK: usize = 64;

/// Counts the characters of `text`.
pub fn count_chars(text: &str) -> u64 {
    let (chunks, rest) = text.as_bytes().as_chunks::<CHUNK>();
    let whole: u64 = chunks
        .iter()
        .map(|chunk| u64::from(count_if(chunk, starts_char)))
        .sum();
    whole + u64::from(count_if(rest, starts_char))
}

/// Counts the characters of `text` and the alphanumeric ones in a version of Unicode.
pub fn count_alnum(text: &str, unicode: Unicode) -> ClassCount {
    let CharCounts { chars, alnum, .. } = match unicode {
        Unicode::Newest => count::<true, false, true>(text),
        Unicode::Python311 => count::<true, false, false>(text),
    };
    ClassCount {
        chars,
        members: alnum,
    }
}

/// Counts the characters of `text` and the special ones.
pub fn count_special(text: &str) -> ClassCount {
    let CharCounts { chars, special, .. } = count::<false, true, true>(text);
    ClassCount {
        chars,
        members: special,
    }
}

/// Counts the characters of `text` and those of each class, in one pass.
pub fn count_classes(text: &str) -> CharCounts {
    count::<true, true, false>(text)
}

/// Counts the requested classes; the others stay zero. `WITH_LATER` includes characters that were added after Unicode 14.
fn count<const ALNUM: bool, const SPECIAL: bool, const WITH_LATER: bool>(text: &str) -> CharCounts {
    let bytes = text.as_bytes();
    let mut counts = CharCounts::default();
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    for (k, chunk) in chunks.iter().enumerate() {
        count_ascii::<ALNUM, SPECIAL>(chunk, &mut counts);
        if !chunk.is_ascii() {
            let mut leads = [0u8; CHUNK];
            leads
                .iter_mut()
                .zip(chunk)
                .for_each(|(lead, &byte)| *lead = u8::from(byte >= 0xC0));
            let mut mask = pack(&leads);
            while mask != 0 {
                count_longer::<WITH_LATER>(
                    bytes,
                    k * CHUNK + mask.trailing_zeros() as usize,
                    &mut counts,
                );
                mask &= mask - 1;
            }
        }
    }
    count_ascii::<ALNUM, SPECIAL>(rest, &mut counts);
    let start = bytes.len() - rest.len();
    for (k, _) in rest.iter().enumerate().filter(|&(_, &byte)| byte >= 0xC0) {
        count_longer::<WITH_LATER>(bytes, start + k, &mut counts);
    }
    CharCounts {
        chars: counts.chars,
        alnum: if ALNUM { counts.alnum } else { 0 },
        special: if SPECIAL { counts.special } else { 0 },
    }
}

/// Counts all characters of a chunk, and the classes of the ASCII ones. The bytes of longer characters are in no class.
#[inline(always)]
fn count_ascii<const ALNUM: bool, const SPECIAL: bool>(chunk: &[u8], counts: &mut CharCounts) {
    counts.chars += u64::from(count_if(chunk, starts_char));
    if ALNUM {
        counts.alnum += u64::from(count_if(chunk, |byte| {
            is_ascii_letter(byte) | (byte.wrapping_sub(b'0') < 10)
        }));
    }
    if SPECIAL {
        counts.special += u64::from(count_if(chunk, |byte| {
            (byte.wrapping_sub(9) < 5) | ((byte.wrapping_sub(b' ') < 0x5F) & !is_ascii_letter(byte))
        }));
    }
}

/// Adds the classes of the character of two to four bytes at `place`.
#[inline(always)]
fn count_longer<const WITH_LATER: bool>(bytes: &[u8], place: usize, counts: &mut CharCounts) {
    let (index, bit) = index_at(bytes, place, bytes[place]);
    let block = &BLOCKS[index];
    let alnum = match WITH_LATER {
        true => block.alnum,
        false => block.alnum & !LATER[index],
    };
    counts.alnum += alnum >> bit & 1;
    counts.special += block.special >> bit & 1;
}

/// Returns whether the character of two to four bytes at `place` is special, see [`is_special`].
#[inline(always)]
pub(super) fn is_special_at(bytes: &[u8], place: usize) -> bool {
    let (index, bit) = index_at(bytes, place, bytes[place]);
    BLOCKS[index].special >> bit & 1 != 0
}

/// The properties of a character that isn't ASCII.
pub(super) struct LongerChar {
    /// The number of its bytes.
    pub(super) len: u32,
    /// True if [`is_special`] holds for it.
    pub(super) is_special: bool,
    /// True if [`changes_when_lowered`] holds for it.
    pub(super) changes_when_lowered: bool,
}

/// Returns the character of two to four bytes at `place`.
#[inline(always)]
pub(super) fn longer_char_at(bytes: &[u8], place: usize) -> LongerChar {
    let lead = bytes[place];
    let (index, bit) = index_at(bytes, place, lead);
    let block = &BLOCKS[index];
    LongerChar {
        len: 2 + u32::from(lead >= 0xE0) + u32::from(lead >= 0xF0),
        is_special: block.special >> bit & 1 != 0,
        changes_when_lowered: block.lowers >> bit & 1 != 0,
    }
}

/// Returns the number of the block, and the bit, of the character of two to four bytes at `place`.
#[inline(always)]
fn index_at(bytes: &[u8], place: usize, lead: u8) -> (usize, u32) {
    let low = |offset: usize| u32::from(bytes.get(place + offset).copied().unwrap_or(0) & 0x3F);
    let lead = u32::from(lead);
    if lead < 0xE0 {
        (basic_block(lead & 0x1F), low(1))
    } else if lead < 0xF0 {
        (basic_block((lead & 0x0F) << 6 | low(1)), low(2))
    } else {
        (far_block((lead & 7) << 12 | low(1) << 6 | low(2)), low(3))
    }
}

fn block_of(ch: char) -> (&'static Block, u32) {
    let (index, bit) = index_of(ch);
    (&BLOCKS[index], bit)
}

fn index_of(ch: char) -> (usize, u32) {
    let code = u32::from(ch);
    let number = code >> 6;
    (
        if number < 1024 {
            basic_block(number)
        } else {
            far_block(number)
        },
        code & 63,
    )
}

/// Returns the number of a block of the basic plane; `number` is the code point / 64.
#[inline(always)]
fn basic_block(number: u32) -> usize {
    usize::from(BLOCK_OF[number as usize])
}

/// Returns the number of a block of the planes above; `number` is the code point / 64.
#[inline(always)]
fn far_block(number: u32) -> usize {
    let page = usize::from(PAGE_OF[(number >> 6) as usize - 16]);
    usize::from(BLOCK_OF[page * 64 + (number & 63) as usize])
}

#[inline(always)]
fn starts_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[inline(always)]
fn is_ascii_letter(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
}

/// Counts the bytes that pass `test`. For vector code, there must be at most 255 `bytes`, and `test` must not have branches.
#[inline(always)]
fn count_if(bytes: &[u8], test: impl Fn(u8) -> bool) -> u8 {
    bytes
        .iter()
        .fold(0u8, |sum, &byte| sum.wrapping_add(u8::from(test(byte))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> CharCounts {
        CharCounts {
            chars: text.chars().count() as u64,
            alnum: text.chars().filter(|&ch| is_alnum(ch)).count() as u64,
            special: text.chars().filter(|&ch| is_special(ch)).count() as u64,
        }
    }

    /// The expected values are the number of letters of Python 3.11 and the sum of their code points.
    #[test]
    fn letters_are_those_of_python() {
        let letters: Vec<u64> = ('\0'..=char::MAX)
            .filter(|ch| is_alpha(*ch, Unicode::Python311))
            .map(u64::from)
            .collect();
        assert_eq!(letters.len(), 131_756);
        assert_eq!(letters.iter().sum::<u64>(), 13_903_637_152);
    }

    #[test]
    fn later_letters_are_letters_in_the_newest_version_alone() {
        // A letter of version 16.
        let ch = '\u{1c89}';
        assert!(is_later(ch) && is_alpha(ch, Unicode::Newest) && !is_alpha(ch, Unicode::Python311));
        assert_eq!(count_alnum("a\u{1c89}", Unicode::Newest).members, 2);
        assert_eq!(count_alnum("a\u{1c89}", Unicode::Python311).members, 1);
        assert!(!is_later('\u{1faf6}'), "of version 14");
    }

    #[test]
    fn classes_of_awkward_characters() {
        for ch in [
            'a', 'Z', '7', 'é', '½', '²', '①', 'Ⅷ', '３', '٣', '一', '𠮷',
        ] {
            assert!(is_alnum(ch), "{ch:?}");
        }
        for ch in ['_', ' ', '\u{301}', '👍', '\u{10ffff}', '\u{10d50}'] {
            assert!(!is_alnum(ch), "{ch:?}");
        }
        for ch in [
            '!',
            '7',
            ' ',
            '\n',
            '一',
            '士',
            'ー',
            'π',
            'Г',
            '\u{200b}',
            '\u{3000}',
            '👍',
            '\u{1f3fd}',
        ] {
            assert!(is_special(ch), "{ch:?}");
        }
        for ch in [
            'a',
            '二',
            'г',
            '\u{2581}',
            '\u{200d}',
            '\u{fe0f}',
            '\u{a0}',
            '\u{1f1e6}',
            '\0',
            '\u{7f}',
        ] {
            assert!(!is_special(ch), "{ch:?}");
        }
    }

    #[test]
    fn punctuation_and_digits_agree_with_their_tables() {
        for ch in (0..=0x10_FFFF).filter_map(char::from_u32) {
            assert_eq!(is_punctuation(ch), is_in(&PUNCTUATION, ch), "{ch:?}");
            assert_eq!(is_digit(ch), is_in(&DIGITS, ch), "{ch:?}");
        }
        for ch in ['_', '-', '。', '，', '¡', '·', '\u{2e5d}'] {
            assert!(is_punctuation(ch), "{ch:?}");
        }
        for ch in ['+', '$', '~', ' ', 'a', '№', '€', '\u{2044}'] {
            assert!(!is_punctuation(ch), "{ch:?}");
        }
    }

    #[test]
    fn every_character_counts_as_its_class() {
        for ch in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let text = ch.to_string();
            assert_eq!(count_classes(&text), plain(&text), "{ch:?}");
        }
    }

    proptest! {
        #[test]
        fn counts_agree_with_the_plain_form(text in "([ -~]{0,70}|\\PC{0,70}|[一Гπa１😀\n]{0,70}){0,3}") {
            prop_assert_eq!(count_classes(&text), plain(&text));
            prop_assert_eq!(count_chars(&text), plain(&text).chars);
            prop_assert_eq!(count_alnum(&text, Unicode::Python311).members, plain(&text).alnum);
            let newest = text.chars().filter(|ch| is_alnum_in(*ch, Unicode::Newest)).count() as u64;
            prop_assert_eq!(count_alnum(&text, Unicode::Newest).members, newest);
            prop_assert_eq!(count_special(&text).members, plain(&text).special);
        }
    }
}
