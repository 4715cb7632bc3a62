//! Records as a whole: read and edited as JSON, for operators that look into fields that nobody declared.

use super::Batch;
use super::fill::read_cell;
use crate::delta::WHOLE_RECORDS;
use crate::edits::{EditError, Edits};
use crate::json::scan;
use crate::lines::LineSpan;

impl Batch {
    /// The record of a row as JSON, as it is now.
    pub fn record(&self, row: usize) -> String {
        let mut json = Vec::new();
        self.write_record(row, &self.fields, &mut json);
        json.pop();
        String::from_utf8(json).unwrap_or_default()
    }

    /// Applies an edit script to the JSON of a record, as [`record`](Self::record) gives it. The declared fields are read
    /// anew.
    ///
    /// # Errors
    /// [`EditError`] when the script does not fit, what comes out is not one line of JSON, or the row is carried. The
    /// record then stays as it is.
    pub fn edit_record(&mut self, row: usize, edits: &Edits) -> Result<(), EditError> {
        if edits.is_empty() {
            return Ok(());
        }
        let (old, mut new) = (self.record(row), String::new());
        edits.apply(&old, &mut new)?;
        self.replace_line(row, &new).ok_or(EditError)?;
        if self.recorder.is_active() {
            self.recorder.edit_record(row, &old, edits);
        }
        Ok(())
    }

    /// Replaces the rows by the children of splitters that give whole records.
    ///
    /// Each child is (the row it comes from, its index among the children, its record as JSON). Rows without children are
    /// gone. Statistics are copied from the parent.
    ///
    /// # Errors
    /// [`EditError`] when one of them is not one line of JSON; the batch is of no use then.
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

    /// Makes `line` the record of a row; `None` if it cannot be one.
    fn replace_line(&mut self, row: usize, line: &str) -> Option<()> {
        if self.carried.is_some() || line.contains(['\n', '\r']) {
            return None;
        }
        let start = self.raw.len();
        u32::try_from(start + line.len()).ok()?;
        scan(line, &self.fields, &mut self.found).ok()?;
        self.raw.push_str(line);
        self.lines[row] = LineSpan {
            start: start as u32,
            length: line.len() as u32,
            position: self.lines[row].position,
        };
        for (cells, slot) in self.columns.iter_mut().zip(&self.found) {
            cells[row] = read_cell(line, start, *slot, &mut self.arena);
        }
        Some(())
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
