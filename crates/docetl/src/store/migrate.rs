//! Writes a checkpoint in another format.

use super::files::{Found, Other};
use super::intermediate::IntermediateStore;
use super::parquet_out::ParquetOut;
use super::relation::{Relation, count, first_difference};
use super::source::Source;
use super::wanted::Wanted;
use super::writer::{RecordWriter, Unplaced};
use crate::columns::{Columns, Shapes};
use crate::json::{Style, write_record};
use crate::{CheckpointName, Error, Format, RecordReader, Result};

/// Options for the migration of a checkpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct MigrateOptions {
    to: Format,
    removes_original: bool,
    is_dry_run: bool,
}

impl MigrateOptions {
    /// Returns options that migrate to this format and keep originals.
    #[must_use]
    pub fn to(format: Format) -> Self {
        Self {
            to: format,
            ..Self::default()
        }
    }

    /// Sets whether the original is removed once the new file is durable.
    #[must_use]
    pub fn remove_original(mut self, removes: bool) -> Self {
        self.removes_original = removes;
        self
    }

    /// Sets whether nothing is written. The length of the file is then found by encoding all records without writing them.
    #[must_use]
    pub fn dry_run(mut self, is_dry: bool) -> Self {
        self.is_dry_run = is_dry;
        self
    }
}

/// The result of migrating a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The outcome.
    pub outcome: Outcome,
    /// The original's file.
    pub original: std::path::PathBuf,
    /// The length of the original in bytes.
    pub original_bytes: u64,
    /// The length of the file in the new format.
    pub bytes: u64,
    /// The number of records.
    pub rows: u64,
    /// True if the original was removed.
    pub is_original_removed: bool,
    /// Warnings about the original.
    pub warnings: Vec<String>,
}

/// The outcome of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was written in the new format.
    Migrated,
    /// It already existed in the new format.
    AlreadyThere,
    /// It would be written in the new format.
    WouldMigrate,
}

impl IntermediateStore {
    /// Writes a checkpoint in a format as well, or instead.
    ///
    /// The new file is read back and compared before it is moved into place. Migrating again does nothing, or finishes what a crash
    /// interrupted.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load) and [`save`](Self::save); [`Error::NotTheSame`] if the new file reads back differently;
    /// [`Error::Differs`] if there is JSON with other records in the place of the new JSON.
    #[doc(alias = "migrate_json_to_arrow")]
    pub fn migrate(
        &self,
        name: &CheckpointName,
        options: MigrateOptions,
    ) -> Result<Option<Migration>> {
        migrate(self, name, options)
    }
}

fn migrate(
    store: &IntermediateStore,
    name: &CheckpointName,
    options: MigrateOptions,
) -> Result<Option<Migration>> {
    let Some(reader) = store.reader(name)? else {
        return Ok(None);
    };
    if reader.format() == options.to {
        return already_there(store, name, options, reader).map(Some);
    }
    match there_already(store, name, options.to, &reader)? {
        Some(there) => keep(store, name, &there, &reader, options).map(Some),
        None => convert(store, name, options, reader).map(Some),
    }
}

/// Finds JSON beside the Parquet file that counts, if it expresses everything that the Parquet file does. Damaged JSON is useless.
///
/// The times of the files decide which one counts, but they are not reliable enough to give up records for: a copied directory has
/// new times. A Parquet file is no such risk, because DocETL never writes one, so it can only be older than the JSON.
fn there_already(
    store: &IntermediateStore,
    name: &CheckpointName,
    to: Format,
    original: &RecordReader,
) -> Result<Option<RecordReader>> {
    if to != Format::Json {
        return Ok(None);
    }
    let Some(mut json) = store.reader_of(name, to)? else {
        return Ok(None);
    };
    match store.relation(name, &mut json, original)? {
        Relation::Same | Relation::SaysMore => store.reader_of(name, to),
        Relation::Damaged(_) => Ok(None),
        Relation::Different => Err(Error::Differs {
            path: json.path().to_owned(),
            other: original.path().to_owned(),
        }),
    }
}

/// Leaves the existing file as it is. Its original may be removed.
fn keep(
    store: &IntermediateStore,
    name: &CheckpointName,
    there: &RecordReader,
    original: &RecordReader,
    options: MigrateOptions,
) -> Result<Migration> {
    let mut migration = Migration {
        outcome: Outcome::AlreadyThere,
        original: original.path().to_owned(),
        original_bytes: original.bytes(),
        bytes: there.bytes(),
        rows: original.rows().unwrap_or_default(),
        is_original_removed: false,
        warnings: original.warnings().to_vec(),
    };
    if options.removes_original && !options.is_dry_run {
        remove_original(store, name, original.found(), &mut migration)?;
    }
    Ok(migration)
}

/// Removes an original, unless it has been written again since it was read.
fn remove_original(
    store: &IntermediateStore,
    name: &CheckpointName,
    found: &Found,
    migration: &mut Migration,
) -> Result<()> {
    if store.files().is_still(found) {
        // Only Parquet files can be the base of others that are stored as changes.
        if found.format == Format::Parquet {
            store.free(name)?;
        }
        coldpress_storage::crash_point!("docetl_before_original_goes");
        coldpress_storage::remove_durable(&found.path)?;
        migration.is_original_removed = true;
    } else {
        let path = found.path.display();
        migration.warnings.push(format!(
            "`{path}` was written again while it was migrated, so it stays"
        ));
    }
    Ok(())
}

fn convert(
    store: &IntermediateStore,
    name: &CheckpointName,
    options: MigrateOptions,
    mut original: RecordReader,
) -> Result<Migration> {
    let mut migration = Migration {
        outcome: Outcome::WouldMigrate,
        original: original.path().to_owned(),
        original_bytes: original.bytes(),
        bytes: 0,
        rows: 0,
        is_original_removed: false,
        warnings: original.warnings().to_vec(),
    };
    if options.is_dry_run {
        (migration.bytes, migration.rows) = measure(store, name, options.to, original)?;
        return Ok(migration);
    }
    let mut writer = RecordWriter::create(store.files(), name, options.to, store.options())?;
    while let Some(records) = original.next_batch()? {
        writer.write_all(&records)?;
    }
    let again = || store.reader_of(name, options.to.other());
    let saved = writer.finish_with(Other::Stays(original.found().modified), |unplaced| {
        let again = again()?.ok_or_else(|| changed(original.path()))?;
        compare(store, name, options.to, unplaced, again)
    })?;
    (migration.bytes, migration.rows) = (saved.bytes, saved.rows);
    migration.outcome = Outcome::Migrated;
    if options.removes_original {
        remove_original(store, name, original.found(), &mut migration)?;
    }
    Ok(migration)
}

/// Handles a checkpoint that already exists in the format. If requested, an original that an earlier run left is removed, provided
/// that it has the same records.
fn already_there(
    store: &IntermediateStore,
    name: &CheckpointName,
    options: MigrateOptions,
    mut there: RecordReader,
) -> Result<Migration> {
    let original = store.files().find(name, options.to.other()).ok().flatten();
    let mut migration = Migration {
        outcome: Outcome::AlreadyThere,
        original: there.path().to_owned(),
        original_bytes: there.bytes(),
        bytes: there.bytes(),
        rows: there.rows().unwrap_or_default(),
        is_original_removed: false,
        warnings: there.warnings().to_vec(),
    };
    // A file counts only if all of it can be read, which is the only proof for JSON.
    if there.rows().is_none() {
        migration.rows = count(&mut there)?;
    }
    let Some(original) = original else {
        return Ok(migration);
    };
    (migration.original, migration.original_bytes) = (original.path.clone(), original.bytes);
    if !options.removes_original || options.is_dry_run {
        return Ok(migration);
    }
    let mut there = store.open_found(there.found().clone(), name, &Wanted::ALL)?;
    let same = match store.reader_of(name, options.to.other()) {
        Ok(Some(mut other)) => first_difference(&mut there, &mut other)?.is_none(),
        _ => false,
    };
    if same {
        remove_original(store, name, &original, &mut migration)?;
    } else {
        migration.warnings.push(format!(
            "`{}` does not hold the same records as `{}`, so it stays",
            original.path.display(),
            there.path().display()
        ));
    }
    Ok(migration)
}

/// Reads the new file back, and compares it with the original.
fn compare(
    store: &IntermediateStore,
    name: &CheckpointName,
    format: Format,
    unplaced: &Unplaced,
    mut original: RecordReader,
) -> Result<()> {
    let metadata = std::fs::metadata(&unplaced.path);
    let metadata = metadata.map_err(|error| Error::io("examine", &unplaced.path, error))?;
    let found = super::files::found(unplaced.path.clone(), format, &metadata)?;
    let mut written = store.open_found(found, name, &Wanted::ALL)?;
    match first_difference(&mut written, &mut original)? {
        None => Ok(()),
        Some(record) => Err(Error::NotTheSame {
            path: store.dir().join(name.path(format)),
            record,
        }),
    }
}

/// Measures the length and the number of records of a file, without writing it.
fn measure(
    store: &IntermediateStore,
    name: &CheckpointName,
    format: Format,
    mut original: RecordReader,
) -> Result<(u64, u64)> {
    let mut rows = 0;
    if format == Format::Json {
        // The brackets, and the separators between records.
        let mut bytes = 2;
        let mut line = Vec::new();
        while let Some(records) = original.next_batch()? {
            for record in &records {
                line.clear();
                write_record(record, Style::PYTHON, &mut line);
                bytes += line.len() as u64 + if rows > 0 { 2 } else { 0 };
                rows += 1;
            }
        }
        return Ok((bytes, rows));
    }
    // The columns of all records are found first, so that one file can hold them.
    let mut columns = Columns::default();
    while let Some(records) = original.next_batch()? {
        rows += records.len() as u64;
        Shapes::observe(&records, &mut columns);
    }
    let path = original.path().to_owned();
    let mut again = Source::open(
        store.files(),
        &path,
        original.format(),
        name,
        Wanted::ALL,
        store.options(),
    )?;
    let mut out = ParquetOut::measured(store.files(), name, store.options(), columns);
    while let Some(records) = again.next(&path)? {
        out.write(&records)?;
    }
    Ok((out.finish()?.1, rows))
}

pub(super) fn changed(path: &std::path::Path) -> Error {
    Error::damaged(path, "it was removed while it was migrated")
}
