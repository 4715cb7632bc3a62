//! Whole records, read and edited as JSON, for operators that use undeclared fields.

use super::fill::read_cell;
use super::{Batch, Cell};
use crate::delta::WHOLE_RECORDS;
use crate::edits::{EditError, Edits};
use crate::json::{JsonKind, scan};
use crate::lines::LineSpan;

impl Batch {
    /// Returns the current record of a row as JSON.
    pub fn record(&self, row: usize) -> String {
        let mut json = Vec::new();
        self.write_record(row, &self.fields, &mut json);
        json.pop();
        String::from_utf8(json).unwrap_or_default()
    }

    /// Applies an edit script to the JSON of a record, as returned by [`record`](Self::record). The declared fields are read again.
    ///
    /// # Errors
    /// [`EditError`] when the script does not fit, or the result isn't one line of JSON. The record then stays unchanged.
    pub fn edit_record(&mut self, row: usize, edits: &Edits) -> Result<(), EditError> {
        if edits.is_empty() {
            return Ok(());
        }
        let (old, mut new) = (self.record(row), String::new());
        edits.apply(&old, &mut new)?;
        self.become_lines();
        if self.carried.is_some() {
            return Err(EditError);
        }
        self.replace_line(row, &new).ok_or(EditError)?;
        if self.recorder.is_active() {
            self.recorder.edit_record(row, &old, edits);
        }
        Ok(())
    }

    /// Replaces the rows by the children of splitters that make whole records.
    ///
    /// Each child is (the row it comes from, its index among the children, its record as JSON). Rows without children are removed.
    /// Statistics are copied from the parent.
    ///
    /// # Errors
    /// [`EditError`] when one of them isn't one line of JSON. The batch is then unusable.
    pub fn replace_records(&mut self, children: &[(u32, u32, String)]) -> Result<(), EditError> {
        self.record_split(WHOLE_RECORDS, children);
        self.gather(children);
        // Each row gets a line of its own.
        self.carried = None;
        for (row, (.., json)) in children.iter().enumerate() {
            self.replace_line(row, json).ok_or(EditError)?;
        }
        Ok(())
    }

    /// Makes `line` the record of a row; `None` if it isn't a valid record.
    fn replace_line(&mut self, row: usize, line: &str) -> Option<()> {
        if line.contains(['\n', '\r']) {
            return None;
        }
        let start = self.raw.len();
        u32::try_from(start + line.len()).ok()?;
        scan(line, &self.fields, &mut self.found).ok()?;
        self.raw.push_str(line);
        let old = self.lines[row];
        self.lines[row] = LineSpan {
            start: start as u32,
            length: line.len() as u32,
            position: old.position,
        };
        for (cells, slot) in self.columns.iter_mut().zip(&self.found) {
            let cell = &mut cells[row];
            let is_same = || cell.json(&self.raw[old.range()]) == Some(slot.json(line));
            *cell = match cell.slot.kind {
                // A value from a column keeps the type of the column as long as it is unchanged.
                kind @ JsonKind::Column(_) if !cell.is_changed() && is_same() => {
                    Cell::without_text(slot.with_kind(kind))
                }
                _ => read_cell(line, start, *slot, (&mut self.arena, &mut self.late)),
            };
        }
        Some(())
    }

    /// Rewrites the line of a row after a change of the field `column` that is more than a new value in the old place: if the field
    /// was added, removed or repeated, or if other declared fields are inside it or it is inside them.
    ///
    /// A record is therefore always what it would be if it were written and read again, as a checkpoint does. This covers which
    /// fields there are, their order, and the values inside a changed field.
    pub(super) fn settle(&mut self, column: usize, row: usize) {
        let cell = &self.columns[column][row];
        let is_settled = !cell.is_changed() || cell.is_in_place() && !self.overlapping[column];
        if self.carried.is_some() || is_settled {
            return;
        }
        let line = self.record(row);
        // There is no room only if the lines of a batch exceed 4 GB. The change is then made when the record is written.
        let _ = self.replace_line(row, &line);
    }

    /// Turns carried rows into lines, because columns hold values of one type, and the same fields in each row.
    pub(super) fn become_lines(&mut self) {
        if self.carried.is_none() {
            return;
        }
        let lines: Vec<String> = (0..self.rows()).map(|row| self.record(row)).collect();
        let bytes: usize = lines.iter().map(String::len).sum();
        if u32::try_from(self.raw.len() + bytes).is_err() {
            // The values stay in their columns, and changes are inserted when they are written.
            return;
        }
        self.carried = None;
        for (row, line) in lines.iter().enumerate() {
            let _ = self.replace_line(row, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lines::Lines;
    use crate::path::DeclaredFields;

    fn filled(line: &str) -> (Batch, DeclaredFields) {
        let fields = DeclaredFields::new(["text", "m.t"]);
        let mut lines = Lines::new(0);
        lines.push(0, line.as_bytes());
        let mut batch = Batch::default();
        batch.fill(&mut lines, &fields, &mut Vec::new());
        (batch, fields)
    }

    fn edit(batch: &mut Batch, old: &str, new: &str) -> Result<(), EditError> {
        let at = batch.record(0).find(old).unwrap();
        let mut edits = Edits::default();
        edits.replace(at..at + old.len(), new);
        batch.edit_record(0, &edits)
    }

    #[test]
    fn a_record_is_edited_as_it_is_now() {
        let line = r#"{"n": 1.50, "text": "a", "o": ["secret"]}"#;
        let (mut batch, _) = filled(line);
        batch.begin_record();
        batch.set_value(0, 0, &json!("secret text"));
        batch.set_value(1, 0, &json!(2));
        edit(&mut batch, r#""secret text""#, r#""caf\u00e9""#).unwrap();
        edit(&mut batch, r#"["secret"]"#, "[]").unwrap();
        let expected = r#"{"n": 1.50, "text": "caf\u00e9", "o": [], "m": {"t": 2}}"#;
        assert_eq!(batch.record(0), expected);
        assert_eq!(batch.text(0, 0), Ok("café"));
        assert_eq!(batch.json(1, 0).as_deref(), Some("2"));
        let mut part = Vec::new();
        batch.end_record(&mut part);
        let (mut again, _) = filled(line);
        again.replay(&part, &[0, 1], &[]).unwrap();
        assert_eq!(again.record(0), expected);
    }

    #[test]
    fn records_are_replaced_by_others_and_again() {
        let line = r#"{"n": 1.50, "text": "a", "m": {"t": ["b", "c"]}}"#;
        let (mut batch, _) = filled(line);
        batch.begin_record();
        let children = ["{}", r#"{"text": "caf\u00e9", "o": 1e2}"#];
        let children = (0..)
            .zip(children)
            .map(|(index, json)| (0, index, json.to_owned()));
        let children: Vec<_> = children.collect();
        batch.replace_records(&children).unwrap();
        batch.set_value(1, 0, &json!(2));
        let expected = [r#"{"m": {"t": 2}}"#, r#"{"text": "caf\u00e9", "o": 1e2}"#];
        assert_eq!([0, 1].map(|row| batch.record(row)), expected);
        assert_eq!(batch.text(0, 1), Ok("café"));
        assert_eq!(batch.origin(1).piece.indices(), [1]);
        let mut part = Vec::new();
        batch.end_record(&mut part);
        let (mut again, _) = filled(line);
        again.replay(&part, &[0, 1], &[]).unwrap();
        assert_eq!([0, 1].map(|row| again.record(row)), expected);
        for bad in ["{}\n", "[1]", ""] {
            let child = [(0, 0, bad.to_owned())];
            assert!(again.replace_records(&child).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_refused_and_changes_nothing() {
        let line = r#"{"text": "a"}"#;
        let (mut batch, _) = filled(line);
        for new in ["a", "\n\"a\"", ""] {
            assert!(edit(&mut batch, "\"a\"", new).is_err(), "{new}");
        }
        assert_eq!(batch.record(0), line);
    }
}
