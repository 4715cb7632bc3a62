//! The result of an attempt: rows and their index.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use coldpress_checkpoint::{Compression, Format, Manifest, RowsOptions, RowsWriter};
use coldpress_dataset::{
    FileCompression, RowsEncoder, RowsForm, Source, TableRows, TableRowsWriter,
};
use coldpress_operator::Chain;
use coldpress_operator::value::members;
use coldpress_record::{Batch, DeclaredFields, STATS_FIELD, Stat};
use coldpress_storage::{AttemptName, ComposedWriter, ObjectName, ObjectRef, Place, StoreWriter};
use coldpress_table::Types;

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::new_files::NewFiles;
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
    /// Records that are as they were read are not written, but cited.
    Composed(ComposedWriter),
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
    pub(crate) files: NewFiles<'a>,
    /// What the names of its files begin with.
    pub(crate) name: AttemptName,
    /// The form of rows that come in record batches; others are lines.
    pub(crate) form: RowsForm,
    /// The number of the source and its file, in which the records lie as they came in, where they may be cited.
    pub(crate) text: Option<(u32, PathBuf)>,
    /// The statistics that its rows may have.
    pub(crate) stats: &'a [Stat],
    /// What its rows hold.
    pub(crate) content: Content,
    /// Whether to note what the fields of lines hold.
    pub(crate) types: Option<TypesOf>,
    /// The fields that operators set.
    pub(crate) set: Vec<&'a str>,
}

/// Slices that are smaller are not cited: what there is to gain is less than what it takes to look for it.
const MIN_CITED_SLICE_BYTES: u64 = 1 << 20;

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
    /// How the result of an attempt is written, whose records lie in the file `text` as they come in, if they do.
    pub(crate) fn of(work: Assignment<'a>, chain: &'a Chain, text: Option<&Path>) -> Self {
        // What a later stage goes on from is what the operators left, and no more.
        let is_final = work.attempt.chain.end() as usize == chain.len();
        Self {
            files: work.results,
            name: work.attempt.name(),
            form: work.spec.rows_form,
            text: text.and_then(|text| citable(work, text)),
            stats: chain.pipeline().stats(),
            content: Content::of(work.spec, is_final),
            types: TypesOf::wanted(work.spec, work.source).filter(|_| is_final),
            set: chain.pipeline().set_fields(),
        }
    }
}

/// The file that the records are cited from, if they are to be.
///
/// An attempt that is not the first follows one that something was wrong with, which may have been just that.
fn citable(work: Assignment<'_>, text: &Path) -> Option<(u32, PathBuf)> {
    let is_worthwhile = work.attempt.slice.bytes() >= MIN_CITED_SLICE_BYTES;
    let text = std::path::absolute(text).ok()?;
    // The name of the file is written as JSON.
    let is_citable = is_worthwhile && work.attempt.number == 1 && text.to_str().is_some();
    is_citable.then_some((work.attempt.slice.source, text))
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
        let is_plain = form == RowsForm::Lines(FileCompression::None);
        let text = options.text.as_ref();
        let text = text.filter(|_| is_plain && options.content == Content::Records);
        let suffix = match text {
            Some(_) => ComposedWriter::suffix(form.suffix()),
            None => form.suffix().to_owned(),
        };
        let name = options.name.clone().suffix(&suffix);
        let (name, file) = options.files.put_new(Place::Results, &name)?;
        let rows = match (form, text) {
            (_, Some((input, text))) => {
                Ok(Rows::Composed(ComposedWriter::new(file, (*input, text))))
            }
            (RowsForm::Lines(packing), None) => RowsEncoder::new(file, packing).map(Rows::Lines),
            (RowsForm::Table, None) => {
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
        // For a few rows, to set up the columns of a Parquet file and their compressors takes longer than all else.
        let (suffix, format, compression) = match options.files.are_packed() {
            true => (".index.jsonl", Format::Jsonl, Compression::None),
            false => (".index.parquet", Format::Parquet, Compression::Zstd),
        };
        let index_name = options.name.clone().suffix(suffix);
        let index_options = RowsOptions {
            with_records: false,
            format,
            compression,
            stats: options.stats,
            ..RowsOptions::default()
        };
        let (index_name, index) = options.files.put_new(Place::Results, &index_name)?;
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
            Rows::Composed(_) => self.compose(batch, fields)?,
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
            _ => Ok(()),
        }
    }

    /// Cites the records that are as they were read, and writes the others.
    fn compose(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<(), AttemptError> {
        let Rows::Composed(out) = &mut self.rows else {
            return Ok(());
        };
        let cannot_write = |error: std::io::Error| AttemptError::met(&error);
        // A run of records that follow each other in the input.
        let mut run: Option<(u64, Range<usize>)> = None;
        for row in batch.selection().iter().map(|row| *row as usize) {
            let verbatim = batch.verbatim(row);
            if let (Some(noted), Some((_, lines))) = (&mut self.types, &verbatim) {
                noted.note(batch, row, &batch.lines()[lines.clone()], false);
            }
            match (&mut run, verbatim) {
                (Some((_, run)), Some((_, lines))) if run.end == lines.start => run.end = lines.end,
                (_, next) => {
                    if let Some((place, lines)) = std::mem::replace(&mut run, next) {
                        let lines = &batch.lines()[lines];
                        out.cite(place, lines).map_err(cannot_write)?;
                    }
                }
            }
            if run.is_none() {
                self.buffer.clear();
                batch.write_record(row, fields, &mut self.buffer);
                if let Some(noted) = &mut self.types {
                    noted.note(batch, row, &self.buffer, false);
                }
                out.own(&self.buffer).map_err(cannot_write)?;
            }
        }
        if let Some((place, lines)) = run {
            let lines = &batch.lines()[lines];
            out.cite(place, lines).map_err(cannot_write)?;
        }
        Ok(())
    }

    fn write_table(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<(), AttemptError> {
        let rows = TableRows::gather(batch, fields)?;
        match &mut self.rows {
            Rows::Table(out) => out.write(&rows).map_err(|error| AttemptError::met(&error)),
            _ => Ok(()),
        }
    }

    /// Makes the files durable; `manifest` says what is true of the rows.
    pub(crate) fn finish(mut self, manifest: Manifest) -> Result<ResultFiles, AttemptError> {
        let types = self.types.take().map(|noted| noted.types);
        let has_types = types.is_some();
        let cannot_write = |error: std::io::Error| AttemptError::met(&error);
        let finish = |file: Box<dyn StoreWriter>| file.finish().map_err(AttemptError::from);
        let (plain_bytes, stamp) = match self.rows {
            Rows::Composed(out) => (out.bytes(), out.finish()?),
            Rows::Lines(out) => (
                out.plain_bytes(),
                finish(out.finish().map_err(cannot_write)?)?,
            ),
            Rows::Table(out) => (
                out.plain_bytes(),
                finish(out.finish().map_err(cannot_write)?)?,
            ),
        };
        let rows = ObjectRef::new(Place::Results, self.name, stamp);
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
