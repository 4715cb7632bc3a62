//! JSON string escapes (RFC 8259, section 7).

use memchr::memchr;

/// A `\uD800`–`\uDFFF` escape without its other half, which isn't valid Unicode text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holds a lone surrogate escape, which no text can have")]
pub struct LoneSurrogate;

/// Appends `text` as a JSON string with its quotes.
///
/// Escapes what must be escaped (`"`, `\`, control characters) and nothing else.
pub fn escape_into(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut copied = 0;
    let mut at = next_special(bytes, 0);
    while at < bytes.len() {
        out.extend_from_slice(&bytes[copied..at]);
        write_escape(bytes[at], out);
        copied = at + 1;
        at = next_special(bytes, copied);
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            let hex = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Returns the first byte at or after `from` that needs an escape, or the length if there is none.
pub(super) fn next_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    #[cfg(target_arch = "x86_64")]
    while let Some(chunk) = bytes.get(at..at + 16) {
        let special = special_of_16(chunk);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += 16;
    }
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        let special = special_bytes(word);
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && !matches!(bytes[at], b'"' | b'\\' | 0..=0x1F) {
        at += 1;
    }
    at
}

/// Returns a bit for each of sixteen bytes, set for a quote, a backslash or a control character; the lowest bit is for the first
/// byte.
#[cfg(target_arch = "x86_64")]
fn special_of_16(chunk: &[u8]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };

    let half = |half: &[u8]| i64::from_le_bytes(half.try_into().unwrap_or_default());
    let (low, high) = chunk.split_at(8);
    #[allow(
        unused_unsafe,
        unsafe_code,
        reason = "every machine of this kind has these instructions"
    )]
    unsafe {
        let bytes = _mm_set_epi64x(half(high), half(low));
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
        let special = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
        _mm_movemask_epi8(special) as u32
    }
}

/// Sets the high bit of each byte that is a quote, a backslash or a control character.
///
/// Borrows between bytes can only set bits above a byte that is special itself, so the lowest bit is exact.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let equal = |byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (equal(b'"') | equal(b'\\') | control) & HIGH
}

/// Appends the text of a JSON string's content (without its quotes), whose escapes a JSON parser has checked.
///
/// # Errors
/// [`LoneSurrogate`]. `out` is then unchanged.
pub fn unescape_into(inner: &str, out: &mut String) -> Result<(), LoneSurrogate> {
    let start = out.len();
    let mut rest = inner;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        match unescape_one(&rest[at..]) {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[at + length..];
            }
            None => {
                out.truncate(start);
                return Err(LoneSurrogate);
            }
        }
    }
    out.push_str(rest);
    Ok(())
}

/// Returns the character of the escape at the start of `text`, and the length of the escape; `None` for a lone surrogate.
fn unescape_one(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'u' => return unescape_unicode(text),
        other => char::from(*other),
    };
    Some((character, 2))
}

fn unescape_unicode(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| u32::from_str_radix(text.get(at..at + 4)?, 16).ok();
    let first = unit(2)?;
    if !(0xD800..0xE000).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    if first >= 0xDC00 || text.get(6..8)? != "\\u" {
        return None;
    }
    let second = unit(8).filter(|unit| (0xDC00..0xE000).contains(unit))?;
    let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    Some((char::from_u32(code)?, 12))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape_into(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn surrogates_need_their_other_half() {
        let cases = [
            (r"x \ud83d y", None),
            (r"\ude00", None),
            (r"\ude00\ud83d", None),
            (r"\ud83d\ud83d", None),
            (r"\ud83d\u0041", None),
            (r"\ud83d\n", None),
            (r"\ud83d", None),
            (r"\ud83d\ude00", Some("😀")),
            (r"\u00e9\/\\\b", Some("é/\\\u{8}")),
        ];
        for (inner, expected) in cases {
            let mut out = String::from("kept");
            let result = unescape_into(inner, &mut out);
            match expected {
                Some(text) => assert_eq!(out, format!("kept{text}")),
                None => assert_eq!((result, out.as_str()), (Err(LoneSurrogate), "kept")),
            }
        }
    }

    proptest! {
        #[test]
        fn escaping_is_what_serde_json_does(text in "(?s)[\\x00-\\x2f\\\\\"a-zé中😀\u{7f}\u{2028}]{0,40}") {
            prop_assert_eq!(escaped(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn unescaping_undoes_escaping(text in any::<String>()) {
            let json = escaped(&text);
            let mut back = String::new();
            unescape_into(&json[1..json.len() - 1], &mut back).unwrap();
            prop_assert_eq!(back, text);
        }
    }
}
