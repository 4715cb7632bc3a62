//! The second pass, for outputs whose format requires all rows to be known before the first is written.
//!
//! The partitions are remembered, and the types of their rows are joined. Then their rows are read once more, cut into units that
//! several threads encode, and written in order.

mod arrow_file;
mod batches;
mod csv;
mod decode;
mod dictionaries;
mod join;
mod parquet_file;
mod pipeline;
mod unit;
mod unit_form;

use std::sync::atomic::AtomicBool;

use coldpress_table::MixedField;

use crate::error::{Error, Result};
use crate::form::ExportForm;
use crate::output_files::OutputFiles;
use crate::partition_rows::PartitionRows;
use crate::staged::Staged;
use crate::target::ExportTarget;
use arrow_file::Arrow;
use csv::Csv;
use join::{Columns, ColumnsJoin};
use parquet_file::Parquet;
use pipeline::in_order;
use unit::Units;
use unit_form::{UnitFile, UnitForm};

/// The partitions of an output that is written once all of them are there.
pub(crate) struct SecondPass {
    target: ExportTarget,
    token: String,
    threads: usize,
    partitions: Vec<PartitionRows>,
    join: ColumnsJoin,
    /// None once an attempt at writing them was abandoned.
    files: Option<OutputFiles>,
}

/// An output that was written.
pub(crate) struct Passed {
    /// The output.
    pub(crate) written: Staged,
    /// Fields whose values have more than one type.
    pub(crate) mixed: Vec<MixedField>,
    /// Other oddities of the columns, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl SecondPass {
    pub(crate) fn new(
        target: &ExportTarget,
        token: &str,
        files: OutputFiles,
        threads: usize,
    ) -> Self {
        Self {
            target: target.clone(),
            token: token.to_owned(),
            threads,
            partitions: Vec::new(),
            join: ColumnsJoin::default(),
            files: Some(files),
        }
    }

    /// Remembers the rows of the next partition.
    pub(crate) fn add(&mut self, rows: PartitionRows) -> Result<()> {
        self.join.add(&rows)?;
        self.partitions.push(rows);
        Ok(())
    }

    /// Writes all rows.
    pub(crate) fn finish(mut self, abandoned: &AtomicBool) -> Result<Passed> {
        let mut columns = std::mem::take(&mut self.join).finish(&self.partitions)?;
        let mut notes: Vec<String> = columns.note().into_iter().collect();
        let written = loop {
            match self.write(&columns, abandoned) {
                // No type tells in advance which of its values fit another type.
                Err(Error::Misfit { field, reason }) if columns.become_json(&field) => {
                    notes.push(format!(
                        "the field `{field}` is exported as JSON text: {reason}"
                    ));
                }
                written => break written?,
            }
        };
        // CSV has no types that could be mixed.
        let has_types = self.target.form() != ExportForm::Csv;
        let mixed = if has_types { columns.mixed } else { Vec::new() };
        Ok(Passed {
            written,
            mixed,
            notes,
        })
    }

    fn write(&mut self, columns: &Columns, abandoned: &AtomicBool) -> Result<Staged> {
        let Columns {
            schema, has_rest, ..
        } = columns;
        let files = match self.files.take() {
            Some(files) => files,
            None => OutputFiles::create(&self.target, &self.token)?,
        };
        let form = self.target.file_form();
        let (partitions, threads) = (&self.partitions, self.threads);
        match form.form {
            ExportForm::Parquet => {
                let parquet = Parquet::new(schema, *has_rest, form.codec)?;
                write(&parquet, partitions, files, threads, abandoned)
            }
            ExportForm::Arrow => {
                let arrow = Arrow::new(schema, *has_rest);
                write(&arrow, partitions, files, threads, abandoned)
            }
            ExportForm::Csv | ExportForm::Json | ExportForm::Jsonl => {
                let names = schema.fields().iter().map(|field| field.name().as_str());
                let csv = Csv::new(form, names, *has_rest);
                write(&csv, partitions, files, threads, abandoned)
            }
        }
    }
}

/// Writes the rows of all partitions in order. The bytes do not depend on `threads`.
fn write<F: UnitForm>(
    form: &F,
    partitions: &[PartitionRows],
    mut files: OutputFiles,
    threads: usize,
    abandoned: &AtomicBool,
) -> Result<Staged> {
    let limit_bytes = files.limit_bytes();
    let mut units = Units::new(partitions, form.limits(limit_bytes), F::HAS_COLUMNS);
    let mut current: Option<F::File> = None;
    in_order(
        threads,
        abandoned,
        || units.next(),
        |unit| form.encode(unit),
        |encoded| {
            let file = match current.take() {
                Some(file) => file,
                None => form.create(files.next_file()?)?,
            };
            let file = current.insert(file);
            file.write(encoded)?;
            if file.size_bytes() >= limit_bytes
                && let Some(file) = current.take()
            {
                files.ended(file.finish()?);
            }
            Ok(())
        },
    )?;
    if current.is_none() && files.is_empty() {
        current = Some(form.create(files.next_file()?)?);
    }
    if let Some(file) = current {
        files.ended(file.finish()?);
    }
    Ok(files.finish())
}
