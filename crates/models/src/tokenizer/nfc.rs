//! The canonical composition of texts, with the tables of Hugging Face's library, which are older than others.

use std::borrow::Cow;

use unicode_normalization_alignments::{UnicodeNormalization, is_nfc};

/// Returns the canonical composition of a text.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    // Characters below U+0300, whose first bytes are below 0xCC, stay as they are.
    let greatest = text.bytes().fold(0, u8::max);
    match greatest < 0xcc || is_nfc(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().map(|(ch, _)| ch).collect()),
    }
}
