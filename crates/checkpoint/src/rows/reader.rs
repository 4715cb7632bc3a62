//! Reading rows, block by block, from a file that was proven whole first.

use std::fmt;

use arrow::array::{
    Array, Float64Array, Int64Array, LargeStringArray, ListArray, RecordBatch, UInt32Array,
    UInt64Array,
};
use coldpress_record::{Origin, Piece, StatValue};
use coldpress_storage::FileStamp;

use super::columns::Columns;
use super::decoder::Decoder;
use super::{BLOCK_BYTES, BLOCK_ROWS, Manifest, RowBlock};
use crate::{Error, Result, StoreReader, verify};

/// Reads a rows file in bounded memory: a row group's bytes and a block's rows at a time.
pub struct RowsReader {
    decoder: Decoder,
    columns: Columns,
    manifest: Manifest,
    decoded: Option<Decoded>,
    rows_read: u64,
}

impl RowsReader {
    /// Opens a rows file. Its length and digest are checked before anything in it is decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not the file that was cited or no rows file, [`Error::Newer`] when a newer
    /// release wrote it, [`Error::Store`] when it cannot be read.
    pub fn open(reader: Box<dyn StoreReader>, expected: &FileStamp) -> Result<Self> {
        verify(&*reader, expected)?;
        let name = reader.name().to_string();
        let (decoder, footer) = Decoder::open(reader)?;
        let manifest = Manifest::from_json(&name, &footer.manifest_json)?;
        if manifest.rows != footer.rows {
            let reason = format!(
                "its manifest says {} rows, it has {}",
                manifest.rows, footer.rows
            );
            return Err(Error::corrupt(name, reason));
        }
        Ok(Self {
            decoder,
            columns: footer.columns,
            manifest,
            decoded: None,
            rows_read: 0,
        })
    }

    /// What the rows are.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.decoder.name()
    }

    /// Whether the file has the records, or is an index of lines that lie elsewhere.
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.columns.with_records
    }

    /// The statistics that the file has columns for.
    #[must_use]
    pub fn stat_names(&self) -> &[String] {
        &self.columns.stat_names
    }

    /// Replaces the block by the next rows: some 256 KB of lines, or 8,192 rows. `false` behind the last.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the rows cannot be decoded, [`Error::Store`] when they cannot be read.
    pub fn next(&mut self, block: &mut RowBlock) -> Result<bool> {
        self.begin(block);
        while block.lines.bytes.len() < BLOCK_BYTES
            && block.origins.len() < BLOCK_ROWS
            && self.append_row(block)?
        {}
        Ok(!block.is_empty())
    }

    pub(super) fn begin(&self, block: &mut RowBlock) {
        block.begin(self.decoder.name(), &self.columns.stat_names);
    }

    /// Appends the next row to the block; `false` behind the last.
    pub(super) fn append_row(&mut self, block: &mut RowBlock) -> Result<bool> {
        while self.decoded.as_ref().is_none_or(Decoded::is_used_up) {
            let Some(rows) = self.decoder.next()? else {
                return self.check_end();
            };
            let decoded = Decoded::new(&rows, &self.columns).ok_or_else(|| {
                Error::corrupt(self.decoder.name(), "its columns have other types")
            })?;
            self.decoded = Some(decoded);
        }
        if let Some(decoded) = &mut self.decoded {
            decoded.append_row(self.rows_read, block);
            self.rows_read += 1;
        }
        Ok(true)
    }

    fn check_end(&self) -> Result<bool> {
        if self.rows_read == self.manifest.rows {
            return Ok(false);
        }
        let reason = format!(
            "its manifest says {} rows, {} were read",
            self.manifest.rows, self.rows_read
        );
        Err(Error::corrupt(self.decoder.name(), reason))
    }
}

impl fmt::Debug for RowsReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsReader")
            .field("name", &self.decoder.name())
            .field("rows_read", &self.rows_read)
            .finish_non_exhaustive()
    }
}

/// Rows that are decoded and partly handed out.
struct Decoded {
    records: Option<LargeStringArray>,
    sources: UInt32Array,
    positions: UInt64Array,
    pieces: ListArray,
    stats: Vec<(Int64Array, Float64Array)>,
    next: usize,
}

impl Decoded {
    /// `None` when the columns are not of the types that they have to be.
    fn new(rows: &RecordBatch, columns: &Columns) -> Option<Self> {
        let mut arrays = rows.columns().iter();
        let mut next = || arrays.next();
        let records = match columns.with_records {
            true => Some(typed::<LargeStringArray>(next())?),
            false => None,
        };
        let sources = typed(next())?;
        let positions = typed(next())?;
        let pieces: ListArray = typed(next())?;
        pieces.values().as_any().downcast_ref::<UInt32Array>()?;
        let stat = |_: &String| Some((typed(next())?, typed(next())?));
        let stats = columns.stat_names.iter().map(stat).collect::<Option<_>>()?;
        Some(Self {
            records,
            sources,
            positions,
            pieces,
            stats,
            next: 0,
        })
    }

    fn is_used_up(&self) -> bool {
        self.next >= self.sources.len()
    }

    fn append_row(&mut self, number: u64, block: &mut RowBlock) {
        let row = self.next;
        self.next += 1;
        if let Some(records) = &self.records {
            block.lines.push(number, records.value(row).as_bytes());
        }
        block.origins.push(Origin {
            source: self.sources.value(row),
            position: self.positions.value(row),
            piece: self.piece(row),
        });
        for ((_, values), (ints, floats)) in block.stats.iter_mut().zip(&self.stats) {
            let int = ints.is_valid(row).then(|| StatValue::Int(ints.value(row)));
            let float = || {
                floats
                    .is_valid(row)
                    .then(|| StatValue::Float(floats.value(row)))
            };
            values.push(int.or_else(float));
        }
    }

    fn piece(&self, row: usize) -> Piece {
        if self.pieces.is_null(row) {
            return Piece::default();
        }
        let indices = self.pieces.value(row);
        let indices = indices.as_any().downcast_ref::<UInt32Array>();
        indices.map_or_else(Piece::default, |indices| {
            Piece::from_indices(indices.values())
        })
    }
}

fn typed<A: Array + Clone + 'static>(array: Option<&arrow::array::ArrayRef>) -> Option<A> {
    array?.as_any().downcast_ref::<A>().cloned()
}
