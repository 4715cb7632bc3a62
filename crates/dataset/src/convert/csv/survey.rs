//! One pass over delimited text: the names of its columns and what they hold.

use std::collections::BTreeSet;
use std::io;

use super::cells::kind_of;
use super::rows::{Event, Row, Rows};
use crate::convert::Chunks;
use crate::source::CsvKind;

/// A header larger than this is none.
const MAX_HEADER_BYTES: u64 = 1024 * 1024;
/// A row larger than this is passed over.
const MAX_ROW_BYTES: u64 = 64 * 1024 * 1024;

/// What is found in delimited text.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The names of the columns, unique.
    pub(crate) names: Vec<String>,
    /// What the cells of each are; `None` where all are empty.
    pub(crate) kinds: Vec<Option<CsvKind>>,
    /// What is odd about the header.
    pub(crate) notes: Vec<String>,
}

/// Reads delimited text to its end; `Ok(Err(..))` says why it has no header.
///
/// Columns for which `is_text` says so are not examined. Where the text breaks off, the survey ends.
pub(crate) fn survey(
    mut chunks: Chunks<'_>,
    delimiter: u8,
    is_text: impl Fn(&str) -> bool,
) -> io::Result<Result<Survey, String>> {
    let header = match read_header(&mut chunks, delimiter)? {
        Ok(header) => header,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut survey = Survey::default();
    survey.name_columns(header);
    survey.kinds = vec![None; survey.names.len()];
    for (name, kind) in survey.names.iter().zip(&mut survey.kinds) {
        *kind = is_text(name).then_some(CsvKind::Text);
    }
    let mut rows = Rows::new(delimiter, survey.names.len(), MAX_ROW_BYTES);
    while !survey.is_settled() {
        let input = match chunks.fill() {
            Ok([]) => break,
            Ok(input) => input,
            Err(error) if error.raw_os_error().is_some() => return Err(error),
            // The damage is told when the records are read.
            Err(_) => return Ok(Ok(survey)),
        };
        let (taken, event) = rows.next(input);
        survey.examine(event);
        chunks.consume(taken);
    }
    survey.examine(rows.finish());
    Ok(Ok(survey))
}

/// The cells of the first row.
fn read_header(chunks: &mut Chunks<'_>, delimiter: u8) -> io::Result<Result<Vec<String>, String>> {
    let mut rows = Rows::new(delimiter, usize::MAX, MAX_HEADER_BYTES);
    loop {
        let input = match chunks.fill() {
            Ok(input) => input,
            Err(error) if error.raw_os_error().is_some() => return Err(error),
            Err(error) => return Ok(Err(format!("it breaks off in the header: {error}"))),
        };
        let ended = input.is_empty();
        let (taken, event) = if ended {
            (0, rows.finish())
        } else {
            rows.next(input)
        };
        let header = match event {
            Event::More => None,
            Event::Row(row) if row.is_blank(2) => None,
            Event::Row(row) => Some(header_cells(&row)),
            Event::Long(_) => Some(Err(format!(
                "its first row, which should be the header, is longer than {MAX_HEADER_BYTES} bytes"
            ))),
        };
        chunks.consume(taken);
        match header {
            Some(header) => return Ok(header),
            None if ended => return Ok(Ok(Vec::new())),
            None => {}
        }
    }
}

fn header_cells(row: &Row<'_>) -> Result<Vec<String>, String> {
    if row.is_open {
        return Err("a quote in its header is left open".to_owned());
    }
    let text = std::str::from_utf8(row.bytes).map_err(|_| {
        "its header is not valid UTF-8; convert the file, as with `iconv`".to_owned()
    })?;
    Ok(row
        .cells(text)
        .map(|cell| cell.content().into_owned())
        .collect())
}

impl Survey {
    /// Makes names of the header's cells: none empty, none twice.
    fn name_columns(&mut self, header: Vec<String>) {
        let given: BTreeSet<String> = header.iter().cloned().collect();
        let mut taken = BTreeSet::new();
        for (at, cell) in header.into_iter().enumerate() {
            let number = at + 1;
            let is_taken = |name: &str| given.contains(name) || taken.contains(name);
            let mut name = cell.clone();
            if name.is_empty() {
                name = free_name("column", number, is_taken);
                self.notes.push(format!(
                    "column {number} has no name; it is called `{name}`"
                ));
            } else if taken.contains(&name) {
                name = free_name(&cell, 2, is_taken);
                self.notes.push(format!(
                    "column {number} is named `{cell}` like an earlier one; it is called `{name}`"
                ));
            }
            taken.insert(name.clone());
            self.names.push(name);
        }
    }

    fn is_settled(&self) -> bool {
        self.kinds.iter().all(|kind| *kind == Some(CsvKind::Text))
    }

    fn examine(&mut self, event: Event<'_>) {
        let Event::Row(row) = event else { return };
        let columns = self.names.len();
        if row.count != columns as u64 || row.is_open || row.is_blank(columns) {
            return;
        }
        let Ok(text) = std::str::from_utf8(row.bytes) else {
            return;
        };
        for (kind, cell) in self.kinds.iter_mut().zip(row.cells(text)) {
            if *kind != Some(CsvKind::Text) {
                *kind = join(*kind, kind_of(cell));
            }
        }
    }
}

/// `{stem}_{number}`, with the first number from `number` on that makes it new.
fn free_name(stem: &str, number: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = number;
    loop {
        let name = format!("{stem}_{number}");
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// What a column is that holds both.
pub(crate) fn join(one: Option<CsvKind>, other: Option<CsvKind>) -> Option<CsvKind> {
    match (one, other) {
        (kind, None) | (None, kind) => kind,
        (Some(one), Some(other)) if one == other => Some(one),
        _ => Some(CsvKind::Text),
    }
}
