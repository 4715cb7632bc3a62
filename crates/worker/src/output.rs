//! The result of an attempt: rows and their index.

use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use coldpress_checkpoint::{Manifest, RowsOptions, RowsWriter};
use coldpress_dataset::{FileCompression, RowsEncoder, RowsForm, TableRows, TableRowsWriter};
use coldpress_operator::Chain;
use coldpress_record::{Batch, STATS_FIELD, escape_into};
use coldpress_storage::{ObjectName, ObjectRef, Place, StoreWriter};
use coldpress_table::Types;

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::outcome::ResultFiles;

/// The rows that come out, and beside them their origins and statistics.
pub(crate) struct ResultWriter {
    name: ObjectName,
    rows: Rows,
    index_name: ObjectName,
    index: RowsWriter,
    keep_stats: bool,
    types: Option<Noted>,
    buffer: Vec<u8>,
}

enum Rows {
    Lines(RowsEncoder<Box<dyn StoreWriter>>),
    Table(TableRowsWriter<Box<dyn StoreWriter>>),
}

/// What the fields of the lines hold.
struct Noted {
    types: Types,
    /// Of rows whose source has a schema, only the statistics are news.
    stats_only: bool,
}

impl ResultWriter {
    /// A writer of rows that come as lines, or, with a schema, in record batches.
    pub(crate) fn create(
        work: Assignment<'_>,
        chain: &Chain,
        schema: Option<SchemaRef>,
    ) -> Result<Self, AttemptError> {
        let (form, schema) = match (work.spec.rows_form, schema) {
            (RowsForm::Table, None) => (RowsForm::Lines(FileCompression::None), None),
            (RowsForm::Table, schema) => (RowsForm::Table, schema),
            (lines, _) => (lines, None),
        };
        let name = work.attempt.name().suffix(form.suffix()).object()?;
        let file = work.stores.put_new(Place::Results, &name)?;
        let rows = match (form, schema) {
            (RowsForm::Lines(packing), _) => RowsEncoder::new(file, packing).map(Rows::Lines),
            (RowsForm::Table, schema) => {
                let schema = schema.unwrap_or_else(|| Arc::new(Schema::empty()));
                TableRowsWriter::create(file, &schema).map(Rows::Table)
            }
        };
        let rows = rows.map_err(|error| AttemptError::met(&error))?;
        let is_final = work.attempt.chain.end() as usize == chain.len();
        let types = (work.spec.note_types && is_final && form != RowsForm::Table).then(|| Noted {
            types: Types::default(),
            stats_only: work.source.is_columnar(),
        });
        let index_name = work.attempt.name().suffix(".index.parquet").object()?;
        let options = RowsOptions {
            with_records: false,
            stats: chain.pipeline().stats(),
            ..RowsOptions::default()
        };
        let index = work.stores.put_new(Place::Results, &index_name)?;
        let index = RowsWriter::create(index, &options)?;
        Ok(Self {
            name,
            rows,
            index_name,
            index,
            // What a later stage goes on from is what the operators left, and no more.
            keep_stats: work.spec.keep_stats && is_final,
            types,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn write(&mut self, batch: &Batch, chain: &Chain) -> Result<(), AttemptError> {
        match &self.rows {
            Rows::Lines(_) => self.write_lines(batch, chain)?,
            Rows::Table(_) => self.write_table(batch, chain)?,
        }
        Ok(self.index.write(batch, chain.fields())?)
    }

    fn write_lines(&mut self, batch: &Batch, chain: &Chain) -> Result<(), AttemptError> {
        self.buffer.clear();
        for row in batch.selection().iter().map(|row| *row as usize) {
            let start = self.buffer.len();
            if self.keep_stats {
                batch.write_record_with_stats(row, chain.fields(), &mut self.buffer);
            } else {
                batch.write_record(row, chain.fields(), &mut self.buffer);
            }
            if let Some(noted) = &mut self.types {
                noted.note(batch, row, &self.buffer[start..], self.keep_stats);
            }
        }
        match &mut self.rows {
            Rows::Lines(out) => out
                .write_all(&self.buffer)
                .map_err(|error| AttemptError::met(&error)),
            Rows::Table(_) => Ok(()),
        }
    }

    fn write_table(&mut self, batch: &Batch, chain: &Chain) -> Result<(), AttemptError> {
        let rows = TableRows::gather(batch, chain.fields())?;
        match &mut self.rows {
            Rows::Table(out) => out.write(&rows).map_err(|error| AttemptError::met(&error)),
            Rows::Lines(_) => Ok(()),
        }
    }

    /// Makes the files durable; `manifest` says what is true of the rows.
    pub(crate) fn finish(mut self, manifest: Manifest) -> Result<ResultFiles, AttemptError> {
        let types = self.types.take().map(|noted| noted.types);
        let has_types = types.is_some();
        let cannot_write = |error: std::io::Error| AttemptError::met(&error);
        let (plain_bytes, file) = match self.rows {
            Rows::Lines(out) => (out.plain_bytes(), out.finish().map_err(cannot_write)?),
            Rows::Table(out) => (out.plain_bytes(), out.finish().map_err(cannot_write)?),
        };
        let rows = ObjectRef::new(Place::Results, self.name, file.finish()?);
        let manifest = Manifest {
            rows: self.index.rows(),
            types,
            ..manifest
        };
        let index = self.index.finish(&manifest)?;
        let index = ObjectRef::new(Place::Results, self.index_name, index);
        Ok(ResultFiles {
            rows,
            index,
            signatures: None,
            uncompressed_bytes: plain_bytes,
            has_types,
        })
    }
}

impl Noted {
    fn note(&mut self, batch: &Batch, row: usize, line: &[u8], with_stats: bool) {
        let origin = batch.origin(row);
        if !self.stats_only {
            // A line is made of texts.
            let record = str::from_utf8(line).unwrap_or("{}").trim_end();
            self.types.observe(record, origin);
        } else if with_stats && batch.stats().has_any(row) {
            let mut record = Vec::new();
            escape_into(STATS_FIELD, &mut record);
            record.insert(0, b'{');
            record.extend_from_slice(b": ");
            batch.stats().write_json(row, &mut record);
            record.push(b'}');
            let record = str::from_utf8(&record).unwrap_or("{}");
            self.types.observe(record, origin);
        }
    }
}
