//! Undoes mojibake: finds the encoding in which UTF-8 was misread, and reads the bytes again as UTF-8.

use std::sync::LazyLock;

use super::char_table::{CharTable, members};
use super::{badness, codecs, repair};
use codecs::{Encoding, Encodings};

/// Returns `text` with its mojibake undone, layer by layer; `None` if nothing changes.
pub(super) fn fix_encoding(text: &str) -> Option<String> {
    let mut fixed = fix_one_layer(text)?;
    while let Some(next) = fix_one_layer(&fixed) {
        fixed = next;
    }
    (fixed != text).then_some(fixed)
}

/// Returns `text` with C1 control characters read as Windows-1252; `None` if there are none.
pub(super) fn fix_c1_controls(text: &str) -> Option<String> {
    let fixed = |c| match c {
        '\u{80}'..='\u{9f}' => codecs::windows_1252(c as u8),
        _ => c,
    };
    has_c1(text).then(|| text.chars().map(fixed).collect())
}

fn fix_one_layer(text: &str) -> Option<String> {
    if !badness::is_bad(text) {
        return None;
    }
    let encodings = Encodings::of(text);
    let fixed = encodings
        .iter()
        .find_map(|encoding| reread(text, encoding))
        .or_else(|| fix_pieces(text).filter(|fixed| fixed != text))
        .or_else(|| {
            encodings
                .contains(Encoding::LATIN_1)
                .then(|| latin_1_as_windows(text))?
        })
        .or_else(|| fix_c1_controls(text))?;
    (fixed != text).then_some(fixed)
}

/// Writes `text` in `encoding`, repairs the bytes, and reads them as UTF-8.
fn reread(text: &str, encoding: Encoding) -> Option<String> {
    let mut bytes = codecs::encode(text, encoding);
    if encoding.may_restore_a0()
        && let Some(restored) = repair::restore_a0(&bytes)
    {
        bytes = restored;
    }
    if encoding.is_sloppy() {
        bytes = repair::replace_lossy(&bytes);
    }
    if memchr::memchr2(0xed, 0xc0, &bytes).is_some() {
        codecs::decode_variants(&bytes)
    } else {
        String::from_utf8(bytes).ok()
    }
}

/// Undoes mojibake in the pieces of `text` that look like misread UTF-8 and break a rule by themselves.
fn fix_pieces(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some((start, end)) = find_piece(text, at) {
        let piece = &text[start..end];
        // A piece that is the whole text would be examined again for ever.
        if piece.len() < text.len()
            && let Some(fixed) = fix_encoding(piece)
        {
            out.push_str(&text[copied..start]);
            out.push_str(&fixed);
            copied = end;
        }
        at = end;
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Finds the next run, from byte `at` on, of characters that look like UTF-8 sequences in some single-byte encoding.
///
/// A run does not begin after a character that is almost certainly a continuation byte, because fixing the end of a long garble
/// makes it worse.
fn find_piece(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text[..at].chars().next_back();
    let mut inside = before.is_some_and(|c| CLUES.get(c) & STRICT != 0);
    for (offset, c) in text[at..].char_indices() {
        if !inside {
            let length = sequences_length(&text[at + offset..]);
            if length > 0 {
                return Some((at + offset, at + offset + length));
            }
        }
        inside = CLUES.get(c) & STRICT != 0;
    }
    None
}

/// Returns the length of the sequences at the beginning of `text`.
fn sequences_length(text: &str) -> usize {
    let mut rest = text.chars();
    let mut length = 0;
    while let Some(first) = rest.next() {
        let continuations = match CLUES.get(first) & FIRST {
            0 => break,
            bit => bit.trailing_zeros() + 1,
        };
        let is_whole = (0..continuations).all(|_| {
            rest.next()
                .is_some_and(|c| CLUES.get(c) & CONTINUATION != 0)
        });
        if !is_whole {
            break;
        }
        length = text.len() - rest.as_str().len();
    }
    length
}

/// Reads Latin-1 text with C1 control characters as Windows-1252, which is what it was before it was misread.
fn latin_1_as_windows(text: &str) -> Option<String> {
    if text.contains(codecs::is_undefined_in_windows_1252) {
        return None;
    }
    fix_c1_controls(text)
}

fn has_c1(text: &str) -> bool {
    // In UTF-8 these are C2 80 to C2 9F.
    memchr::memchr_iter(0xc2, text.as_bytes())
        .any(|at| matches!(text.as_bytes().get(at + 1), Some(0x80..=0x9f)))
}

/// A letter that is the first byte of 2, 3 or 4 bytes in some single-byte encoding: the bits 1, 2 and 4.
const FIRST: u8 = 7;
const CONTINUATION: u8 = 8;
/// A continuation byte whose character is rarely used by itself.
const STRICT: u8 = 16;

/// The parts that characters may play in misread UTF-8; taken from ftfy 6.3.1 (`ftfy/chardata.py`, Apache-2.0).
static CLUES: LazyLock<CharTable<u8>> = LazyLock::new(|| {
    let sets = [
        (1, "Â-ßĀĂĆČĎĐĒĖĘĚĞĢĪİĶĹĻŁŃŅŇŌŐŘŚŞŠŢŪŮŰŲŹŻŽΒ-ΡΣ-ίВ-Я"),
        (2, "à-ïāăąćčďēėęěģīįķĺļŕźΰ-οа-п"),
        (4, "ðóđğšπσру"),
        (CONTINUATION, " –-―‘’“”•…‚„"),
        (
            CONTINUATION | STRICT,
            "\u{80}-¿ÆØæøĄąĽľŁłŒœŖŗŚśŞ-šŤťŸ-žƒˆˇ˘˛-˝΄-ΆΈ-ΊΌΎΏЁ-ЌЎЏё-ќўџҐґ†‡‰‹›€№™",
        ),
    ];
    let mut clues = CharTable::new(0);
    for (bits, set) in sets {
        for c in members(set) {
            *clues.slot(c) |= bits;
        }
    }
    clues
});
