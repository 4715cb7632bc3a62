//! Reads the rows of all partitions in order and cuts them into units, which threads encode.

use std::collections::VecDeque;
use std::io::Read;
use std::slice;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use coldpress_dataset::{RowsForm, TableRowsReader, decode_rows, rows_of_weight};
use coldpress_storage::ObjectReader;
use coldpress_table::Decoder;
use memchr::{memchr, memchr_iter, memrchr};

use super::decode::{decode, decoder};
use crate::error::Result;
use crate::kept::Keeping;
use crate::partition_rows::{PartitionRows, Proof};

/// The limits of a unit. It ends with the row that reaches one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitLimits {
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

/// Returns how many rows have this many cells. If there are many columns, even rows of few bytes take much memory.
pub(super) fn rows_of_cells(schema: &Schema, cells: u64) -> u64 {
    (cells / schema.fields().len().max(1) as u64).max(1)
}

/// Consecutive rows that become one row group, batch or block of an output. Its end depends only on the limits, not on partitions
/// and batches.
#[derive(Default)]
pub(super) struct Unit<'a> {
    pub(super) parts: Vec<Part<'a>>,
    bytes: u64,
    rows: u64,
}

/// Rows of one partition.
pub(super) enum Part<'a> {
    /// Whole lines.
    Lines(&'a PartitionRows, Vec<u8>),
    /// Rows of the partition's own schema.
    Table(&'a PartitionRows, RecordBatch),
}

/// Cuts the rows of partitions into units.
pub(super) struct Units<'a> {
    partitions: slice::Iter<'a, PartitionRows>,
    current: Option<OpenPartition<'a>>,
    limits: UnitLimits,
    has_columns: bool,
}

struct OpenPartition<'a> {
    partition: &'a PartitionRows,
    rows: OpenRows<'a>,
}

enum OpenRows<'a> {
    Lines(OpenLines),
    Table(Box<OpenTable<'a>>),
    Decoded(Box<OpenDecoded>),
}

struct OpenLines {
    text: Box<dyn Read + Send>,
    proof: Proof,
    /// Text that was read but not handed out.
    buffer: Vec<u8>,
    ended: bool,
}

/// The rows of a columnar source as lines. Some rows of a partition are columns, and others, which continued from whole records,
/// are lines. The output must not depend on which.
struct OpenDecoded {
    lines: OpenLines,
    decoder: Decoder,
    batches: VecDeque<RecordBatch>,
}

struct OpenTable<'a> {
    reader: TableRowsReader<ObjectReader>,
    /// The filter for rows, if not all belong to the output.
    keeping: Option<Keeping<'a>>,
    /// Rows that were read but not handed out.
    rest: Option<RecordBatch>,
}

/// The size of the blocks in which lines are handed out, so that memory is freed while they are encoded.
const BLOCK_BYTES: usize = 1 << 20;

impl<'a> Units<'a> {
    pub(super) fn new(
        partitions: &'a [PartitionRows],
        limits: UnitLimits,
        has_columns: bool,
    ) -> Self {
        Self {
            partitions: partitions.iter(),
            current: None,
            limits,
            has_columns,
        }
    }

    /// Returns the next unit; none when all partitions are read and proved. A unit may hold rows of a partition that only later
    /// turns out to be damaged.
    pub(super) fn next(&mut self) -> Result<Option<Unit<'a>>> {
        let mut unit = Unit::default();
        while unit.bytes < self.limits.bytes && unit.rows < self.limits.rows {
            let Some(open) = &mut self.current else {
                let Some(partition) = self.partitions.next() else {
                    break;
                };
                self.current = Some(OpenPartition::open(partition, self.has_columns)?);
                continue;
            };
            let left = UnitLimits {
                bytes: self.limits.bytes - unit.bytes,
                rows: self.limits.rows - unit.rows,
            };
            if !open.add_to(&mut unit, left)?
                && let Some(open) = self.current.take()
            {
                open.prove()?;
            }
        }
        Ok(if unit.parts.is_empty() {
            None
        } else {
            Some(unit)
        })
    }
}

impl<'a> OpenPartition<'a> {
    fn open(partition: &'a PartitionRows, has_columns: bool) -> Result<Self> {
        let rows = match partition.form {
            RowsForm::Lines(packing) => {
                let (file, proof) = partition.open()?;
                let text =
                    decode_rows(file, packing).map_err(|error| partition.unreadable(&error))?;
                let lines = OpenLines {
                    text,
                    proof,
                    buffer: Vec::new(),
                    ended: false,
                };
                Ok(match partition.table_schema().filter(|_| has_columns) {
                    None => OpenRows::Lines(lines),
                    Some(schema) => OpenRows::Decoded(Box::new(OpenDecoded {
                        lines,
                        decoder: decoder(&schema)?,
                        batches: VecDeque::new(),
                    })),
                })
            }
            RowsForm::Table => {
                let reader = partition.open_rows().and_then(TableRowsReader::open);
                reader.map(|reader| {
                    let keeping = partition.kept.as_ref().map(Keeping::new);
                    OpenRows::Table(Box::new(OpenTable {
                        reader,
                        keeping,
                        rest: None,
                    }))
                })
            }
        };
        let rows = rows.map_err(|error| partition.unreadable(&error))?;
        Ok(Self { partition, rows })
    }

    /// Adds some rows to a unit that still takes `left`. Returns false if there are none.
    fn add_to(&mut self, unit: &mut Unit<'a>, left: UnitLimits) -> Result<bool> {
        match &mut self.rows {
            OpenRows::Lines(lines) => {
                let found = lines
                    .take(left)
                    .map_err(|error| self.partition.unreadable(&error))?;
                let Some((text, rows)) = found else {
                    return Ok(false);
                };
                unit.bytes += text.len() as u64;
                unit.rows += rows;
                unit.parts.push(Part::Lines(self.partition, text));
            }
            OpenRows::Table(table) => {
                let found = table
                    .take(left)
                    .map_err(|error| self.partition.unreadable(&error))?;
                let Some((batch, bytes)) = found else {
                    return Ok(false);
                };
                unit.bytes += bytes;
                unit.rows += batch.num_rows() as u64;
                unit.parts.push(Part::Table(self.partition, batch));
            }
            OpenRows::Decoded(decoded) => {
                let Some((batch, bytes)) = decoded.take(self.partition, left)? else {
                    return Ok(false);
                };
                unit.bytes += bytes;
                unit.rows += batch.num_rows() as u64;
                unit.parts.push(Part::Table(self.partition, batch));
            }
        }
        Ok(true)
    }

    /// Fails unless everything that was read is what was published.
    fn prove(self) -> Result<()> {
        let read = match self.rows {
            OpenRows::Lines(lines) => lines.proof.stamp(),
            OpenRows::Decoded(decoded) => decoded.lines.proof.stamp(),
            OpenRows::Table(table) => {
                self.partition.check_kept(table.keeping.as_ref())?;
                let read = table.reader.finish();
                read.map_err(|error| self.partition.unreadable(&error))?
            }
        };
        self.partition.prove(&read)
    }
}

impl OpenLines {
    /// Returns whole lines, up to the one that reaches a limit, and their number.
    fn take(&mut self, left: UnitLimits) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let whole = loop {
            let end = match memrchr(b'\n', &self.buffer) {
                _ if self.ended => self.buffer.len(),
                Some(end) if self.buffer.len() >= BLOCK_BYTES => end + 1,
                _ => {
                    self.fill()?;
                    continue;
                }
            };
            break end;
        };
        if whole == 0 {
            return Ok(None);
        }
        let reaching = usize::try_from(left.bytes - 1).unwrap_or(usize::MAX);
        let at_bytes = self.buffer[..whole]
            .get(reaching..)
            .and_then(|rest| memchr(b'\n', rest))
            .map_or(whole, |end| reaching + end + 1);
        let last = usize::try_from(left.rows - 1).unwrap_or(usize::MAX);
        let mut ends = memchr_iter(b'\n', &self.buffer[..at_bytes]);
        let (cut, rows) = match ends.nth(last) {
            Some(end) => (end + 1, left.rows),
            None => {
                let ends = memchr_iter(b'\n', &self.buffer[..at_bytes]).count() as u64;
                (at_bytes, ends)
            }
        };
        let rest = self.buffer.split_off(cut);
        Ok(Some((std::mem::replace(&mut self.buffer, rest), rows)))
    }

    /// Reads about one more block.
    fn fill(&mut self) -> std::io::Result<()> {
        let wanted = BLOCK_BYTES
            .saturating_sub(self.buffer.len())
            .max(BLOCK_BYTES / 4);
        self.buffer.reserve(wanted);
        let read = (&mut self.text)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        self.ended = read < wanted;
        Ok(())
    }
}

impl OpenDecoded {
    /// Like [`OpenTable::take`].
    fn take(
        &mut self,
        partition: &PartitionRows,
        left: UnitLimits,
    ) -> Result<Option<(RecordBatch, u64)>> {
        const BLOCK: UnitLimits = UnitLimits {
            bytes: BLOCK_BYTES as u64,
            rows: u64::MAX,
        };
        while self.batches.is_empty() {
            let lines = self.lines.take(BLOCK);
            let Some((lines, _)) = lines.map_err(|error| partition.unreadable(&error))? else {
                return Ok(None);
            };
            decode(partition, &lines, &mut self.decoder, &mut |batch| {
                self.batches.push_back(batch);
                Ok(())
            })?;
        }
        Ok(self.batches.pop_front().map(|batch| {
            let (taken, rest, weight) = split(&batch, left);
            rest.into_iter()
                .for_each(|rest| self.batches.push_front(rest));
            (taken, weight)
        }))
    }
}

/// Returns the rows up to the one that reaches a limit, the rows after it, and the weight of the first.
fn split(batch: &RecordBatch, left: UnitLimits) -> (RecordBatch, Option<RecordBatch>, u64) {
    let all = batch.num_rows();
    let rows = usize::try_from(left.rows).map_or(all, |rows| rows.min(all));
    let (taken, weight) = rows_of_weight(&batch.slice(0, rows), left.bytes);
    let count = taken.num_rows();
    let rest = (count < all).then(|| batch.slice(count, all - count));
    (taken, rest, weight)
}

impl OpenTable<'_> {
    /// Returns rows up to the one that reaches a limit, and their weight.
    fn take(&mut self, left: UnitLimits) -> std::io::Result<Option<(RecordBatch, u64)>> {
        let batch = match self.rest.take() {
            Some(batch) => batch,
            None => match self.next_batch()? {
                Some(batch) => batch,
                None => return Ok(None),
            },
        };
        let (taken, rest, weight) = split(&batch, left);
        self.rest = rest;
        Ok(Some((taken, weight)))
    }

    /// Reads rows until some belong to the output.
    fn next_batch(&mut self) -> std::io::Result<Option<RecordBatch>> {
        while let Some(batch) = self.reader.next_batch()? {
            let Some(keeping) = &mut self.keeping else {
                return Ok(Some(batch));
            };
            let kept = keeping.take_rows(&batch).map_err(std::io::Error::other)?;
            if kept.num_rows() > 0 {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }
}
