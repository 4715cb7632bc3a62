//! Reading a few rows of a result.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use coldpress_checkpoint::{RowBlock, RowsReader};
use coldpress_dataset::{RowsForm, TableRows, TableRowsReader, decode_rows};
use coldpress_record::{Batch, DeclaredFields, Origin};
use coldpress_storage::{ObjectRef, Stores};

use crate::error::AttemptError;

/// A row of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Its number.
    pub row: u64,
    /// The origin of the record.
    pub origin: Origin,
    /// The record as JSON.
    pub record: String,
}

/// Reads the rows with these numbers, which must be ascending, and gives them to `each` in order.
///
/// It does not prove that the rows are whole, since that would mean reading all of them. Callers that go on from the rows must
/// prove it.
///
/// # Errors
/// When they cannot be read, or there are fewer.
pub fn pick_rows(
    stores: &Stores,
    rows: &ObjectRef,
    index: &ObjectRef,
    wanted: &[u64],
    mut each: impl FnMut(Picked),
) -> Result<(), AttemptError> {
    let mut origins = Origins::open(stores, index)?;
    let mut give = |row: u64, record: String| {
        let origin = origins.of(row)?;
        each(Picked {
            row,
            origin,
            record,
        });
        Ok(())
    };
    let file = stores.object(rows).read()?;
    match RowsForm::of_path(rows.name().as_str()) {
        RowsForm::Lines(packing) => {
            let lines = decode_rows(file, packing).map_err(|error| AttemptError::met(&error))?;
            let mut lines = BufReader::with_capacity(BLOCK_BYTES, lines);
            let mut at = 0;
            for row in wanted.iter().copied() {
                let line = line(&mut lines, row.saturating_sub(at));
                give(row, line.map_err(|error| AttemptError::met(&error))?)?;
                at = row + 1;
            }
            Ok(())
        }
        RowsForm::Table => pick_of_table(TableRowsReader::open(file), wanted, give),
    }
}

const BLOCK_BYTES: usize = 1 << 18;

fn pick_of_table<R: Read>(
    rows: io::Result<TableRowsReader<R>>,
    wanted: &[u64],
    mut give: impl FnMut(u64, String) -> Result<(), AttemptError>,
) -> Result<(), AttemptError> {
    let met = |error: io::Error| AttemptError::met(&error);
    let mut rows = rows.map_err(met)?;
    let (mut batch, fields) = (Batch::default(), DeclaredFields::default());
    let (mut first, mut wanted) = (0, wanted.iter().copied().peekable());
    while wanted.peek().is_some() {
        let next = rows.next_batch().map_err(met)?;
        let next = next.ok_or_else(|| met(io::ErrorKind::UnexpectedEof.into()))?;
        let end = first + next.num_rows() as u64;
        let mut of_batch = std::iter::from_fn(|| wanted.next_if(|row| *row < end)).peekable();
        if of_batch.peek().is_some() {
            let count = next.num_rows() as u64;
            Arc::new(TableRows::new(next)).fill(&mut batch, 0, 0..count, &fields);
        }
        for row in of_batch {
            give(row, batch.record((row - first) as usize))?;
        }
        first = end;
    }
    Ok(())
}

/// The line after so many others, without its end.
fn line(lines: &mut impl BufRead, mut skipped: u64) -> io::Result<String> {
    while skipped > 0 {
        let block = lines.fill_buf()?;
        if block.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut ends = memchr::memchr_iter(b'\n', block);
        let last = ends
            .by_ref()
            .take(usize::try_from(skipped).unwrap_or(usize::MAX));
        let (count, at) = last.fold((0, None), |(count, _), at| (count + 1, Some(at)));
        skipped -= count;
        let used = match (skipped, at) {
            (0, Some(at)) => at + 1,
            _ => block.len(),
        };
        lines.consume(used);
    }
    let mut line = String::new();
    lines.read_line(&mut line)?;
    match line.pop() {
        Some('\n') => Ok(line),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// The origins of rows, which are asked for in order.
struct Origins {
    index: RowsReader,
    block: RowBlock,
    /// The number of the block's first row.
    first: u64,
}

impl Origins {
    fn open(stores: &Stores, index: &ObjectRef) -> Result<Self, AttemptError> {
        Ok(Self {
            index: RowsReader::open(stores.get(&index.key)?, &index.stamp)?,
            block: RowBlock::default(),
            first: 0,
        })
    }

    fn of(&mut self, row: u64) -> Result<Origin, AttemptError> {
        loop {
            let at = row.checked_sub(self.first).map(|at| at as usize);
            if let Some(origin) = at.and_then(|at| self.block.origins.get(at)) {
                return Ok(origin.clone());
            }
            self.first += self.block.rows() as u64;
            if !self.index.next(&mut self.block)? {
                let ended: io::Error = io::ErrorKind::UnexpectedEof.into();
                return Err(AttemptError::met(&ended));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_the_blocks() {
        let text = "a\n\nccc\ndddd\n";
        for capacity in 1..20 {
            for (skipped, expected) in [(0, "a"), (1, ""), (2, "ccc"), (3, "dddd")] {
                let mut lines = BufReader::with_capacity(capacity, text.as_bytes());
                assert_eq!(line(&mut lines, skipped).unwrap(), expected);
            }
            let mut lines = BufReader::with_capacity(capacity, text.as_bytes());
            assert_eq!(line(&mut lines, 1).unwrap(), "");
            assert_eq!(line(&mut lines, 1).unwrap(), "dddd");
            assert!(line(&mut lines, 0).is_err() && line(&mut lines, 1).is_err());
        }
    }
}
