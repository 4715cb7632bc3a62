//! Filling a batch with the lines that a reader found.

use std::mem;

use memchr::memchr;

use super::late::LateTexts;
use super::{Batch, Cell};
use crate::json::{JsonKind, ScanError, Slot, scan_and_see, unescape_into};
use crate::lines::{LineSpan, Lines};
use crate::origin::Origin;
use crate::path::DeclaredFields;
use crate::rejected::{is_lost, read_rejected};

/// A line that isn't a record, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its place.
    pub origin: Origin,
    /// Its bytes as they came in.
    pub bytes: Vec<u8>,
    /// The reason why it isn't a record.
    pub reason: String,
    /// True if its JSON ends before it is complete, as after a torn write.
    pub incomplete: bool,
    /// True if it stands for a part of the input that is lost and that may have been any number of records.
    pub lost: bool,
}

impl Batch {
    /// Replaces the batch with the records of `lines`, which gets a used buffer in return and is left empty.
    ///
    /// Every line is checked in full. Those that aren't records go to `rejects` in order.
    pub fn fill(&mut self, lines: &mut Lines, fields: &DeclaredFields, rejects: &mut Vec<Reject>) {
        self.prepare(fields);
        let mut used = mem::take(&mut self.raw).into_bytes();
        used.clear();
        let bytes = mem::replace(&mut lines.bytes, used);
        self.raw = text_of(bytes).unwrap_or_else(|bytes| {
            keep_valid_lines(&bytes, lines.source, &mut lines.records, rejects)
        });
        let valid_from = rejects.len();
        for span in lines.records.drain(..) {
            self.add_line(lines.source, span, fields, rejects);
        }
        if valid_from > 0 {
            rejects.sort_by(|a, b| a.origin.cmp(&b.origin));
        }
        self.selection.extend(0..self.origins.len() as u32);
        let names = self.stats.names().to_vec();
        self.reset_stats(names.iter().map(String::as_str));
    }

    fn add_line(
        &mut self,
        source: u32,
        span: LineSpan,
        fields: &DeclaredFields,
        rejects: &mut Vec<Reject>,
    ) {
        let Self {
            raw,
            arena,
            late,
            found,
            seen,
            ..
        } = self;
        let line = &raw[span.range()];
        let place = (source, span.position);
        if let Err(error) = scan_and_see(line, fields, found, (seen, place)) {
            rejects.push(reject(source, span, line, error));
            return;
        }
        for (cells, slot) in self.columns.iter_mut().zip(found) {
            cells.push(read_cell(line, span.start as usize, *slot, (arena, late)));
        }
        self.lines.push(span);
        self.origins.push(Origin::new(source, span.position));
    }
}

/// The length above which texts are parsed on demand.
const LATE_BYTES: usize = 32;

/// Reads the value of a declared field from its line, which begins at `line_start` of the batch's lines.
pub(super) fn read_cell(
    line: &str,
    line_start: usize,
    slot: Slot,
    (arena, late): (&mut String, &mut LateTexts),
) -> Cell {
    if slot.kind != JsonKind::Text {
        return Cell::without_text(slot);
    }
    let inner = &line[slot.start as usize + 1..slot.end as usize - 1];
    if inner.len() > LATE_BYTES {
        let start = line_start + slot.start as usize + 1;
        return Cell::late(slot, late.add(start..start + inner.len()));
    }
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Cell::in_raw(slot, line_start + slot.start as usize + 1, inner.len());
    }
    let start = arena.len();
    match unescape_into(inner, arena) {
        Ok(()) => Cell::in_arena(slot, start, arena.len() - start),
        Err(_) => Cell::without_text(slot),
    }
}

fn reject(source: u32, span: LineSpan, line: &str, error: ScanError) -> Reject {
    let origin = Origin::new(source, span.position);
    match read_rejected(line) {
        Some((reason, bytes)) => Reject {
            origin,
            bytes,
            reason,
            incomplete: false,
            lost: is_lost(line.as_bytes()),
        },
        None => Reject {
            origin,
            bytes: line.as_bytes().to_vec(),
            reason: error.message,
            incomplete: error.incomplete,
            lost: false,
        },
    }
}

/// Returns the bytes as text, or unchanged if they aren't valid text.
fn text_of(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    match simdutf8::basic::from_utf8(&bytes) {
        #[allow(
            unsafe_code,
            reason = "it was checked, many times faster than the standard library does where texts are not English"
        )]
        Ok(_) => Ok(unsafe { String::from_utf8_unchecked(bytes) }),
        Err(_) => Err(bytes),
    }
}

/// Keeps the lines of a block that are UTF-8. The others are rejected and removed from `records`.
fn keep_valid_lines(
    bytes: &[u8],
    source: u32,
    records: &mut Vec<LineSpan>,
    rejects: &mut Vec<Reject>,
) -> String {
    let mut valid = String::with_capacity(bytes.len());
    records.retain_mut(|span| {
        let line = &bytes[span.range()];
        match std::str::from_utf8(line) {
            Ok(text) => {
                span.start = valid.len() as u32;
                valid.push_str(text);
                true
            }
            Err(error) => {
                let message = format!("not valid UTF-8 at byte {}", error.valid_up_to() + 1);
                // A character cut at the end of the line is what a torn write leaves.
                let incomplete = error.error_len().is_none();
                rejects.push(Reject {
                    origin: Origin::new(source, span.position),
                    bytes: line.to_vec(),
                    reason: message,
                    incomplete,
                    lost: false,
                });
                false
            }
        }
    });
    valid
}
