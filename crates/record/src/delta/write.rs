//! Encoding a part.
//!
//! ```text
//! part      = splits:varint phase{splits} edits selection stats
//! phase     = edits column:varint (2^32 - 1: children are whole records) children:varint child{children}
//! edits     = count:varint { what:varint row:signed(from the last) (script | length:varint bytes | nothing) }
//! what      = column (a script) | 2^32 + column (set to this JSON) | 2^33 + column (removed) | 3 * 2^32 (a script of the record)
//! script    = count:varint { gap:varint deleted:varint inserted:varint } inserted bytes
//! child     = parent:signed(from the last) index:varint (0 start:varint length:varint | 1 length:varint bytes)
//! selection = 0 (all) | 1 count:varint { gap:varint } (those that are gone, by their place among the alive ones)
//! stats     = columns:varint { column:varint form (0 integers: signed | 1 floats: 8 bytes | 2 each 0 (absent) or a value) }
//! ```

use super::recorder::{LoggedEdit, Recorder};
use crate::stats::{StatValue, Stats};
use crate::varint::{put, put_signed};

/// Written in place of a split's column if the children are whole records.
pub(crate) const WHOLE_RECORDS: usize = u32::MAX as usize;
pub(crate) const ALL: u8 = 0;
pub(crate) const SOME: u8 = 1;
pub(crate) const SPAN: u8 = 0;
pub(crate) const LITERAL: u8 = 1;
pub(crate) const INTS: u8 = 0;
pub(crate) const FLOATS: u8 = 1;
pub(crate) const TAGGED: u8 = 2;
pub(crate) const ABSENT: u8 = 0;

impl Recorder {
    /// Writes the edits of the rows for which `stays` returns true. Those of other rows are useless.
    fn write_edits(&self, stays: impl Fn(u32) -> bool, out: &mut Vec<u8>) {
        let kept = |edit: &&LoggedEdit| stays(edit.row);
        put(self.edits.iter().filter(kept).count() as u64, out);
        let (mut start, mut last_row) = (0, 0);
        for edit in &self.edits {
            if stays(edit.row) {
                // The field and the kind of change share one number, so that plain edits keep their old encoding. It does not
                // depend on how many fields there are, because a reader may know fewer of them.
                put(((edit.change as u64) << 32) + u64::from(edit.column), out);
                put_signed(i64::from(edit.row) - last_row, out);
                last_row = i64::from(edit.row);
                out.extend_from_slice(&self.scripts[start..edit.end]);
            }
            start = edit.end;
        }
    }

    /// Ends a phase with a split; `parent_text` returns the text of a row before it.
    pub(crate) fn split<'t>(
        &mut self,
        column: usize,
        children: &[(u32, u32, String)],
        parent_text: impl Fn(u32) -> &'t str,
    ) {
        let mut out = std::mem::take(&mut self.phases);
        let is_parent = |row| {
            children
                .binary_search_by_key(&row, |(parent, ..)| *parent)
                .is_ok()
        };
        self.write_edits(is_parent, &mut out);
        put(column as u64, &mut out);
        put(children.len() as u64, &mut out);
        let (mut last_parent, mut cursor) = (None, 0);
        for (parent, index, text) in children {
            if last_parent != Some(*parent) {
                cursor = 0;
            }
            put_signed(
                i64::from(*parent) - last_parent.map_or(0, i64::from),
                &mut out,
            );
            last_parent = Some(*parent);
            put(u64::from(*index), &mut out);
            let whole = parent_text(*parent);
            // Splitters mostly return pieces of the text in order.
            match whole
                .get(cursor..)
                .and_then(|rest| rest.find(text.as_str()))
            {
                Some(at) => {
                    out.push(SPAN);
                    put((cursor + at) as u64, &mut out);
                    put(text.len() as u64, &mut out);
                    cursor += at + text.len();
                }
                None => {
                    out.push(LITERAL);
                    put(text.len() as u64, &mut out);
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.phases = out;
        self.splits += 1;
        self.edits.clear();
        self.scripts.clear();
        self.alive.clear();
        self.alive.extend(0..children.len() as u32);
    }

    /// Ends recording and writes the part. `selection` are the rows that are left.
    pub(crate) fn finish(&mut self, selection: &[u32], stats: &Stats, out: &mut Vec<u8>) {
        self.active = false;
        put(u64::from(self.splits), out);
        out.extend_from_slice(&self.phases);
        self.write_edits(|row| selection.binary_search(&row).is_ok(), out);
        self.write_selection(selection, out);
        self.write_stats(selection, stats, out);
    }

    fn write_selection(&self, selection: &[u32], out: &mut Vec<u8>) {
        if selection.len() == self.alive.len() {
            out.push(ALL);
            return;
        }
        out.push(SOME);
        put((self.alive.len() - selection.len()) as u64, out);
        let (mut left, mut last) = (selection.iter().peekable(), 0);
        for (place, row) in self.alive.iter().enumerate() {
            if left.next_if_eq(&row).is_none() {
                put(place as u64 - last, out);
                last = place as u64;
            }
        }
    }

    fn write_stats(&self, selection: &[u32], stats: &Stats, out: &mut Vec<u8>) {
        // After a split the rows are different, so nothing can be compared.
        let known = |column: usize, row: usize| match self.splits {
            0 => self.known_stats.get(column, row),
            _ => None,
        };
        let is_new = |column: &usize| {
            let mut rows = selection.iter().map(|row| *row as usize);
            rows.any(|row| !is_same(stats.get(*column, row), known(*column, row)))
        };
        let columns: Vec<usize> = (0..stats.names().len()).filter(is_new).collect();
        put(columns.len() as u64, out);
        for column in columns {
            put(column as u64, out);
            let values = selection.iter().map(|row| stats.get(column, *row as usize));
            write_column(values, out);
        }
    }
}

fn is_same(a: Option<&StatValue>, b: Option<&StatValue>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.is_same(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn write_column<'s>(
    values: impl Iterator<Item = Option<&'s StatValue>> + Clone,
    out: &mut Vec<u8>,
) {
    let is_int = |value: Option<&StatValue>| matches!(value, Some(StatValue::Int(_)));
    let is_float = |value: Option<&StatValue>| matches!(value, Some(StatValue::Float(_)));
    let form = if values.clone().all(is_int) {
        INTS
    } else if values.clone().all(is_float) {
        FLOATS
    } else {
        TAGGED
    };
    out.push(form);
    for value in values {
        match value {
            None => out.push(ABSENT),
            Some(value) if form == TAGGED => value.encode(out),
            Some(value) => value.encode_untagged(out),
        }
    }
}
