//! Writing a record: the original line, with the changed fields spliced in.

use std::borrow::Cow;
use std::ops::Range;

use super::cell::Now;
use super::{Batch, Cell};
use crate::json::{Added, JsonKind, Slot, add_fields, escape_into, scan};
use crate::path::DeclaredFields;
use crate::stats::STATS_FIELD;

impl Batch {
    /// Appends the record of a row and a line end.
    ///
    /// A record that no operator changed is appended as it came in. `fields` are those that the batch was filled with.
    pub fn write_record(&self, row: usize, fields: &DeclaredFields, out: &mut Vec<u8>) {
        if let Some(carried) = &self.carried {
            self.write_carried(carried, row, fields, out);
        } else if self.is_changed(row) {
            self.write_changed(row, fields, out);
        } else {
            out.extend_from_slice(self.raw(row).as_bytes());
        }
        out.push(b'\n');
    }

    /// Appends the record of a row, with its statistics as an additional field, and a line end.
    pub fn write_record_with_stats(&self, row: usize, fields: &DeclaredFields, out: &mut Vec<u8>) {
        self.write_record_with_first_stats(row, fields, usize::MAX, out);
    }

    /// Writes a record like [`write_record_with_stats`](Self::write_record_with_stats), but only so many of the batch's statistics.
    pub fn write_record_with_first_stats(
        &self,
        row: usize,
        fields: &DeclaredFields,
        count: usize,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        self.write_record(row, fields, out);
        let mut stats = Vec::new();
        self.stats.write_first_json(row, count, &mut stats);
        if stats == b"{}" {
            return;
        }
        let line = String::from_utf8_lossy(&out[start..out.len() - 1]).into_owned();
        let mut found = Vec::new();
        let slot = match scan(&line, &DeclaredFields::new([STATS_FIELD]), &mut found) {
            Ok(()) => found[0],
            Err(_) => Slot::default(),
        };
        out.truncate(start);
        splice(&line, &[(slot, STATS_FIELD, stats)], out);
        out.push(b'\n');
    }

    /// Returns the record of a row with its line end, if both are what was read: its position in the source, and its range in
    /// [`lines`](Self::lines).
    ///
    /// It equals the output of [`write_record`](Self::write_record). The result is `None` for everything that isn't written as it
    /// came in, and for a record that is only a part of its line.
    pub fn verbatim(&self, row: usize) -> Option<(u64, Range<usize>)> {
        let range = self.lines[row].range();
        let raw = self.raw.as_bytes();
        let begins_line = range.start == 0 || raw[range.start - 1] == b'\n';
        let ends_line = raw.get(range.end) == Some(&b'\n');
        // A line that an operator made comes after those that were read, and has no line end.
        let is_verbatim =
            begins_line && ends_line && self.carried.is_none() && !self.is_changed(row);
        is_verbatim.then(|| (self.lines[row].position, range.start..range.end + 1))
    }

    /// Returns the lines that the batch was filled with.
    pub fn lines(&self) -> &[u8] {
        self.raw.as_bytes()
    }

    fn write_changed(&self, row: usize, fields: &DeclaredFields, out: &mut Vec<u8>) {
        let line = self.raw(row);
        let needs_rewriting =
            |cell: &Cell| cell.slot.repeated || matches!(self.now(cell), Now::Removed);
        if self
            .changed_cells(row)
            .any(|(_, cell)| needs_rewriting(cell))
        {
            return self.rewrite(line, row, fields, |_| true, out);
        }
        let mut single = self.changed_cells(row);
        if let (Some((_, cell)), None) = (single.next(), single.next())
            && cell.slot.kind != JsonKind::Absent
        {
            out.extend_from_slice(&line.as_bytes()[..cell.slot.start as usize]);
            self.write_now(cell, out);
            out.extend_from_slice(&line.as_bytes()[cell.slot.end as usize..]);
            return;
        }
        let values = self.changed_cells(row).map(|(column, cell)| {
            let mut json = Vec::new();
            self.write_now(cell, &mut json);
            (cell.slot, fields.paths()[column].name(), json)
        });
        splice(line, &values.collect::<Vec<_>>(), out);
    }

    /// Appends the current value of a changed field as JSON.
    pub(super) fn write_now(&self, cell: &Cell, out: &mut Vec<u8>) {
        match self.now(cell) {
            Now::Text(text) => escape_into(text, out),
            Now::Json(json) => out.extend_from_slice(json.as_bytes()),
            Now::Removed => out.extend_from_slice(b"null"),
        }
    }

    /// Returns the current value of a changed field as JSON.
    pub(super) fn json_now(&self, cell: &Cell) -> Option<Cow<'_, str>> {
        match self.now(cell) {
            Now::Json(json) => Some(Cow::Borrowed(json)),
            Now::Removed => None,
            Now::Text(_) => {
                let mut json = Vec::new();
                self.write_now(cell, &mut json);
                Some(Cow::Owned(String::from_utf8(json).unwrap_or_default()))
            }
        }
    }
}

/// Appends `line` with each value in place of its slot, or as an additional field if the slot is absent.
pub(super) fn splice(line: &str, values: &[(Slot, &str, Vec<u8>)], out: &mut Vec<u8>) {
    let mut present: Vec<_> = values
        .iter()
        .filter(|(slot, ..)| slot.kind != JsonKind::Absent)
        .collect();
    present.sort_by_key(|(slot, ..)| slot.start);
    let absent = values
        .iter()
        .filter(|(slot, ..)| slot.kind == JsonKind::Absent);
    let added: Vec<Added<'_>> = absent.map(|(_, name, json)| (*name, &json[..])).collect();
    if present.is_empty() {
        return add_fields(line, &added, out);
    }
    let bytes = line.as_bytes();
    let (from, mut copied) = (out.len(), 0);
    for (slot, _, json) in present {
        // If one value is a part of another, the outer one is written.
        if (slot.start as usize) < copied {
            continue;
        }
        out.extend_from_slice(&bytes[copied..slot.start as usize]);
        out.extend_from_slice(json);
        copied = slot.end as usize;
    }
    out.extend_from_slice(&bytes[copied..]);
    if !added.is_empty() {
        let spliced = String::from_utf8_lossy(&out[from..]).into_owned();
        out.truncate(from);
        add_fields(&spliced, &added, out);
    }
}
