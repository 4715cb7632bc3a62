//! Recording what happens to a batch.

use super::script;
use crate::edits::Edits;
use crate::stats::Stats;
use crate::varint::put;

/// A recording of everything that happened to a batch since it began.
///
/// A batch with a recorder records every edit and every split. The rows that filters left and the statistics are taken at the end.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// True if something is being recorded.
    pub(super) active: bool,
    /// The rows that were alive when the current phase began: at the start, and after each split.
    pub(super) alive: Vec<u32>,
    pub(super) edits: Vec<LoggedEdit>,
    /// The replacements of all edits, encoded, and the text that they insert.
    pub(super) scripts: Vec<u8>,
    /// Finished phases, encoded.
    pub(super) phases: Vec<u8>,
    pub(super) splits: u32,
    /// The statistics that rows had when recording began.
    pub(super) known_stats: Stats,
}

/// A change to a field, or to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Its text was edited by a script.
    Edit = 0,
    /// It was set to a JSON value.
    Set = 1,
    /// It was removed.
    Remove = 2,
    /// An edit script was applied to the record as JSON, not to the field.
    EditRecord = 3,
}

/// One change of one field of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoggedEdit {
    pub(super) change: Change,
    pub(super) column: u32,
    pub(super) row: u32,
    /// The end of its script in the scripts; it begins where the last one ends.
    pub(super) end: usize,
}

impl Recorder {
    pub(crate) fn begin(&mut self, alive: &[u32], known_stats: &Stats) {
        self.active = true;
        self.alive.clear();
        self.alive.extend_from_slice(alive);
        self.edits.clear();
        self.scripts.clear();
        self.phases.clear();
        self.splits = 0;
        self.known_stats.clone_from(known_stats);
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// Records an edit of a text that was `old` before.
    pub(crate) fn edit(&mut self, column: usize, row: usize, old: &str, edits: &Edits) {
        script::write(edits, old, &mut self.scripts);
        self.log(Change::Edit, column, row);
    }

    /// Records that a field was set to a JSON value.
    pub(crate) fn set(&mut self, column: usize, row: usize, json: &str) {
        put(json.len() as u64, &mut self.scripts);
        self.scripts.extend_from_slice(json.as_bytes());
        self.log(Change::Set, column, row);
    }

    /// Records that a field was removed.
    pub(crate) fn remove(&mut self, column: usize, row: usize) {
        self.log(Change::Remove, column, row);
    }

    /// Records an edit of a record whose JSON was `old` before.
    pub(crate) fn edit_record(&mut self, row: usize, old: &str, edits: &Edits) {
        script::write(edits, old, &mut self.scripts);
        self.log(Change::EditRecord, 0, row);
    }

    fn log(&mut self, change: Change, column: usize, row: usize) {
        self.edits.push(LoggedEdit {
            change,
            column: column as u32,
            row: row as u32,
            end: self.scripts.len(),
        });
    }
}
