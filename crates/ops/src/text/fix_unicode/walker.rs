//! The scan: finds the positions in text that some fixer may change, and skips everything else at full speed.
//!
//! It may report positions where nothing changes, but ftfy never changes text in which it reports none. That holds for every part
//! of such text, too, wherever it is cut.

use unicode_normalization::char::{canonical_combining_class, compose};

use super::char_table::CharTable;
use super::classes::{
    ANCHOR, BEFORE_ASCII, CLASSES, EDIT, FOLLOWER, JOINS, MARK, NOT_NFC, NOT_OTHER_FORMS,
    is_decomposable,
};
use super::{Normalization, badness, characters, entities};

/// The action needed at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Mojibake, a character reference or a terminal escape: the segment needs the full treatment.
    Involved,
    /// The `length` bytes here become `plain`.
    Edit { length: usize, plain: &'static str },
    /// The text around here may not be normalised.
    Normalize,
}

/// An iterator over the events of a text.
#[derive(Debug)]
pub(super) struct Walker<'t> {
    text: &'t str,
    table: &'static CharTable<u8>,
    /// The classes at which the scan looks closer.
    stops: u8,
    /// The classes that mean that the text is not normalised.
    unstable: u8,
    /// The byte that begins a character reference. If references aren't wanted, a byte that is never plain anyway.
    ampersand: u8,
    at: usize,
    /// The class of the character before `at`.
    before: u8,
    /// The classes of the characters so far that caused no edit.
    kept: u8,
}

impl<'t> Walker<'t> {
    pub(super) fn new(text: &'t str, form: Normalization) -> Self {
        let unstable = match form {
            Normalization::Nfc => NOT_NFC,
            _ => NOT_NFC | JOINS | NOT_OTHER_FORMS,
        };
        Self {
            text,
            table: &CLASSES,
            stops: EDIT | FOLLOWER | BEFORE_ASCII | JOINS | MARK | unstable,
            unstable,
            ampersand: b'&',
            at: 0,
            before: 0,
            kept: 0,
        }
    }

    /// Sets whether character references are reported; at first they are.
    pub(super) fn look_for_references(&mut self, wanted: bool) {
        self.ampersand = if wanted { b'&' } else { DELETE };
    }

    /// Stops reporting [`Event::Normalize`], for text that is known to be normalised.
    pub(super) fn normalized(mut self) -> Self {
        self.stops = EDIT | FOLLOWER | BEFORE_ASCII;
        self
    }

    /// Returns whether mojibake may begin at some character that was passed without an edit.
    pub(super) fn kept_an_anchor(&self) -> bool {
        self.kept & ANCHOR != 0
    }

    /// Continues at the byte `at`, as if the text began there.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.before = 0;
    }

    /// Returns the event at an ASCII byte that is not plain, and moves past the byte.
    #[cold]
    fn look_at_ascii(&mut self, at: usize, byte: u8) -> Option<Event> {
        self.at = at + 1;
        self.before = 0;
        let edit = |length, plain| Some(Event::Edit { length, plain });
        let event = match byte {
            b'\n' | b'\t' | b'\x0c' => None,
            b'&' => entities::reference_at(self.text, at).map(|_| Event::Involved),
            b'\x1b' => Some(Event::Involved),
            b'\r' => {
                let is_pair = self.text.as_bytes().get(self.at) == Some(&b'\n');
                self.at += usize::from(is_pair);
                edit(self.at - at, "\n")
            }
            _ => edit(1, ""),
        };
        if matches!(event, Some(Event::Edit { .. })) {
            self.before = EDIT;
        }
        event
    }

    /// Returns the event at a character whose class is among the stops.
    #[inline(never)]
    fn look_at(&self, at: usize, class: u8, before: u8) -> Option<Event> {
        let c = self.text[at..].chars().next()?;
        let length = c.len_utf8();
        if class & FOLLOWER != 0 && before & ANCHOR != 0 {
            let (anchor, _) = self.text[..at].char_indices().next_back()?;
            if badness::is_bad_at(self.text, anchor) {
                return Some(Event::Involved);
            }
        }
        if class & BEFORE_ASCII != 0 {
            // One rule depends on the beginning of the segment, which isn't known here.
            let is_before_blank = self.text.as_bytes().get(at + length) == Some(&b' ');
            if is_before_blank || badness::is_bad_at(self.text, at) {
                return Some(Event::Involved);
            }
        }
        if class & EDIT != 0 {
            // C1 control characters have no plainer form, because all of them are mojibake.
            let edit = characters::plainer(c).map(|plain| Event::Edit { length, plain });
            return edit.or(Some(Event::Involved));
        }
        let is_unstable = class & self.stops & self.unstable != 0
            || class & self.stops & (JOINS | MARK) != 0 && self.is_disturbed(at, c, class, before);
        is_unstable.then_some(Event::Normalize)
    }

    /// Returns whether a mark or a character that joins makes normalisation change the text. In doubt, the answer is true.
    fn is_disturbed(&self, at: usize, c: char, class: u8, before: u8) -> bool {
        if before & EDIT != 0 {
            return true;
        }
        let before_it = &self.text[..at];
        let is_misplaced =
            |previous| canonical_combining_class(previous) > canonical_combining_class(c);
        if class & before & MARK != 0 && before_it.chars().next_back().is_some_and(is_misplaced) {
            return true;
        }
        class & JOINS != 0 && self.may_join(before_it, c)
    }

    /// Returns whether `c` may join the last character of `before` that isn't a mark.
    ///
    /// If that character is composed, `c` may belong between its parts, which only the full algorithm can decide.
    fn may_join(&self, before: &str, c: char) -> bool {
        const MARKS_AT_MOST: usize = 4;
        let is_base = |c: &char| c.is_ascii() || self.table.get(*c) & MARK == 0;
        let mut nearest = before.chars().rev().take(MARKS_AT_MOST + 1);
        match nearest.find(is_base) {
            Some(base) => is_decomposable(base) || compose(base, c).is_some(),
            None => !before.is_empty(),
        }
    }
}

impl Iterator for Walker<'_> {
    type Item = (usize, Event);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let mut before = self.before;
        while let Some(&first) = bytes.get(at) {
            if first < 0x80 {
                let ascii = at;
                at = skip_plain_ascii(bytes, at, self.ampersand);
                if at > ascii {
                    before = 0;
                }
                match bytes.get(at) {
                    Some(&byte) if byte < 0x80 => {
                        if let Some(event) = self.look_at_ascii(at, byte) {
                            return Some((at, event));
                        }
                        (at, before) = (self.at, self.before);
                    }
                    _ => {}
                }
                continue;
            }
            let cell =
                |i: usize| usize::from(bytes.get(at + i).copied().unwrap_or_default() & 0x3f);
            let (class, length) = match first {
                // U+4000 to U+9FFF, which are plain ideographs.
                0xe4..=0xe9 => (0, 3),
                ..=0xdf => (self.table.at(usize::from(first & 0x1f), cell(1)), 2),
                0xe0..=0xe3 | 0xea..=0xef => {
                    let page = usize::from(first & 0x0f) << 6 | cell(1);
                    (self.table.at(page, cell(2)), 3)
                }
                _ => {
                    let page = usize::from(first & 0x07) << 12 | cell(1) << 6 | cell(2);
                    (self.table.at(page, cell(3)), 4)
                }
            };
            if class & self.stops != 0
                && let Some(event) = self.look_at(at, class, before)
            {
                self.before = class;
                self.at = at + length;
                if !matches!(event, Event::Edit { .. }) {
                    self.kept |= class;
                }
                return Some((at, event));
            }
            self.kept |= class;
            before = class;
            at += length;
        }
        (self.at, self.before) = (at, before);
        None
    }
}

const DELETE: u8 = 0x7f;

/// Returns the position, from `at` on, of the first byte that isn't plain: not ASCII, or a control character other than `\t`, `\n`
/// and form feed, or `ampersand`.
#[inline]
fn skip_plain_ascii(bytes: &[u8], mut at: usize, ampersand: u8) -> usize {
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let plain = plain_bytes(*word, ampersand);
        at += plain;
        if plain == 8 {
            // Blocks do not pay off in text whose only ASCII is a blank between words, so they start after a whole word.
            while bytes
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .is_some_and(|block| is_plain_block(block, ampersand))
            {
                at += BLOCK;
            }
        } else if matches!(bytes.get(at), Some(b'\n' | b'\t' | b'\x0c')) {
            at += 1;
        } else {
            return at;
        }
    }
    let is_plain = |&b: &u8| matches!(b, b' '..DELETE | b'\n' | b'\t' | b'\x0c') && b != ampersand;
    at + bytes[at..].iter().take_while(|b| is_plain(b)).count()
}

/// Returns the number of bytes at the beginning of `word` that are plain and not control characters.
#[inline]
fn plain_bytes(word: [u8; 8], ampersand: u8) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let other = word ^ (ONES * u64::from(ampersand));
    // Sets the high bit of every byte that is below 20, from 7F on, or equal to the ampersand. A borrow can set it for the byte
    // after such a one, too, but only the first one counts.
    let found = ((word.wrapping_sub(ONES * 0x20) & !word)
        | word.wrapping_add(ONES)
        | (other.wrapping_sub(ONES) & !other))
        & HIGH;
    found.trailing_zeros() as usize / 8
}

const BLOCK: usize = 32;

/// Returns whether a block is plain and has no form feeds. It is written so that the compiler handles many bytes at a time.
#[inline]
fn is_plain_block(block: &[u8; BLOCK], ampersand: u8) -> bool {
    let mut found = 0;
    for &b in block {
        let is_control = b.wrapping_sub(b' ') >= DELETE - b' ' && b != b'\n' && b != b'\t';
        found |= u8::from(is_control) | u8::from(b == ampersand);
    }
    found == 0
}
