//! Batches of records, which go through a chain of operators together.

mod carried;
mod cell;
mod derived;
mod fill;
mod late;
mod record;
mod set;
mod whole;
mod write;

pub use cell::{Cell, FieldError};
pub use fill::Reject;

use std::borrow::Cow;

use carried::Carried;
use derived::Derived;
use late::LateTexts;

use crate::delta::Recorder;
use crate::edits::{EditError, Edits};
use crate::lines::LineSpan;
use crate::origin::Origin;
use crate::path::DeclaredFields;
use crate::seen::FieldsSeen;
use crate::stats::Stats;

/// Records on their way through the operators: about 256 KB of lines, so that they stay in the cache.
///
/// A row is a record. Its index never changes while filters run; they only shorten the selection of rows that are alive. A splitter
/// replaces all rows.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines as they came in; for carried rows, the values of their declared fields.
    raw: String,
    /// Texts that are not in `raw`: unescaped ones, and those that operators made.
    arena: String,
    /// Texts that are in `raw` as JSON.
    late: LateTexts,
    lines: Vec<LineSpan>,
    origins: Vec<Origin>,
    selection: Vec<u32>,
    /// The fields that the batch was filled with.
    fields: DeclaredFields,
    /// True if the field of a column is inside another one, or another one is inside it.
    overlapping: Vec<bool>,
    /// A column for each declared field, with a cell for each row.
    columns: Vec<Vec<Cell>>,
    stats: Stats,
    /// The rest of the records, if they are rows of a columnar source.
    carried: Option<Carried>,
    found: crate::json::Found,
    seen: FieldsSeen,
    recorder: Recorder,
    derived: Derived,
}

impl Batch {
    /// Returns the number of rows, alive or not.
    pub fn rows(&self) -> usize {
        self.origins.len()
    }

    /// Returns the rows that are alive, in ascending order.
    pub fn selection(&self) -> &[u32] {
        &self.selection
    }

    /// Keeps the alive rows for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        self.selection.retain(|row| keep(*row as usize));
    }

    /// Keeps these rows, which must be alive and in ascending order.
    pub fn select(&mut self, rows: Vec<u32>) {
        self.selection = rows;
    }

    /// Returns the origin of a row's record.
    pub fn origin(&self, row: usize) -> &Origin {
        &self.origins[row]
    }

    /// Sets the origin of each row, which a checkpoint has and its lines do not.
    ///
    /// Rows beyond the end of `origins` keep theirs.
    pub fn set_origins(&mut self, origins: impl IntoIterator<Item = Origin>) {
        self.origins
            .iter_mut()
            .zip(origins)
            .for_each(|(mine, origin)| *mine = origin);
    }

    /// Returns the line of a row as it came in.
    fn raw(&self, row: usize) -> &str {
        &self.raw[self.lines[row].range()]
    }

    /// Returns the statistics of all rows.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns the statistics of all rows, for setting them.
    pub fn stats_mut(&mut self) -> &mut Stats {
        &mut self.stats
    }

    /// Makes the statistics empty columns with these names.
    pub fn reset_stats<'n>(&mut self, names: impl IntoIterator<Item = &'n str, IntoIter: Clone>) {
        let rows = self.rows();
        self.stats.reset(names.into_iter(), rows);
    }

    /// Returns the text of a declared field.
    ///
    /// # Errors
    /// [`FieldError`] when the record lacks the field, or it isn't text.
    pub fn text(&self, column: usize, row: usize) -> Result<&str, FieldError> {
        self.columns[column][row].text(&self.raw, &self.arena, &self.late)
    }

    /// Returns the JSON text of a declared field, unchanged unless an operator changed the field; `None` when the record lacks it.
    pub fn json(&self, column: usize, row: usize) -> Option<Cow<'_, str>> {
        let cell = &self.columns[column][row];
        if cell.is_changed() {
            return self.json_now(cell);
        }
        if self.carried.is_some() && cell.slot.kind == crate::json::JsonKind::Text {
            return Some(self.carried_text_as_json(cell));
        }
        cell.json(self.raw(row)).map(Cow::Borrowed)
    }

    /// Returns the types of the fields of all records that the batch was filled with since the last call.
    pub fn take_seen(&mut self) -> FieldsSeen {
        std::mem::take(&mut self.seen)
    }

    /// Returns the types of the fields of the records, for the code that fills the batch.
    pub fn seen_mut(&mut self) -> &mut FieldsSeen {
        &mut self.seen
    }

    /// Applies an edit script to the text of a declared field.
    ///
    /// # Errors
    /// [`EditError`] when the script does not fit the text, which then stays unchanged.
    pub fn edit_text(&mut self, column: usize, row: usize, edits: &Edits) -> Result<(), EditError> {
        if edits.is_empty() {
            return Ok(());
        }
        if self.overlapping[column] {
            self.become_lines();
        }
        let Self {
            raw,
            arena,
            late,
            columns,
            recorder,
            ..
        } = self;
        let before = columns[column][row];
        columns[column][row].edit(raw, arena, late, edits)?;
        if recorder.is_active() {
            // Texts in the arena are not moved.
            recorder.edit(
                column,
                row,
                before.text(raw, arena, late).unwrap_or_default(),
                edits,
            );
        }
        self.settle(column, row);
        Ok(())
    }

    /// Replaces the rows by the children of splitters.
    ///
    /// Each child is (the row it comes from, its index among the children, the text of the field `column`). Rows without children
    /// are removed. Fields and statistics are copied from the parent.
    pub fn replace_rows(&mut self, column: usize, children: &[(u32, u32, String)]) {
        if self.overlapping[column] {
            self.become_lines();
        }
        self.record_split(column, children);
        self.gather(children);
        for (row, (.., text)) in children.iter().enumerate() {
            self.columns[column][row].set_text(&mut self.arena, text);
            self.settle(column, row);
        }
    }

    /// Replaces the rows by copies of those that the children come from.
    fn gather(&mut self, children: &[(u32, u32, String)]) {
        self.derived.clear();
        let parents: Vec<usize> = children.iter().map(|(row, ..)| *row as usize).collect();
        self.lines = parents.iter().map(|row| self.lines[*row]).collect();
        if let Some(carried) = &mut self.carried {
            carried.gather(&parents);
        }
        self.origins = children
            .iter()
            .map(|(row, index, _)| self.origins[*row as usize].child(*index))
            .collect();
        for cells in &mut self.columns {
            *cells = parents.iter().map(|row| cells[*row]).collect();
        }
        self.stats.gather(&parents);
        self.selection = (0..children.len() as u32).collect();
    }

    /// Returns the columns of the declared fields that an operator changed in this row.
    fn changed_cells(&self, row: usize) -> impl Iterator<Item = (usize, &Cell)> {
        self.columns
            .iter()
            .map(move |cells| &cells[row])
            .enumerate()
            .filter(|(_, cell)| cell.is_changed())
    }

    /// Returns whether operators changed the record of a row.
    pub fn is_changed(&self, row: usize) -> bool {
        self.changed_cells(row).next().is_some()
    }

    /// Returns whether operators changed a declared field of a row.
    pub fn is_field_changed(&self, column: usize, row: usize) -> bool {
        self.columns[column][row].is_changed()
    }

    fn prepare(&mut self, fields: &DeclaredFields) {
        if self.fields != *fields {
            self.fields = fields.clone();
            self.overlapping = fields.overlapping();
        }
        self.carried = None;
        self.derived.clear();
        self.arena.clear();
        self.late.clear();
        self.lines.clear();
        self.origins.clear();
        self.selection.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        self.columns.resize_with(fields.len(), Vec::new);
    }
}

#[cfg(test)]
mod tests;
