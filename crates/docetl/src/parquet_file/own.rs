//! Reading Parquet files of this crate.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::{Buf, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::Fault;
use super::metadata::{Base, Metadata};
use super::seal::is_block;
use crate::columns::{Cells, Kind, Side, decode};
use crate::{CheckpointName, Record};

/// A Parquet file of this crate. Bytes are verified when they are read.
pub(crate) struct OwnFile {
    file: File,
    /// The number of bytes before the footer.
    body: u64,
    parquet: Arc<ParquetMetaData>,
    /// The types in which columns are read.
    schema: SchemaRef,
    metadata: Metadata,
    names: Vec<Box<str>>,
    seal: String,
}

impl OwnFile {
    pub(super) fn new(
        file: File,
        body: u64,
        parquet: ParquetMetaData,
        metadata: Metadata,
        seal: String,
    ) -> Result<Self, Fault> {
        let damaged = |reason: &str| Fault::Damaged(reason.to_owned());
        let columns = parquet
            .file_metadata()
            .schema_descr()
            .root_schema()
            .get_fields();
        let named = metadata.kinds.len() + usize::from(metadata.has_rest);
        if columns.len() != named.max(1) || parquet.num_row_groups() != metadata.groups.len() {
            return Err(damaged("its metadata is of other columns or rows"));
        }
        let fits = |(group, parquet): (&super::metadata::Group, i64)| {
            group.rows == parquet as u64
                && usize::try_from(group.rows).is_ok()
                && group
                    .side_offset
                    .checked_add(group.side_bytes)
                    .is_some_and(|end| end <= body)
        };
        let rows = parquet.row_groups().iter().map(|group| group.num_rows());
        if metadata.block_bytes == 0 || !metadata.groups.iter().zip(rows).all(fits) {
            return Err(damaged("its metadata is of other rows"));
        }
        let names: Vec<Box<str>> = columns.iter().map(|column| column.name().into()).collect();
        let kinds = metadata.kinds.iter().copied().map(Some).chain([None]);
        let fields = names.iter().zip(kinds).map(|(name, kind)| {
            let data_type = match kind {
                Some(Kind::Bool) => DataType::Boolean,
                Some(Kind::Int) => DataType::Int64,
                Some(Kind::UInt) => DataType::UInt64,
                Some(Kind::Number) => DataType::Float64,
                Some(_) => DataType::LargeUtf8,
                None if metadata.has_rest => DataType::LargeUtf8,
                None => DataType::Boolean,
            };
            Field::new(&**name, data_type, true)
        });
        Ok(Self {
            file,
            body,
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            parquet: Arc::new(parquet),
            names,
            metadata,
            seal,
        })
    }

    /// Returns whether the file was written for this checkpoint.
    pub(crate) fn is_of(&self, name: &CheckpointName) -> bool {
        self.metadata.folder == name.folder() && self.metadata.name == name.stem()
    }

    /// Returns the checkpoint that the file was written for, for messages.
    pub(crate) fn written_for(&self) -> String {
        format!("{}/{}", self.metadata.folder, self.metadata.name)
    }

    /// Returns the file that the records are changes of, if they are changes.
    pub(crate) fn base(&self) -> Option<&Base> {
        self.metadata.base.as_ref()
    }

    /// Returns the seal, which identifies all bytes of the file.
    pub(crate) fn seal(&self) -> &str {
        &self.seal
    }

    pub(crate) fn rows(&self) -> u64 {
        self.metadata.groups.iter().map(|group| group.rows).sum()
    }

    pub(crate) fn group_count(&self) -> usize {
        self.metadata.groups.len()
    }

    pub(crate) fn group_rows(&self, group: usize) -> u64 {
        self.metadata.groups[group].rows
    }

    /// Verifies every byte before the footer, which was verified when the file was opened.
    pub(crate) fn verify(&self) -> Result<(), Fault> {
        let mut offset = 0;
        while offset < self.body {
            let length = (16 * self.metadata.block_bytes).min(self.body - offset);
            self.read(offset..offset + length)?;
            offset += length;
        }
        Ok(())
    }

    /// Reads the records of some rows of a row group, with all of their keys or with the wanted ones.
    pub(crate) fn read_group(
        &self,
        group: usize,
        rows: Range<usize>,
        wanted: Option<&HashSet<String>>,
    ) -> Result<Vec<Record>, Fault> {
        let damaged = || Fault::Damaged(format!("row group {group} does not decode"));
        let wants = |key: &str| wanted.is_none_or(|wanted| wanted.contains(key));
        let own = self.metadata.kinds.len();
        let described = self.metadata.groups[group];
        let all_rows = described.rows as usize;
        let side = described.side_offset..described.side_offset + described.side_bytes;
        let mut side = Side::from_bytes(&self.read(side)?, all_rows, own).ok_or_else(damaged)?;
        // A wanted key without a column may be among the other keys.
        let has_columns = |wanted: &&HashSet<String>| {
            let named = self.names[..own]
                .iter()
                .filter(|name| wanted.contains(&***name));
            named.count() == wanted.len()
        };
        let needs_rest = self.metadata.has_rest && !wanted.as_ref().is_some_and(has_columns);
        let mut read: Vec<usize> = (0..own).filter(|at| wants(&self.names[*at])).collect();
        if needs_rest {
            read.push(own);
        }
        let batch = self.read_columns(group, &read)?;
        let mut cells: Vec<Option<Cells>> = (0..own).map(|_| None).collect();
        let mut rest = None;
        for (at, array) in read
            .into_iter()
            .zip(batch.iter().flat_map(RecordBatch::columns))
        {
            let integers = side.integers.remove(&(at as u32));
            let kind = self.metadata.kinds.get(at).copied().unwrap_or(Kind::Json);
            if array.len() != all_rows {
                return Err(damaged());
            }
            let read = Cells::new(kind, &**array, integers).ok_or_else(damaged)?;
            match cells.get_mut(at) {
                Some(cell) => *cell = Some(read),
                None => rest = Some(read),
            }
        }
        let mut records = Vec::new();
        let decoded = decode(&self.names, cells, rest, &side, rows, &wants, &mut records);
        decoded.map(|()| records).ok_or_else(damaged)
    }

    /// Reads columns of a row group; `None` if no column is wanted.
    fn read_columns(&self, group: usize, columns: &[usize]) -> Result<Option<RecordBatch>, Fault> {
        let rows = self.metadata.groups[group].rows as usize;
        if columns.is_empty() || rows == 0 {
            return Ok(None);
        }
        let bytes = self.column_bytes(group, columns)?;
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(&self.schema));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&self.parquet), options)?;
        let mask = ProjectionMask::leaves(
            self.parquet.file_metadata().schema_descr(),
            columns.iter().copied(),
        );
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(rows)
            .build()?;
        Ok(reader.next().transpose()?)
    }

    /// Reads the bytes of columns of a row group, adjacent ones in one piece.
    fn column_bytes(&self, group: usize, columns: &[usize]) -> Result<Pieces, Fault> {
        let described = self.parquet.row_group(group);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for column in columns {
            let (start, length) = described.column(*column).byte_range();
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end = start + length,
                _ => ranges.push(start..start + length),
            }
        }
        let pieces = ranges
            .into_iter()
            .map(|range| Ok((range.start, self.read(range)?)));
        Ok(Pieces {
            length: self.body,
            pieces: pieces.collect::<Result<_, Fault>>()?,
        })
    }

    /// Reads a range of the bytes before the footer, and verifies the blocks that it touches.
    fn read(&self, range: Range<u64>) -> Result<Bytes, Fault> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if range.end > self.body {
            return Err(Fault::Damaged(
                "its footer names bytes that are not there".into(),
            ));
        }
        let block = self.metadata.block_bytes;
        let first = range.start / block;
        let start = first * block;
        let end = (range.end.div_ceil(block) * block).min(self.body);
        let bytes = read_at(&self.file, start, (end - start) as usize)?;
        for (number, bytes) in (first as usize..).zip(bytes.chunks(block as usize)) {
            if !is_block(&self.metadata.blocks, number, bytes) {
                let at = number as u64 * block;
                let reason = format!("the bytes from {at} on are not what was written");
                return Err(Fault::Damaged(reason));
            }
        }
        let within = (range.start - start) as usize..(range.end - start) as usize;
        Ok(Bytes::from(bytes).slice(within))
    }
}

/// Pieces of a file in memory, each with its offset.
struct Pieces {
    length: u64,
    pieces: Vec<(u64, Bytes)>,
}

impl Pieces {
    fn from(&self, start: u64) -> Option<Bytes> {
        self.pieces.iter().find_map(|(begin, bytes)| {
            let within = usize::try_from(start.checked_sub(*begin)?).ok()?;
            (within < bytes.len()).then(|| bytes.slice(within..))
        })
    }
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Pieces {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let bytes = self.from(start).ok_or_else(not_read)?;
        Ok(bytes.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start).filter(|bytes| bytes.len() >= length);
        bytes
            .map(|bytes| bytes.slice(..length))
            .ok_or_else(not_read)
    }
}

fn not_read() -> ParquetError {
    let error = io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "a page is outside of its column",
    );
    ParquetError::External(Box::new(error))
}

/// Reads bytes of a file, which must exist.
fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}
