//! Converts rows of delimited text to JSON objects.

use std::io;

use coldpress_record::{escape_into, rejected_line};

use super::{Convert, Out, Torn};
use crate::format::{CsvColumn, CsvDialect, CsvKind};

mod cells;
mod delimiter;
mod resync;
mod rows;
mod scan;
mod survey;
mod syntax;

pub(crate) use delimiter::find_delimiter;
pub(crate) use scan::Syntax;
pub(crate) use survey::survey;
pub(crate) use syntax::{find_escape, find_quoting};

use rows::{Broken, Event, Long, Row, Rows};

/// Turns rows into JSON objects with the columns' names as keys.
///
/// A malformed row (another number of cells than the header, not UTF-8, quotes that do not match) becomes a rejected line. The
/// reasons name a byte of the file, not a line, because reading may begin inside the file and must give the same reasons.
pub(crate) struct CsvRows {
    rows: Rows,
    columns: Vec<Column>,
    /// True if the next row is the header.
    header: bool,
}

/// The text to write for a column; empty if the column was not chosen.
struct Column {
    name: String,
    kind: CsvKind,
    /// Its key with the text before and after it.
    key: Option<Vec<u8>>,
}

impl CsvRows {
    /// Converts the rows of a file from its start. `chosen` are the columns to write; none means all.
    ///
    /// A row of more than `max_row_bytes` is not a record: it becomes a line of that length.
    pub(crate) fn new(dialect: &CsvDialect, chosen: &[String], max_row_bytes: u64) -> Self {
        let mut is_first = true;
        let mut column = |column: &CsvColumn| {
            let is_chosen = chosen.is_empty() || chosen.contains(&column.name);
            let key = is_chosen.then(|| key_text(&column.name, std::mem::take(&mut is_first)));
            Column {
                name: column.name.clone(),
                kind: column.kind,
                key,
            }
        };
        let columns: Vec<Column> = dialect.columns.iter().map(&mut column).collect();
        let rows = Rows::new(Syntax::of(dialect), columns.len(), max_row_bytes);
        let whole = Self {
            rows,
            columns,
            header: true,
        };
        if dialect.header {
            whole
        } else {
            whole.resumed()
        }
    }

    /// Starts at a row after the header instead.
    pub(crate) fn resumed(mut self) -> Self {
        self.header = false;
        self.rows.go_back();
        self
    }

    /// Writes the text for an event of the rows.
    fn write(event: Event<'_>, columns: &[Column], header: &mut bool, out: &mut Out) {
        match event {
            Event::More => {}
            Event::Row(row) if row.is_blank(columns.len()) => {}
            Event::Row(_) if *header => *header = false,
            Event::Row(row) => write_row(&row, columns, out),
            Event::Long(long) if *header => *header = !long.is_last,
            Event::Long(long) => write_long(&long, out),
            Event::Broken(broken) => write_broken(&broken, out),
        }
    }
}

fn key_text(name: &str, is_first: bool) -> Vec<u8> {
    let mut key = if is_first { b"{" } else { &b", "[..] }.to_vec();
    escape_into(name, &mut key);
    key.extend_from_slice(b": ");
    key
}

impl Convert for CsvRows {
    fn begin(&mut self, offset: u64) {
        self.rows.set_offset(offset);
    }

    fn feed(&mut self, input: &[u8], out: &mut Out) -> io::Result<usize> {
        let mut at = 0;
        while at < input.len() && !out.is_full() {
            let was_header = self.header;
            let (taken, event) = self.rows.next(&input[at..]);
            at += taken;
            Self::write(event, &self.columns, &mut self.header, out);
            if was_header && !self.header {
                self.rows.go_back();
            }
        }
        Ok(at)
    }

    fn finish(&mut self, out: &mut Out) -> io::Result<bool> {
        while !out.is_full() {
            let Some(event) = self.rows.finish() else {
                return Ok(false);
            };
            let open = match &event {
                Event::Row(row) if row.is_open => Some(row.start),
                _ => None,
            };
            Self::write(event, &self.columns, &mut self.header, out);
            if let Some(start) = open {
                // This is what a torn write leaves. Its bytes were already passed on as a rejected row.
                return Err(Torn::error(format!(
                    "the file ends inside of a quoted cell of the row that begins at byte {start}"
                )));
            }
        }
        Ok(true)
    }
}

/// Writes a piece of a line that is too long to be a record.
fn write_long(long: &Long<'_>, out: &mut Out) {
    if let Some(start) = long.start {
        out.begin_record(start);
    }
    for piece in [long.held, long.piece] {
        let line = piece.iter().map(|byte| match byte {
            b'\n' | b'\r' => b' ',
            other => *other,
        });
        out.text.extend(line);
    }
    if long.is_last {
        out.text.push(b'\n');
    }
}

fn write_broken(broken: &Broken<'_>, out: &mut Out) {
    let (start, end) = (broken.start, broken.end);
    out.begin_record(start);
    let reason = format!(
        "a quote is left open in the row that begins at byte {start}; bytes {start} to {end} are left out, and reading \
         goes on with the row at byte {end} (`load_dataset_kwargs.quoting: none` reads quotes as characters)"
    );
    rejected_line(&reason, broken.bytes, &mut out.text);
    out.text.push(b'\n');
}

fn write_row(row: &Row<'_>, columns: &[Column], out: &mut Out) {
    out.begin_record(row.start);
    let line_start = out.text.len();
    if let Err(reason) = write_object(row, columns, &mut out.text) {
        out.text.truncate(line_start);
        rejected_line(&reason, row.bytes, &mut out.text);
    }
    out.text.push(b'\n');
}

fn write_object(row: &Row<'_>, columns: &[Column], out: &mut Vec<u8>) -> Result<(), String> {
    let start = row.start;
    if row.is_open {
        return Err(format!(
            "a quote is left open in the row that begins at byte {start}; the file ends in it"
        ));
    }
    let no_text = |_| format!("the row that begins at byte {start} is not valid UTF-8");
    let text = std::str::from_utf8(row.bytes).map_err(no_text)?;
    if row.count != columns.len() as u64 {
        return Err(format!(
            "the row that begins at byte {start} has {} cells, the header has {}",
            row.count,
            columns.len()
        ));
    }
    let mut is_empty = true;
    for (column, cell) in columns.iter().zip(row.cells(text)) {
        if row.is_stray && row.escape.is_none() && cell.is_closed_by_escaped_quote() {
            return Err(format!(
                "the cell of column `{}` in the row that begins at byte {start} goes on after a quote that follows a \
                 backslash; if a backslash keeps the meaning from quotes here, set `load_dataset_kwargs.escape`",
                column.name
            ));
        }
        if let Some(key) = &column.key {
            out.extend_from_slice(key);
            is_empty = false;
            if !cells::write(cell, column.kind, out) {
                return Err(format!(
                    "the cell of column `{}` in the row that begins at byte {start} is no {}",
                    column.name,
                    cells::describe(column.kind)
                ));
            }
        }
    }
    out.extend_from_slice(if is_empty { b"{}" } else { b"}" });
    Ok(())
}
