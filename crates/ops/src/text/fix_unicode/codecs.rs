//! The single-byte encodings in which UTF-8 gets misread, and the tolerant reading of UTF-8.
//!
//! The Windows encodings are "sloppy": a byte that they leave undefined means the control character with the same number. Byte 1A
//! means the replacement character, because something was lost there. The tables are those of the Unicode Consortium
//! (<https://www.unicode.org/Public/MAPPINGS/>).

use std::sync::LazyLock;

use super::char_table::CharTable;

/// One of the encodings, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding(u8);

impl Encoding {
    pub(super) const LATIN_1: Self = Self(0);
    const MAC_ROMAN: Self = Self(8);

    /// Returns whether the replacement character can be written, as byte 1A.
    pub(super) fn is_sloppy(self) -> bool {
        matches!(self.0, 1..=6)
    }

    /// Returns whether a blank may be a byte A0 that was changed. It can't be in encodings where a dash and a blank look like a
    /// UTF-8 sequence.
    pub(super) fn may_restore_a0(self) -> bool {
        self != Self::MAC_ROMAN
    }
}

/// A set of encodings, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encodings(u16);

impl Encodings {
    /// Returns the encodings that can write all of `text`.
    pub(super) fn of(text: &str) -> Self {
        let mut left = ALL;
        for c in text.chars() {
            left &= CELLS.get(c).encodings;
            if left == 0 {
                break;
            }
        }
        Self(left)
    }

    pub(super) fn contains(self, encoding: Encoding) -> bool {
        self.0 & (1 << encoding.0) != 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Encoding> {
        let all = 0..COUNT as u8;
        all.map(Encoding).filter(move |&e| self.contains(e))
    }
}

/// Returns `text` in `encoding`, one byte per character. The encoding must be one that can write it.
pub(super) fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let byte = |c| CELLS.get(c).bytes[usize::from(encoding.0)];
    text.chars().map(byte).collect()
}

/// Returns the character of `byte` in sloppy Windows-1252.
pub(super) fn windows_1252(byte: u8) -> char {
    upper_half(1)
        .nth(usize::from(byte).wrapping_sub(0x80))
        .unwrap_or(char::from(byte))
}

/// Returns whether Windows-1252 leaves the byte of this number undefined.
pub(super) fn is_undefined_in_windows_1252(c: char) -> bool {
    matches!(c, '\u{81}' | '\u{8d}' | '\u{8f}' | '\u{90}' | '\u{9d}')
}

/// Reads UTF-8, even with two broken forms: surrogate pairs of three bytes each (CESU-8) and `C0 80` for U+0000.
///
/// Two oddities are kept, because Python's `$` also matches before a final line feed. A `C0`, or an otherwise complete surrogate
/// pair, just before a line feed at the end of the text takes the line feed for its last byte.
pub(super) fn decode_variants(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    let mut rest = bytes;
    while let Some(at) = (0..rest.len()).find(|&at| is_variant(&rest[at..])) {
        out.push_str(str::from_utf8(&rest[..at]).ok()?);
        let (c, length) = decode_variant(&rest[at..])?;
        out.push(c);
        rest = &rest[at + length..];
    }
    out.push_str(str::from_utf8(rest).ok()?);
    Some(out)
}

/// Returns whether a form that standard UTF-8 does not have begins here.
fn is_variant(rest: &[u8]) -> bool {
    match rest {
        [0xc0, rest @ ..] => rest.first() == Some(&0x80) || is_end(rest),
        [0xed, 0xa0..=0xbf, rest @ ..] => matches!(rest, [0x80..=0xbf, ..]) || is_end(rest),
        [0xed, rest @ ..] => is_end(rest),
        _ => false,
    }
}

fn decode_variant(rest: &[u8]) -> Option<(char, usize)> {
    match *rest {
        [0xc0, _, ..] => Some(('\0', 2)),
        [
            0xed,
            a @ 0xa0..=0xaf,
            b @ 0x80..=0xbf,
            0xed,
            c @ 0xb0..=0xbf,
            d,
            ref rest @ ..,
        ] if matches!(d, 0x80..=0xbf) || (d == b'\n' && rest.is_empty()) => {
            let bits = |byte: u8, mask: u8, shift: u32| u32::from(byte & mask) << shift;
            let high = bits(a, 0x0f, 16) + bits(b, 0x3f, 10);
            let low = bits(c, 0x0f, 6) + bits(d, 0x3f, 0);
            Some((char::from_u32(0x1_0000 + high + low)?, 6))
        }
        _ => None,
    }
}

fn is_end(rest: &[u8]) -> bool {
    matches!(rest, [] | [b'\n'])
}

const COUNT: usize = 10;
const ALL: u16 = (1 << COUNT) - 1;

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// The encodings that have the character, as bits.
    encodings: u16,
    /// Its byte in each of them.
    bytes: [u8; COUNT],
}

static CELLS: LazyLock<CharTable<Cell>> = LazyLock::new(|| {
    let mut cells = CharTable::new(Cell {
        encodings: 0,
        bytes: [0; COUNT],
    });
    for number in 0..COUNT as u8 {
        let substitute = match Encoding(number).is_sloppy() {
            true => char::REPLACEMENT_CHARACTER,
            false => '\x1a',
        };
        let ascii = (0..0x80).map(|b| if b == 0x1a { substitute } else { char::from(b) });
        let characters = ascii.chain(upper_half(number));
        for (byte, c) in (0..=u8::MAX).zip(characters) {
            let cell = cells.slot(c);
            cell.encodings |= 1 << number;
            cell.bytes[usize::from(number)] = byte;
        }
    }
    cells
});

/// Returns the characters of the bytes from 80 to FF.
fn upper_half(number: u8) -> impl Iterator<Item = char> {
    let latin_1 = (number == 0).then_some('\u{80}'..='\u{ff}');
    let other = usize::from(number)
        .checked_sub(1)
        .and_then(|i| UPPER_HALVES.get(i));
    latin_1
        .into_iter()
        .flatten()
        .chain(other.into_iter().flat_map(|half| half.chars()))
}

/// The bytes 80 to FF of every encoding except Latin-1, which needs no table.
const UPPER_HALVES: [&str; COUNT - 1] = [
    // windows-1252
    "\
        €\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
        àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    // windows-1251
    "\
        ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{98}™љ›њќћџ\
        \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмнопрстуфхцчшщъыьэюя",
    // windows-1250
    "\
        €\u{81}‚\u{83}„…†‡\u{88}‰Š‹ŚŤŽŹ\u{90}‘’“”•–—\u{98}™š›śťžź\
        \u{a0}ˇ˘Ł¤Ą¦§\u{a8}©Ş«¬\u{ad}®Ż°±˛ł\u{b4}µ¶·\u{b8}ąş»Ľ˝ľż\
        ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
        ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
    // windows-1253
    "\
        €\u{81}‚ƒ„…†‡\u{88}‰\u{8a}‹\u{8c}\u{8d}\u{8e}\u{8f}\u{90}‘’“”•–—\u{98}™\u{9a}›\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}΅Ά£¤¥¦§\u{a8}©ª«¬\u{ad}®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏ\
        ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡÒΣΤΥΦΧΨΩΪΫάέήί\
        ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώÿ",
    // windows-1254
    "\
        €\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}\u{8e}\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}\u{9e}Ÿ\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
        àáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ",
    // windows-1257
    "\
        €\u{81}‚\u{83}„…†‡\u{88}‰\u{8a}‹\u{8c}\u{a8}ˇ\u{b8}\u{90}‘’“”•–—\u{98}™\u{9a}›\u{9c}\u{af}˛\u{9f}\
        \u{a0}¡¢£¤¥¦§Ø©Ŗ«¬\u{ad}®Æ°±²³\u{b4}µ¶·ø¹ŗ»¼½¾æ\
        ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽß\
        ąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙",
    // iso-8859-2
    "\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}Ą˘Ł¤ĽŚ§\u{a8}ŠŞŤŹ\u{ad}ŽŻ°ą˛ł\u{b4}ľśˇ\u{b8}šşťź˝žż\
        ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
        ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
    // macroman
    "\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®©™\u{b4}\u{a8}≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ\
        ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜\u{af}˘˙˚\u{b8}˝˛ˇ",
    // cp437
    "\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_has_256_characters() {
        for number in 0..COUNT as u8 {
            assert_eq!(upper_half(number).count(), 128, "{number}");
        }
        assert_eq!(windows_1252(0x80), '€');
        assert_eq!(windows_1252(0x41), 'A');
    }

    // The expected values are those of `bytes.decode("utf-8-variants")` with ftfy 6.3.1.
    #[test]
    fn broken_forms_of_utf_8_are_read() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(decode_variants(bytes).as_deref(), expected, "{bytes:x?}");
        };
        check(b"a\xed\xa0\xbd\xed\xb8\x8db", Some("a\u{1f60d}b"));
        check(b"a\xc0\x80b", Some("a\0b"));
        check(b"\xed\x95\x9c", Some("한"));
        check(b"\xed\xa0\xbd", None);
        check(b"\xed\xb8\x8d\xed\xa0\xbd", None);
        check(b"\xc0", None);
        check(b"\xc0\n", Some("\0"));
        check(b"\xc0\n\n", None);
        check(b"\xed\xa0\xbd\xed\xb8\n", Some("\u{1f60a}"));
        check(b"\xed\xa0\xbd\xed\xb8\n\n", None);
    }
}
