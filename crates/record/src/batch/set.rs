//! Setting fields to values of any type, and removing them.

use serde_json::value::RawValue;

use super::{Batch, Cell};
use crate::json::{JsonKind, scan, without_field, without_repeats};
use crate::path::DeclaredFields;

use super::cell::Now;
use super::write::splice;

impl Batch {
    /// Sets a declared field to a JSON value. If the record lacks the field, it is added after the last one.
    pub fn set_value(&mut self, column: usize, row: usize, value: &serde_json::Value) {
        // A value prints as one line of valid JSON.
        let _ = self.set_json(column, row, &value.to_string());
    }

    /// Removes a declared field from a record. A record that lacks it stays unchanged.
    pub fn remove_field(&mut self, column: usize, row: usize) {
        self.become_lines();
        self.columns[column][row].remove();
        if self.recorder.is_active() {
            self.recorder.remove(column, row);
        }
        self.settle(column, row);
    }

    /// Sets a declared field to the value with this spelling; `None` if it isn't one line of JSON.
    pub(crate) fn set_json(&mut self, column: usize, row: usize, json: &str) -> Option<()> {
        if json.contains(['\n', '\r']) {
            return None;
        }
        serde_json::from_str::<&RawValue>(json).ok()?;
        self.become_lines();
        let cell = &mut self.columns[column][row];
        match JsonKind::of(json) {
            JsonKind::Text => {
                let text = serde_json::from_str::<String>(json).ok()?;
                cell.set_text(&mut self.arena, &text);
            }
            kind => cell.set_json(&mut self.arena, kind, json),
        }
        if self.recorder.is_active() {
            self.recorder.set(column, row, json);
        }
        self.settle(column, row);
        Some(())
    }

    /// Returns the current value of a field that operators changed.
    pub(super) fn now<'b>(&'b self, cell: &Cell) -> Now<'b> {
        cell.now(&self.raw, &self.arena)
    }

    /// Returns whether a field was removed or set to something other than text.
    pub(super) fn is_set_or_removed(&self, cell: &Cell) -> bool {
        !matches!(self.now(cell), Now::Text(_))
    }

    /// Appends `line`, which is a record, without the removed fields, and with the values of those changed fields for which
    /// `is_wanted` returns true.
    pub(super) fn rewrite(
        &self,
        line: &str,
        row: usize,
        fields: &DeclaredFields,
        is_wanted: impl Fn(&Cell) -> bool,
        out: &mut Vec<u8>,
    ) {
        let mut line = line.to_owned();
        for (column, cell) in self.changed_cells(row) {
            let name = fields.paths()[column].name();
            if let Now::Removed = self.now(cell) {
                line = without_field(&line, name);
            } else if cell.slot.repeated {
                line = without_repeats(&line, name);
            }
        }
        let mut found = Vec::new();
        // The line was valid, and so is what is left of it.
        let _ = scan(&line, fields, &mut found);
        let wanted = self
            .changed_cells(row)
            .filter(|(_, cell)| is_wanted(cell) && !matches!(self.now(cell), Now::Removed));
        let values = wanted.map(|(column, cell)| {
            let slot = found.get(column).copied().unwrap_or_default();
            let mut json = Vec::new();
            self.write_now(cell, &mut json);
            (slot, fields.paths()[column].name(), json)
        });
        splice(&line, &values.collect::<Vec<_>>(), out);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::edits::Edits;
    use crate::lines::Lines;

    fn filled(line: &str, fields: &DeclaredFields) -> Batch {
        let mut lines = Lines::new(0);
        lines.push(0, line.as_bytes());
        let mut batch = Batch::default();
        batch.fill(&mut lines, fields, &mut Vec::new());
        batch
    }

    fn written(batch: &Batch, fields: &DeclaredFields) -> String {
        let mut out = Vec::new();
        batch.write_record(0, fields, &mut out);
        String::from_utf8(out).unwrap().trim_end().to_owned()
    }

    #[track_caller]
    fn check(line: &str, change: impl Fn(&mut Batch), expected: &str) {
        let fields = DeclaredFields::new(["text", "tags", "m.t"]);
        let mut batch = filled(line, &fields);
        change(&mut batch);
        assert_eq!(written(&batch, &fields), expected);
    }

    #[test]
    fn everything_but_the_field_stays_as_it_came_in() {
        let line = r#"{"n": 1.50 ,"text" :"a", "tags":[1,2] , "u":"\u00e9"}"#;
        let tags = json!(["x\n", 2.5, null]);
        check(
            line,
            |batch| batch.set_value(1, 0, &tags),
            r#"{"n": 1.50 ,"text" :"a", "tags":["x\n",2.5,null] , "u":"\u00e9"}"#,
        );
        check(
            line,
            |batch| batch.set_value(0, 0, &json!("b\"")),
            r#"{"n": 1.50 ,"text" :"b\"", "tags":[1,2] , "u":"\u00e9"}"#,
        );
        check(
            line,
            |batch| batch.remove_field(1, 0),
            r#"{"n": 1.50 ,"text" :"a", "u":"\u00e9"}"#,
        );
        check(r#"{ "tags": 1 }"#, |batch| batch.remove_field(1, 0), "{ }");
        check(
            r#"{"a": 1 , "tags": 1}"#,
            |batch| batch.remove_field(1, 0),
            r#"{"a": 1 }"#,
        );
        check(
            r#"{"tags": 1, "m": {"t": 2, "o": 3}, "tags": 4}"#,
            |batch| {
                batch.remove_field(1, 0);
                batch.remove_field(2, 0);
                batch.set_value(0, 0, &json!(true));
            },
            r#"{"m": {"o": 3}, "text": true}"#,
        );
        // Removing a missing field has no effect, and removing a field that was set leaves no trace.
        let plain = r#"{"text":  "a"}"#;
        check(plain, |batch| batch.remove_field(1, 0), plain);
        let set_and_remove = |batch: &mut Batch| {
            batch.set_value(1, 0, &json!({"a": 1}));
            batch.remove_field(1, 0);
        };
        check(plain, set_and_remove, plain);
        // That also holds if a checkpoint is between the two, from which the record is read again.
        for plain in [plain, r#"{ "text" : "a" , "n":0.50 }"#, "{ }", "{}"] {
            check(plain, set_and_remove, plain);
            let fields = DeclaredFields::new(["text", "tags", "m.t"]);
            let mut batch = filled(plain, &fields);
            batch.set_value(1, 0, &json!({"a": 1}));
            let between = written(&batch, &fields);
            check(&between, |batch| batch.remove_field(1, 0), plain);
        }
    }

    #[test]
    fn a_field_is_what_it_was_set_to() {
        let fields = DeclaredFields::new(["text"]);
        let mut batch = filled(r#"{"text": "a"}"#, &fields);
        batch.set_value(0, 0, &json!([1]));
        assert!(batch.text(0, 0).is_err());
        assert_eq!(batch.json(0, 0).as_deref(), Some("[1]"));
        let mut edits = Edits::default();
        edits.delete(0..1);
        assert!(batch.edit_text(0, 0, &edits).is_err());
        batch.set_value(0, 0, &json!("né"));
        batch.edit_text(0, 0, &edits).unwrap();
        assert_eq!(batch.json(0, 0).as_deref(), Some("\"é\""));
        batch.remove_field(0, 0);
        assert_eq!(
            (batch.json(0, 0), batch.text(0, 0)),
            (None, Err(crate::FieldError::Missing))
        );
        assert!(batch.set_json(0, 0, "{\n}").is_none() && batch.set_json(0, 0, "[1").is_none());
    }
}
