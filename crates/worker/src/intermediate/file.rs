//! The records after one operator, in a file that people can read.

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use coldpress_checkpoint::{
    Compression, ContainerOptions, Format, Manifest, TableOptions, TableWriter,
};
use coldpress_dataset::{FileCompression, RowsEncoder, decode_rows};
use coldpress_record::{Batch, DeclaredFields};
use coldpress_storage::StoreWriter;
use coldpress_table::Types;
use tempfile::SpooledTempFile;

use crate::error::AttemptError;
use crate::spec::IntermediateForm;

/// A file that begins with the first record and is complete once it is finished.
pub(super) struct IntermediateFile {
    out: Out,
    rows: u64,
    buffer: Vec<u8>,
}

enum Out {
    /// JSON lines are written as they come.
    Lines(Box<RowsEncoder<Box<dyn StoreWriter>>>),
    /// Columns have their types once all records are known.
    Columns(Box<Columns>),
}

struct Columns {
    out: Box<dyn StoreWriter>,
    /// The records so far: in memory, or in a file without a name once they are many.
    spool: RowsEncoder<SpooledTempFile>,
    types: Types,
    options: TableOptions,
}

/// Packed records that are kept in memory.
const SPOOL_BYTES: usize = 4 << 20;

impl IntermediateFile {
    /// Begins a file. What does not fit into memory meanwhile goes to `folder`, where it has no name and vanishes with the process.
    pub(super) fn create(
        out: Box<dyn StoreWriter>,
        form: IntermediateForm,
        folder: Option<&Path>,
    ) -> Result<Self, AttemptError> {
        let cannot = |error: std::io::Error| AttemptError::met(&error);
        let out = match form.format {
            Format::Jsonl => {
                let packing = match form.format.codec(form.compression) {
                    Compression::None => FileCompression::None,
                    Compression::Gzip => FileCompression::Gzip,
                    _ => FileCompression::Zstd,
                };
                Out::Lines(Box::new(RowsEncoder::new(out, packing).map_err(cannot)?))
            }
            Format::Parquet | Format::Arrow => {
                let spool = match folder {
                    Some(folder) => SpooledTempFile::new_in(SPOOL_BYTES, folder),
                    None => SpooledTempFile::new(SPOOL_BYTES),
                };
                Out::Columns(Box::new(Columns {
                    out,
                    spool: RowsEncoder::new(spool, FileCompression::Zstd).map_err(cannot)?,
                    types: Types::default(),
                    options: TableOptions {
                        container: ContainerOptions {
                            format: form.format,
                            compression: form.compression,
                        },
                        group_rows: form.group_rows,
                    },
                }))
            }
        };
        Ok(Self {
            out,
            rows: 0,
            buffer: Vec::new(),
        })
    }

    /// The records so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the records of a batch that are alive, with their statistics.
    pub(super) fn write(
        &mut self,
        batch: &Batch,
        fields: &DeclaredFields,
    ) -> Result<(), AttemptError> {
        self.buffer.clear();
        for row in batch.selection().iter().map(|row| *row as usize) {
            let start = self.buffer.len();
            batch.write_record_with_stats(row, fields, &mut self.buffer);
            if let Out::Columns(columns) = &mut self.out {
                // A line is made of texts.
                let line = str::from_utf8(&self.buffer[start..]).unwrap_or("{}");
                columns.types.observe(line.trim_end(), batch.origin(row));
            }
            self.rows += 1;
        }
        let written = match &mut self.out {
            Out::Lines(out) => out.write_all(&self.buffer),
            Out::Columns(columns) => columns.spool.write_all(&self.buffer),
        };
        written.map_err(|error| AttemptError::met(&error))
    }

    /// Completes the file and makes it durable.
    pub(super) fn finish(self, manifest: &Manifest) -> Result<(), AttemptError> {
        match self.out {
            Out::Lines(out) => {
                let out = out.finish().map_err(|error| AttemptError::met(&error))?;
                out.finish()?;
            }
            Out::Columns(columns) => columns.finish(manifest)?,
        }
        Ok(())
    }
}

impl Columns {
    fn finish(self, manifest: &Manifest) -> Result<(), AttemptError> {
        let cannot = |error: std::io::Error| AttemptError::met(&error);
        let mut spool = self.spool.finish().map_err(cannot)?;
        spool.seek(SeekFrom::Start(0)).map_err(cannot)?;
        let rows = decode_rows(spool, FileCompression::Zstd).map_err(cannot)?;
        let mut rows = BufReader::new(rows);
        let mut table = TableWriter::create(self.out, &self.types, &self.options)?;
        let mut line = String::new();
        while rows.read_line(&mut line).map_err(cannot)? > 0 {
            table.push(line.trim_end_matches('\n'))?;
            line.clear();
        }
        table.finish(manifest)?;
        Ok(())
    }
}
