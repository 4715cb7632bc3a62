//! One pass over delimited text that finds the names of its columns and the kinds of their values.

use std::collections::BTreeSet;
use std::io;

use super::cells::kind_of;
use super::rows::{Event, Row, Rows};
use super::scan::Syntax;
use crate::convert::Chunks;
use crate::error::is_of_reading;
use crate::format::{CsvHeader, CsvKind};

/// The largest header. Anything larger is taken for something else.
const MAX_HEADER_BYTES: u64 = 1024 * 1024;
/// The largest row. A larger one is skipped.
const MAX_ROW_BYTES: u64 = 64 * 1024 * 1024;

/// The findings about a delimited text.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The names of the columns, unique.
    pub(crate) names: Vec<String>,
    /// The kind of the cells of each column; `None` if all are empty.
    pub(crate) kinds: Vec<Option<CsvKind>>,
    /// Notes about anything odd in the header.
    pub(crate) notes: Vec<String>,
}

/// The cells of the first row, each with its kind on its own.
type FirstRow = Vec<(String, Option<CsvKind>)>;

/// Reads delimited text to its end; `Ok(Err(..))` says why it has no header.
///
/// Columns for which `is_text` returns true are not examined. If the text breaks off, the survey ends there.
pub(crate) fn survey(
    mut chunks: Chunks<'_>,
    syntax: Syntax,
    header: &CsvHeader,
    is_text: impl Fn(&str) -> bool,
) -> io::Result<Result<Survey, String>> {
    let first = match read_first(&mut chunks, syntax)? {
        Ok(first) => first,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut survey = Survey::default();
    let row = survey.name_columns(header, first);
    for (at, name) in survey.names.iter().enumerate() {
        let kind = row.get(at).copied().flatten();
        survey.kinds.push(match is_text(name) {
            true => Some(CsvKind::Text),
            false => kind,
        });
    }
    let mut rows = Rows::new(syntax, survey.names.len(), MAX_ROW_BYTES);
    rows.go_back();
    while !survey.is_settled() {
        let input = match chunks.fill() {
            Ok([]) => break,
            Ok(input) => input,
            Err(error) if is_of_reading(&error) => return Err(error),
            // The damage is reported when the records are read.
            Err(_) => return Ok(Ok(survey)),
        };
        let (taken, event) = rows.next(input);
        survey.examine(event);
        chunks.consume(taken);
    }
    while let Some(event) = rows.finish() {
        survey.examine(event);
    }
    Ok(Ok(survey))
}

/// Reads the first row, which is the header if there is one.
fn read_first(chunks: &mut Chunks<'_>, syntax: Syntax) -> io::Result<Result<FirstRow, String>> {
    let mut rows = Rows::new(syntax, usize::MAX, MAX_HEADER_BYTES);
    loop {
        let input = match chunks.fill() {
            Ok(input) => input,
            Err(error) if is_of_reading(&error) => return Err(error),
            Err(error) => return Ok(Err(format!("it breaks off in the header: {error}"))),
        };
        let ended = input.is_empty();
        let (taken, event) = if ended {
            (0, rows.finish().unwrap_or(Event::More))
        } else {
            rows.next(input)
        };
        let header = match event {
            Event::More | Event::Broken(_) => None,
            Event::Row(row) if row.is_blank(2) => None,
            Event::Row(row) => Some(first_cells(&row)),
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

fn first_cells(row: &Row<'_>) -> Result<FirstRow, String> {
    if row.is_open {
        return Err("a quote in its header is left open".to_owned());
    }
    let text = std::str::from_utf8(row.bytes).map_err(|_| {
        "its header is not valid UTF-8; convert the file, as with `iconv`".to_owned()
    })?;
    Ok(row
        .cells(text)
        .map(|cell| (cell.content().into_owned(), kind_of(cell)))
        .collect())
}

impl Survey {
    /// Names the columns. If the first row isn't a header, returns the kinds of its cells.
    fn name_columns(&mut self, header: &CsvHeader, first: FirstRow) -> Vec<Option<CsvKind>> {
        let (names, kinds): (Vec<String>, Vec<_>) = first.into_iter().unzip();
        match header {
            CsvHeader::FirstRow => {
                self.suspect_data(&names, &kinds);
                self.make_unique(names);
                Vec::new()
            }
            CsvHeader::None => {
                let numbers = 1..=names.len();
                self.names = numbers.map(|number| format!("column_{number}")).collect();
                kinds
            }
            CsvHeader::Names(given) => {
                self.names.clone_from(given);
                kinds
            }
        }
    }

    /// Adds a note if the header looks like a row of data, since no column is named like a number.
    fn suspect_data(&mut self, names: &[String], kinds: &[Option<CsvKind>]) {
        let number = kinds.iter().position(|kind| *kind == Some(CsvKind::Number));
        if let Some(at) = number {
            self.notes.push(format!(
                "its first row is read as the header, and column {} is called `{}`; if that row is data, set \
                 `load_dataset_kwargs.header: false` or to a list of names",
                at + 1,
                names[at]
            ));
        }
    }

    /// Makes names of the header's cells so that none is empty and none occurs twice.
    fn make_unique(&mut self, header: Vec<String>) {
        let given: BTreeSet<String> = header.iter().cloned().collect();
        let mut taken = BTreeSet::new();
        for (at, cell) in header.into_iter().enumerate() {
            let number = at + 1;
            let is_taken = |name: &str| given.contains(name) || taken.contains(name);
            let mut name = cell.clone();
            if name.is_empty() {
                name = free_name("column", number, is_taken);
                self.notes.push(format!(
                    "column {number} has no name; it is read as `{name}`"
                ));
            } else if taken.contains(&name) {
                name = free_name(&cell, 2, is_taken);
                self.notes.push(format!(
                    "column {number} has the same name as an earlier column, `{cell}`; it is read as `{name}`"
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
                *kind = CsvKind::join(*kind, kind_of(cell));
            }
        }
    }
}

/// Returns `{stem}_{number}` with the first number, starting from `number`, that makes it unique.
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
