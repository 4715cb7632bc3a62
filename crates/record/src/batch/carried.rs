//! Batches of rows that are not lines.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::cell::Now;
use super::{Batch, Cell};
use crate::carrier::{Carrier, FieldValue};
use crate::json::{JsonKind, Slot, escape_into};
use crate::lines::LineSpan;
use crate::origin::Origin;
use crate::path::DeclaredFields;

/// The rows that a batch carries, and the number of each of its own rows among them.
#[derive(Debug)]
pub(super) struct Carried {
    carrier: Arc<dyn Carrier>,
    rows: Vec<u32>,
}

impl Carried {
    pub(super) fn gather(&mut self, from: &[usize]) {
        self.rows = from.iter().map(|row| self.rows[*row]).collect();
    }
}

impl Batch {
    /// Replaces the batch with the rows of `carrier`, one for each position, which are their positions in `source`.
    ///
    /// `value` returns the declared field of a column in a row of the carrier.
    pub fn fill_carried<'v>(
        &mut self,
        source: u32,
        positions: Range<u64>,
        carrier: Arc<dyn Carrier>,
        fields: &DeclaredFields,
        mut value: impl FnMut(usize, usize) -> FieldValue<'v>,
    ) {
        self.prepare(fields);
        self.raw.clear();
        for (row, position) in positions.enumerate() {
            let start = self.raw.len();
            for column in 0..fields.len() {
                let cell = push_value(&mut self.raw, start, value(column, row));
                self.columns[column].push(cell);
            }
            self.lines.push(LineSpan {
                start: start as u32,
                length: (self.raw.len() - start) as u32,
                position,
            });
            self.origins.push(Origin::new(source, position));
        }
        let rows = self.origins.len() as u32;
        self.selection.extend(0..rows);
        self.carried = Some(Carried {
            carrier,
            rows: (0..rows).collect(),
        });
        let names = self.stats.names().to_vec();
        self.reset_stats(names.iter().map(String::as_str));
    }

    /// Returns the rows that the batch carries, if its source is columnar.
    pub fn carrier(&self) -> Option<&Arc<dyn Carrier>> {
        self.carried.as_ref().map(|carried| &carried.carrier)
    }

    /// Returns the number of a row in the carrier; its own number if nothing is carried.
    pub fn carried_row(&self, row: usize) -> usize {
        self.carried
            .as_ref()
            .map_or(row, |carried| carried.rows[row] as usize)
    }

    /// Returns the bytes of a row that the batch itself holds: its line, or the declared fields of a carried row as they came in.
    pub fn held_bytes(&self, row: usize) -> u64 {
        u64::from(self.lines[row].length)
    }

    /// Appends the record of a carried row, without a line end.
    pub(super) fn write_carried(
        &self,
        carried: &Carried,
        row: usize,
        fields: &DeclaredFields,
        out: &mut Vec<u8>,
    ) {
        let changed = self.changed_cells(row);
        let texts = changed.filter_map(|(column, cell)| match self.now(cell) {
            Now::Text(text) => Some((fields.paths()[column].name(), text)),
            Now::Json(_) | Now::Removed => None,
        });
        let texts: Vec<(&str, &str)> = texts.collect();
        let (start, carried_row) = (out.len(), carried.rows[row] as usize);
        carried.carrier.write_record(carried_row, &texts, out);
        let mut changed = self.changed_cells(row);
        if changed.any(|(_, cell)| self.is_set_or_removed(cell)) {
            // Columns hold values of their own type, so other values are put into the written record.
            let line = String::from_utf8_lossy(&out[start..]).into_owned();
            out.truncate(start);
            self.rewrite(&line, row, fields, |cell| self.is_set_or_removed(cell), out);
        }
    }

    /// Returns the original text of a carried field as JSON. If an operator changed the field, returns its current text.
    pub(super) fn carried_text_as_json(&self, cell: &Cell) -> Cow<'_, str> {
        let mut json = Vec::new();
        escape_into(
            cell.text(&self.raw, &self.arena, &self.late)
                .unwrap_or_default(),
            &mut json,
        );
        Cow::Owned(String::from_utf8(json).unwrap_or_default())
    }
}

/// Appends a value to the texts of the batch; `start` is where those of its row begin.
fn push_value(raw: &mut String, start: usize, value: FieldValue<'_>) -> Cell {
    let (from, slot) = (raw.len(), Slot::default());
    match value {
        FieldValue::Absent => Cell::without_text(slot),
        FieldValue::Text(text) => {
            raw.push_str(text);
            let mut slot = slot;
            slot.kind = JsonKind::Text;
            Cell::in_raw(slot, from, text.len())
        }
        FieldValue::Null => push_json(raw, start, "null"),
        FieldValue::Json(json) => push_json(raw, start, &json),
        FieldValue::Typed(json, what) => {
            let from = raw.len() - start;
            raw.push_str(&json);
            let mut slot = Slot::of_json(&json, from);
            slot.kind = JsonKind::Column(what);
            Cell::without_text(slot)
        }
    }
}

fn push_json(raw: &mut String, start: usize, json: &str) -> Cell {
    let from = raw.len() - start;
    raw.push_str(json);
    Cell::without_text(Slot::of_json(json, from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edits::Edits;

    /// Rows of one text and one number.
    #[derive(Debug)]
    struct Pairs(Vec<(Option<String>, u64)>);

    impl Carrier for Pairs {
        fn write_record(&self, row: usize, changed: &[(&str, &str)], out: &mut Vec<u8>) {
            let (text, number) = &self.0[row];
            let text = changed
                .first()
                .map(|(_, text)| (*text).to_owned())
                .or(text.clone());
            out.extend_from_slice(serde_json::json!([text, number]).to_string().as_bytes());
        }

        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    }

    fn filled(fields: &DeclaredFields) -> Batch {
        let pairs = Arc::new(Pairs(vec![
            (Some("a\nb".into()), 1),
            (None, 2),
            (Some("c".into()), 3),
        ]));
        let (carrier, mut batch) = (pairs.clone(), Batch::default());
        batch.fill_carried(4, 7..10, carrier, fields, |column, row| {
            let (text, number) = &pairs.0[row];
            match (column, text) {
                (0, Some(text)) => FieldValue::Text(Box::leak(text.clone().into_boxed_str())),
                (0, None) => FieldValue::Null,
                (1, _) => FieldValue::Json(number.to_string().into()),
                _ => FieldValue::Absent,
            }
        });
        batch
    }

    fn written(batch: &Batch, row: usize, fields: &DeclaredFields) -> String {
        let mut out = Vec::new();
        batch.write_record(row, fields, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn declared_fields_are_cells_and_the_rest_is_carried() {
        let fields = DeclaredFields::new(["text", "n", "none"]);
        let mut batch = filled(&fields);
        assert_eq!(batch.origin(2), &Origin::new(4, 9));
        assert_eq!(batch.text(0, 0), Ok("a\nb"));
        assert_eq!(batch.json(0, 0).as_deref(), Some(r#""a\nb""#));
        assert_eq!(
            batch.text(0, 1).unwrap_err().to_string(),
            "is null, not text"
        );
        assert_eq!(
            (batch.json(0, 1).as_deref(), batch.json(1, 2).as_deref()),
            (Some("null"), Some("3"))
        );
        assert_eq!(
            batch.text(1, 0).unwrap_err().to_string(),
            "is a number, not text"
        );
        assert_eq!(batch.text(2, 0).unwrap_err().to_string(), "is missing");
        let mut edits = Edits::default();
        edits.delete(0..2);
        batch.edit_text(0, 0, &edits).unwrap();
        assert_eq!(written(&batch, 0, &fields), "[\"b\",1]\n");
        assert_eq!(written(&batch, 1, &fields), "[null,2]\n");
    }

    #[test]
    fn children_carry_the_row_of_their_parent() {
        let fields = DeclaredFields::new(["text"]);
        let mut batch = filled(&fields);
        batch.replace_rows(
            0,
            &[(2, 0, "x".into()), (2, 1, "y".into()), (0, 0, "z".into())],
        );
        let rows: Vec<_> = (0..3).map(|row| batch.carried_row(row)).collect();
        assert_eq!(rows, [2, 2, 0]);
        assert_eq!(written(&batch, 1, &fields), "[\"y\",3]\n");
    }
}
