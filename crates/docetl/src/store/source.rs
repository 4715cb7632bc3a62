//! The records of one file.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::batches::{Batches, is_full};
use super::changes::Changed;
use super::files::Files;
use super::groups::Groups;
use super::wanted::Wanted;
use crate::json::{JsonStream, StreamFault};
use crate::parquet_file::{Base, Fault, ForeignGroups, OpenParquet, OwnFile, open};
use crate::{CheckpointName, Error, Format, Options, Record, Result};

/// The records of a file, a batch at a time.
pub(super) struct Source {
    form: Form,
    wanted: Wanted,
    /// The number of records before the next ones.
    passed: u64,
    rows: Option<u64>,
}

enum Form {
    Own(Groups),
    Changed(Box<Changed>),
    Foreign(Box<ForeignGroups>),
    Json(Box<JsonStream<File>>),
}

impl Source {
    /// Opens a file as that of a checkpoint.
    pub(super) fn open(
        files: &Files,
        path: &Path,
        format: Format,
        name: &CheckpointName,
        wanted: Wanted,
        options: &Options,
    ) -> Result<Self> {
        let file = coldpress_storage::open_file(path)?;
        let at_path = |fault| error(path, fault);
        let (form, rows) = match format {
            Format::Json => (Form::Json(Box::new(JsonStream::new(file))), None),
            Format::Parquet => match open(file).map_err(at_path)? {
                OpenParquet::Own(own) => {
                    check_name(&own, path, name)?;
                    let rows = own.rows();
                    let form = match own.base().cloned() {
                        None => Form::Own(Groups::new(own, &wanted, options.thread_count())),
                        Some(base) => {
                            let base = open_base(files, path, &base, options)?;
                            let changes = Self::of_own(own, options).at(path.to_owned());
                            Form::Changed(Box::new(Changed::new(changes, base)))
                        }
                    };
                    (form, Some(rows))
                }
                OpenParquet::Foreign(file, parquet) => {
                    let keys = wanted.keys.as_deref();
                    let groups = ForeignGroups::new(file, parquet, options.restore, keys);
                    let groups = groups.map_err(at_path)?;
                    let rows = groups.rows();
                    (Form::Foreign(Box::new(groups)), Some(rows))
                }
            },
        };
        Ok(Self {
            form,
            wanted,
            passed: 0,
            rows,
        })
    }

    /// Opens a Parquet file of this crate for its own content, with changes as changes.
    pub(super) fn as_written(
        path: &Path,
        name: &CheckpointName,
        options: &Options,
    ) -> Result<Self> {
        let file = coldpress_storage::open_file(path)?;
        match open(file).map_err(|fault| error(path, fault))? {
            OpenParquet::Own(own) => {
                check_name(&own, path, name)?;
                Ok(Self::of_own(own, options))
            }
            OpenParquet::Foreign(..) => Err(Error::damaged(path, "another program has written it")),
        }
    }

    fn of_own(own: OwnFile, options: &Options) -> Self {
        Self {
            wanted: Wanted::ALL,
            passed: 0,
            rows: Some(own.rows()),
            form: Form::Own(Groups::new(own, &Wanted::ALL, options.thread_count())),
        }
    }

    /// Combines the records with the path of their file.
    pub(super) fn at(self, path: PathBuf) -> Box<dyn Batches> {
        Box::new(AtPath { source: self, path })
    }

    /// Returns whether it is a Parquet file that another program wrote.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.form, Form::Foreign(_))
    }

    /// Returns the number of records in the file, if the file has it.
    pub(super) fn rows(&self) -> Option<u64> {
        self.rows
    }

    /// Verifies all bytes of a file that has digests of them.
    pub(super) fn verify(&self, path: &Path) -> Result<()> {
        match &self.form {
            Form::Own(groups) => groups.verify().map_err(|fault| error(path, fault)),
            Form::Changed(changed) => changed.verify(),
            _ => Ok(()),
        }
    }

    /// Reads the next records; `None` at the end.
    pub(super) fn next(&mut self, path: &Path) -> Result<Option<Vec<Record>>> {
        let at_path = |fault| error(path, fault);
        while self.passed < self.wanted.rows.end {
            let records = match &mut self.form {
                Form::Own(groups) => return groups.next().map_err(at_path),
                Form::Changed(changed) => match changed.next()? {
                    Some(None) => {
                        return Err(Error::damaged(path, "a change does not fit its base"));
                    }
                    records => records.flatten(),
                },
                Form::Foreign(groups) => groups.next().map_err(at_path)?,
                Form::Json(stream) => json_batch(stream, path)?,
            };
            let Some(records) = records else {
                return Ok(None);
            };
            let records = self.cut(records);
            if !records.is_empty() {
                return Ok(Some(records));
            }
        }
        Ok(None)
    }

    /// Leaves out unwanted records, and unwanted keys of the others.
    fn cut(&mut self, mut records: Vec<Record>) -> Vec<Record> {
        let start = self.passed;
        self.passed += records.len() as u64;
        let Range { start: first, end } = self.wanted.rows;
        records.truncate(usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX));
        let before = usize::try_from(first.saturating_sub(start)).unwrap_or(usize::MAX);
        records.drain(..before.min(records.len()));
        match &self.wanted.keys {
            Some(keys) if matches!(self.form, Form::Json(_) | Form::Changed(_)) => {
                let selected = records
                    .into_iter()
                    .map(|record| record.select(|key| keys.contains(key)));
                selected.collect()
            }
            _ => records,
        }
    }
}

/// The records of a file whose path is known.
struct AtPath {
    source: Source,
    path: PathBuf,
}

impl Batches for AtPath {
    fn next(&mut self) -> Result<Option<Vec<Record>>> {
        self.source.next(&self.path)
    }

    fn verify(&self) -> Result<()> {
        self.source.verify(&self.path)
    }
}

fn json_batch(stream: &mut JsonStream<File>, path: &Path) -> Result<Option<Vec<Record>>> {
    let mut records = Vec::new();
    let mut bytes = 0;
    while !is_full(records.len(), bytes) {
        match stream.next() {
            Ok(Some(record)) => {
                bytes += record.memory_bytes();
                records.push(record);
            }
            Ok(None) => break,
            Err(StreamFault::Read(source)) => return Err(Error::io("read", path, source)),
            Err(StreamFault::Content(reason)) => return Err(Error::damaged(path, reason)),
        }
    }
    Ok(Some(records).filter(|records| !records.is_empty()))
}

fn check_name(own: &OwnFile, path: &Path, name: &CheckpointName) -> Result<()> {
    if own.is_of(name) {
        return Ok(());
    }
    let written_for = own.written_for();
    let reason = format!("it is the file of `{written_for}`; give it that name back, or remove it");
    Err(Error::damaged(path, reason))
}

/// Opens the file that another one has the changes since.
fn open_base(
    files: &Files,
    path: &Path,
    base: &Base,
    options: &Options,
) -> Result<Box<dyn Batches>> {
    let name = CheckpointName::of_file(&base.folder, &base.name)
        .ok_or_else(|| Error::damaged(path, "its base has no name of a checkpoint"))?;
    let base_path = files.path(&name, Format::Parquet)?;
    let wrong = |reason: String| Error::Base {
        path: path.to_owned(),
        base: base_path.clone(),
        reason,
    };
    let file = match coldpress_storage::open_file(&base_path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Err(wrong("is not there".into())),
        Err(error) => return Err(wrong(format!("cannot be opened: {error}"))),
    };
    match open(file) {
        Ok(OpenParquet::Own(own)) if own.seal() == base.seal => {
            // Depths decrease from file to file, so that no chain leads back to its start.
            let depth = own.base().map_or(0, |base| base.depth);
            if depth >= base.depth {
                return Err(Error::damaged(path, "its bases go round in a circle"));
            }
            let source = Source::open(
                files,
                &base_path,
                Format::Parquet,
                &name,
                Wanted::ALL,
                options,
            )?;
            Ok(source.at(base_path))
        }
        Ok(_) => Err(wrong(
            "is not the file that they were made of any more".into(),
        )),
        Err(fault) => Err(wrong(format!(
            "cannot be read: {}",
            error(&base_path, fault)
        ))),
    }
}

/// Returns the error of a fault in a file.
pub(super) fn error(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Io(source) => Error::io("read", path, source),
        Fault::Damaged(reason) => Error::damaged(path, reason),
        Fault::Newer(found) => Error::Newer {
            path: path.to_owned(),
            found,
            supported: crate::parquet_file::VERSION,
        },
    }
}
