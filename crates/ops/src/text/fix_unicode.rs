//! Repairs text as Python's `ftfy.fix_text` does: mojibake, character references, odd characters, normal forms.
//!
//! The result of [`fix_text`] is, to the character, that of ftfy 6.3.1 with its default settings and one of the four
//! [`Normalization`] forms. It is built for text that mostly needs no repair:
//!
//! 1. The `walker` goes over the text and reports the positions that something may change.
//! 2. A segment in which only single characters change, or only the normal form is in doubt, is rewritten in one pass. The walker
//!    checks the result if that may need more.
//! 3. All other segments go through `segment`, which applies every fixer until nothing changes.
//!
//! # What is fixed, and how
//!
//! - Text is cut into **segments**. Each ends after a line feed, or after 1,000,000 characters of a longer line. Each is fixed by
//!   itself, so one damaged line does not change how others are read.
//! - **Character references** (`&eacute;`, `&#233;`) are replaced until a segment has a literal `<`: from that segment on, the text
//!   counts as HTML and keeps them. A `<` that comes from a reference does not count.
//! - **Mojibake** is undone where the text of a segment breaks a rule of the heuristic: the segment is written in the first of ten
//!   single-byte encodings that gives UTF-8; failing that, pieces of it are; failing that, C1 control characters are read as
//!   Windows-1252. Lost bytes become U+FFFD, and blanks that were byte A0 are put back.
//! - **Characters**: C1 controls become the characters of Windows-1252 in their place; ligatures, wide and half-width forms and
//!   curly quotes become plain ones; `\r\n`, `\r`, U+2028 and U+2029 become `\n`; terminal escapes and invisible control characters
//!   are removed. A `\n` made here does not begin a new segment.
//! - The **normal form** comes last. Then everything is repeated as long as something changes.
//!
//! Surrogates cannot occur in a `str`, and no fixer makes them, so ftfy's fixer for them has no counterpart. Normal forms and
//! character properties are those of the Unicode version of the `unicode-normalization`, `regex` and standard libraries: for
//! characters newer than the Python interpreter's Unicode version the results may differ.

mod badness;
mod badness_rules;
mod char_table;
mod characters;
mod classes;
mod codecs;
mod entities;
mod mojibake;
mod repair;
mod segment;
#[cfg(test)]
mod tests;
mod walker;

use std::ops::Range;

use coldpress_pattern::Unicode;
use unicode_normalization::UnicodeNormalization;

use super::chars::is_later;

pub(crate) use entities::{named_character, numbered_character};

use classes::{CLASSES, JOINS, MARK, NOT_NFC, NOT_OTHER_FORMS};
use walker::{Event, Walker};

/// A Unicode normalization form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Composed characters.
    Nfc,
    /// Composed characters, and plain forms for compatibility characters.
    Nfkc,
    /// Decomposed characters.
    Nfd,
    /// Decomposed characters, and plain forms for compatibility characters.
    Nfkd,
}

impl Normalization {
    fn append(self, text: &str, out: &mut String) {
        match self {
            Self::Nfc => out.extend(text.nfc()),
            Self::Nfkc => out.extend(text.nfkc()),
            Self::Nfd => out.extend(text.nfd()),
            Self::Nfkd => out.extend(text.nfkd()),
        }
    }
}

/// A normalization form in a version of Unicode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalizer {
    /// The form.
    pub form: Normalization,
    /// The version.
    pub unicode: Unicode,
}

impl From<Normalization> for Normalizer {
    fn from(form: Normalization) -> Self {
        Self {
            form,
            unicode: Unicode::Newest,
        }
    }
}

impl Normalizer {
    fn apply(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        // To an earlier version, characters that were added later have no other form, join nothing, and separate everything around
        // them.
        if self.unicode == Unicode::Python311 {
            while let Some((at, ch)) = rest.char_indices().find(|(_, ch)| is_later(*ch)) {
                self.form.append(&rest[..at], &mut out);
                out.push(ch);
                rest = &rest[at + ch.len_utf8()..];
            }
        }
        self.form.append(rest, &mut out);
        out
    }
}

/// Returns the result of `ftfy.fix_text` for `text`; `None` if that is `text` itself.
pub fn fix_text(text: &str, form: impl Into<Normalizer>) -> Option<String> {
    let form = form.into();
    let mut walker = Walker::new(text, form.form);
    let mut html: Option<usize> = None;
    let mut fixed = String::new();
    let mut piece = String::new();
    // Everything before `copied` is in `fixed`. Everything before `passed` is settled and ends a segment.
    let mut copied = 0;
    let mut passed = 0;
    while let Some((at, _)) = walker.next() {
        let range = segment_around(text, passed, at);
        let html = *html
            .get_or_insert_with(|| memchr::memchr(b'<', text.as_bytes()).unwrap_or(text.len()));
        let with_references = html >= range.end;
        walker.look_for_references(with_references);
        if fix_segment(&text[range.clone()], with_references, form, &mut piece) {
            fixed.push_str(&text[copied..range.start]);
            fixed.push_str(&piece);
            copied = range.end;
        }
        passed = range.end;
        walker.skip_to(passed);
    }
    (copied > 0).then(|| fixed + &text[copied..])
}

/// The number of characters after which a line is cut into segments.
const MAX_SEGMENT: usize = 1_000_000;

/// Returns the segment that has byte `at`. `from` is an earlier position at which a segment begins.
fn segment_around(text: &str, from: usize, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut start = memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |feed| from + feed + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(text.len(), |feed| at + feed + 1);
    while end - start > MAX_SEGMENT {
        let mut characters = text[start..end].char_indices();
        let Some((length, _)) = characters.nth(MAX_SEGMENT) else {
            break;
        };
        if start + length > at {
            return start..start + length;
        }
        start += length;
    }
    start..end
}

/// Writes `segment` with every fix applied to `fixed`, and returns whether it changed.
fn fix_segment(segment: &str, with_references: bool, form: Normalizer, fixed: &mut String) -> bool {
    let Some(edits) = edit(segment, with_references, form, fixed) else {
        *fixed = segment::fix(segment, with_references, form);
        return fixed != segment;
    };
    if edits == Edits::None {
        return false;
    }
    if edits != Edits::Final {
        let mut again = Walker::new(fixed, form.form);
        if edits == Edits::Normalized {
            again = again.normalized();
        }
        again.look_for_references(with_references);
        if again.next().is_some() {
            *fixed = segment::fix(fixed, with_references, form);
        }
    }
    fixed != segment
}

/// The way in which [`edit`] changed a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edits {
    None,
    Characters,
    /// Characters were edited in a way that leaves nothing to do for any fixer.
    Final,
    /// The text was normalised, and perhaps characters edited before that.
    Normalized,
}

/// Applies all fixes once, and writes the result to `edited`, if that takes nothing but plainer characters and the normal form.
fn edit(
    segment: &str,
    with_references: bool,
    form: Normalizer,
    edited: &mut String,
) -> Option<Edits> {
    edited.clear();
    let mut walker = Walker::new(segment, form.form);
    walker.look_for_references(with_references);
    let mut copied = 0;
    let mut normalize = false;
    let mut is_final = true;
    for (at, event) in walker.by_ref() {
        match event {
            Event::Involved => return None,
            Event::Normalize => normalize = true,
            Event::Edit { length, plain } => {
                edited.push_str(&segment[copied..at]);
                edited.push_str(plain);
                copied = at + length;
                normalize |= !plain.is_ascii() && plain.chars().any(|c| may_change(c, form.form));
                is_final &= is_inert(plain);
            }
        }
    }
    edited.push_str(&segment[copied..]);
    if normalize {
        *edited = form.apply(edited);
        return Some(Edits::Normalized);
    }
    Some(match copied {
        0 => Edits::None,
        _ if is_final && !walker.kept_an_anchor() => Edits::Final,
        _ => Edits::Characters,
    })
}

/// Returns whether `plain` cannot be part of a character reference, or of mojibake that isn't anchored elsewhere.
fn is_inert(plain: &str) -> bool {
    let is_in_reference = |b: &u8| b.is_ascii_alphanumeric() || b"&#;".contains(b);
    matches!(plain.as_bytes(), [b] if b.is_ascii() && !is_in_reference(b))
}

/// Returns whether `form` may change `c` or its neighbours.
fn may_change(c: char, form: Normalization) -> bool {
    let classes = match form {
        Normalization::Nfc => NOT_NFC | JOINS | MARK,
        _ => NOT_NFC | JOINS | MARK | NOT_OTHER_FORMS,
    };
    CLASSES.get(c) & classes != 0
}

/// Returns the result of [`fix_text`], without its shortcuts.
#[cfg(test)]
fn fix_text_plainly(text: &str, form: impl Into<Normalizer>) -> Option<String> {
    let form = form.into();
    let mut fixed = String::new();
    let mut with_references = true;
    let mut at = 0;
    while at < text.len() {
        let range = segment_around(text, at, at);
        at = range.end;
        let segment = &text[range];
        with_references &= !segment.contains('<');
        fixed.push_str(&segment::fix(segment, with_references, form));
    }
    (fixed != text).then_some(fixed)
}
