//! The result of an attempt: rows and their index.

use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use coldpress_checkpoint::{Manifest, RowsOptions, RowsWriter};
use coldpress_dataset::{
    FileCompression, RowsEncoder, RowsForm, Source, TableRows, TableRowsWriter,
};
use coldpress_operator::Chain;
use coldpress_operator::value::members;
use coldpress_record::{Batch, DeclaredFields, STATS_FIELD, Stat};
use coldpress_storage::{AttemptName, ObjectName, ObjectRef, Place, StoreWriter, Stores};
use coldpress_table::Types;

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::outcome::ResultFiles;
use crate::spec::JobSpec;

/// The rows that come out, and beside them their origins and statistics.
pub(crate) struct ResultWriter {
    name: ObjectName,
    rows: Rows,
    index_name: ObjectName,
    index: RowsWriter,
    content: Content,
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
    of: TypesOf,
    /// The fields that operators set.
    set: Vec<String>,
}

/// How a result is written.
pub(crate) struct ResultOptions<'a> {
    pub(crate) stores: &'a Stores,
    /// What the names of its files begin with.
    pub(crate) name: AttemptName,
    /// The form of rows that come in record batches; others are lines.
    pub(crate) form: RowsForm,
    /// The statistics that its rows may have.
    pub(crate) stats: &'a [Stat],
    /// What its rows hold.
    pub(crate) content: Content,
    /// Whether to note what the fields of lines hold.
    pub(crate) types: Option<TypesOf>,
    /// The fields that operators set.
    pub(crate) set: Vec<&'a str>,
}

/// What the rows of a result hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The records as the operators left them.
    Records,
    /// The records with their statistics.
    RecordsWithStatistics,
    /// Their statistics alone.
    Statistics,
}

impl Content {
    /// Returns what the rows of the last stage hold, or of a stage that another one continues.
    fn of(spec: &JobSpec, is_final: bool) -> Self {
        match is_final {
            true if spec.statistics_alone => Self::Statistics,
            true if spec.keep_stats => Self::RecordsWithStatistics,
            _ => Self::Records,
        }
    }
}

/// Of what the types of a result are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypesOf {
    /// Of whole rows.
    Rows,
    /// Of statistics, and of the fields that operators set: for all else the source of the rows has a schema.
    Added,
}

impl TypesOf {
    /// What the types are noted of, of rows that are exported as they are written.
    pub(crate) fn wanted(spec: &JobSpec, source: &Source) -> Option<Self> {
        spec.note_types
            .then_some(match source.is_columnar() && !spec.types_of_rows {
                true => Self::Added,
                false => Self::Rows,
            })
    }
}

impl<'a> ResultOptions<'a> {
    /// How the result of an attempt is written.
    pub(crate) fn of(work: Assignment<'a>, chain: &'a Chain) -> Self {
        // What a later stage goes on from is what the operators left, and no more.
        let is_final = work.attempt.chain.end() as usize == chain.len();
        Self {
            stores: work.stores,
            name: work.attempt.name(),
            form: work.spec.rows_form,
            stats: chain.pipeline().stats(),
            content: Content::of(work.spec, is_final),
            types: TypesOf::wanted(work.spec, work.source).filter(|_| is_final),
            set: chain.pipeline().set_fields(),
        }
    }
}

impl ResultWriter {
    /// A writer of rows that come as lines, or, with a schema, in record batches.
    pub(crate) fn create(
        options: &ResultOptions<'_>,
        schema: Option<SchemaRef>,
    ) -> Result<Self, AttemptError> {
        let (form, schema) = match (options.form, schema) {
            (RowsForm::Table, None) => (RowsForm::Lines(FileCompression::None), None),
            (RowsForm::Table, schema) => (RowsForm::Table, schema),
            (lines, _) => (lines, None),
        };
        let name = options.name.clone().suffix(form.suffix()).object()?;
        let file = options.stores.put_new(Place::Results, &name)?;
        let rows = match (form, schema) {
            (RowsForm::Lines(packing), _) => RowsEncoder::new(file, packing).map(Rows::Lines),
            (RowsForm::Table, schema) => {
                let schema = schema.unwrap_or_else(|| Arc::new(Schema::empty()));
                TableRowsWriter::create(file, &schema).map(Rows::Table)
            }
        };
        let rows = rows.map_err(|error| AttemptError::met(&error))?;
        let types = options.types.filter(|_| form != RowsForm::Table);
        let types = types.map(|of| Noted {
            types: Types::default(),
            of,
            set: options.set.iter().map(|name| (*name).to_owned()).collect(),
        });
        let index_name = options.name.clone().suffix(".index.parquet").object()?;
        let index_options = RowsOptions {
            with_records: false,
            stats: options.stats,
            ..RowsOptions::default()
        };
        let index = options.stores.put_new(Place::Results, &index_name)?;
        let index = RowsWriter::create(index, &index_options)?;
        Ok(Self {
            name,
            rows,
            index_name,
            index,
            content: options.content,
            types,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn write(
        &mut self,
        batch: &Batch,
        fields: &DeclaredFields,
    ) -> Result<(), AttemptError> {
        match &self.rows {
            Rows::Lines(_) => self.write_lines(batch, fields)?,
            Rows::Table(_) => self.write_table(batch, fields)?,
        }
        Ok(self.index.write(batch, fields)?)
    }

    fn write_lines(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<(), AttemptError> {
        self.buffer.clear();
        for row in batch.selection().iter().map(|row| *row as usize) {
            let start = self.buffer.len();
            let out = &mut self.buffer;
            match self.content {
                Content::Records => batch.write_record(row, fields, out),
                Content::RecordsWithStatistics => batch.write_record_with_stats(row, fields, out),
                Content::Statistics => {
                    batch.stats().write_json(row, out);
                    out.push(b'\n');
                }
            }
            if let Some(noted) = &mut self.types {
                let with_stats = self.content == Content::RecordsWithStatistics;
                noted.note(batch, row, &self.buffer[start..], with_stats);
            }
        }
        match &mut self.rows {
            Rows::Lines(out) => out
                .write_all(&self.buffer)
                .map_err(|error| AttemptError::met(&error)),
            Rows::Table(_) => Ok(()),
        }
    }

    fn write_table(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<(), AttemptError> {
        let rows = TableRows::gather(batch, fields)?;
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
        // A line is made of texts.
        let line = str::from_utf8(line).unwrap_or("{}").trim_end();
        if self.of == TypesOf::Rows {
            return self.types.observe(line, origin);
        }
        let with_stats = with_stats && batch.stats().has_any(row);
        if !with_stats && self.set.is_empty() {
            return;
        }
        let is_added = |name: &str| {
            let name: String = serde_json::from_str(name).unwrap_or_default();
            with_stats && name == STATS_FIELD || self.set.contains(&name)
        };
        let added = members(line).filter(|(name, _)| is_added(name));
        let added: Vec<String> = added
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        if !added.is_empty() {
            let record = format!("{{{}}}", added.join(", "));
            self.types.observe(&record, origin);
        }
    }
}
