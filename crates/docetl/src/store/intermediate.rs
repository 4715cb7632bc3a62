//! The store itself.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coldpress_failure::full_message;

use super::dependents::Dependents;
use super::files::{Files, Found};
use super::list::{Entry, Unreadable, list, names_of, passed_over};
use super::reader::RecordReader;
use super::wanted::Wanted;
use super::writer::{RecordWriter, Saved};
use crate::{CheckpointName, Error, Format, Options, Record, Result};

/// A pipeline's intermediate directory.
///
/// Any number of stores can be open at a time, in any processes. If several write a checkpoint at once, it is completely that of
/// the last writer to finish.
#[derive(Clone, Debug)]
#[doc(alias = "CheckpointManager")]
pub struct IntermediateStore {
    files: Files,
    options: Options,
    /// Shared by all handles that were cloned from the same one.
    dependents: Arc<Mutex<Option<Dependents>>>,
}

/// A checkpoint with all of its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The records.
    pub records: Vec<Record>,
    /// The file that was read.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// Its length in bytes.
    pub bytes: u64,
    /// Warnings that explain why this file was read and not the one of the other format.
    pub warnings: Vec<String>,
}

impl IntermediateStore {
    /// Opens a directory. If it doesn't exist, it is made with the first checkpoint.
    ///
    /// # Errors
    /// [`Error::NotADirectory`] if it is something else; [`Error::Storage`] if it cannot be examined.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(dir, Options::new())
    }

    /// Opens a directory with these options for its checkpoints.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_with(dir: impl Into<PathBuf>, options: Options) -> Result<Self> {
        Ok(Self {
            files: Files::new(dir.into())?,
            options,
            dependents: Arc::default(),
        })
    }

    /// Returns the directory.
    #[must_use]
    #[doc(alias = "intermediate_dir")]
    pub fn dir(&self) -> &Path {
        self.files.dir()
    }

    /// Saves the result of an operation in a step, and returns its file.
    ///
    /// # Errors
    /// [`Error::Name`] if a name cannot be the name of a file; [`Error::Storage`] and [`Error::Write`] if the records cannot be
    /// written, in which case the old checkpoint is unchanged.
    #[doc(alias = "save_checkpoint")]
    pub fn save(&self, step: &str, operation: &str, records: &[Record]) -> Result<PathBuf> {
        let saved = self.write(&CheckpointName::operation(step, operation)?, records)?;
        Ok(saved.path)
    }

    /// Loads the result of an operation in a step; `None` if there is no such checkpoint.
    ///
    /// # Errors
    /// [`Error::Name`] if a name cannot be the name of a file; [`Error::Damaged`] if its file is damaged, [`Error::Neither`] if it
    /// has two and both are; [`Error::Storage`] if it cannot be read.
    #[doc(alias = "load_checkpoint")]
    pub fn load(&self, step: &str, operation: &str) -> Result<Option<Vec<Record>>> {
        let loaded = self.read(&CheckpointName::operation(step, operation)?)?;
        Ok(loaded.map(|loaded| loaded.records))
    }

    /// Saves a batch of an operation, and returns its file.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    #[doc(alias = "save_batch_checkpoint")]
    #[doc(alias = "flush_batch")]
    pub fn save_batch(&self, operation: &str, index: u64, records: &[Record]) -> Result<PathBuf> {
        let saved = self.write(&CheckpointName::batch(operation, index)?, records)?;
        Ok(saved.path)
    }

    /// Loads a batch of an operation; `None` if there is no such batch.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    #[doc(alias = "load_batch_checkpoint")]
    pub fn load_batch(&self, operation: &str, index: u64) -> Result<Option<Vec<Record>>> {
        let loaded = self.read(&CheckpointName::batch(operation, index)?)?;
        Ok(loaded.map(|loaded| loaded.records))
    }

    /// Loads some keys of some records, in the order in which the records have them. Nothing else is read from a Parquet file. A
    /// record that lacks a key stays without it.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_columns(
        &self,
        step: &str,
        operation: &str,
        keys: &[&str],
        rows: Range<u64>,
    ) -> Result<Option<Vec<Record>>> {
        let keys: HashSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let wanted = Wanted {
            keys: Some(Arc::new(keys)),
            rows,
        };
        let loaded = self.read_wanted(&CheckpointName::operation(step, operation)?, &wanted)?;
        Ok(loaded.map(|loaded| loaded.records))
    }

    /// Loads some records with all of their keys. Little else is read from a Parquet file.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    #[doc(alias = "load_checkpoint_sample")]
    pub fn load_rows(
        &self,
        step: &str,
        operation: &str,
        rows: Range<u64>,
    ) -> Result<Option<Vec<Record>>> {
        let wanted = Wanted { keys: None, rows };
        let loaded = self.read_wanted(&CheckpointName::operation(step, operation)?, &wanted)?;
        Ok(loaded.map(|loaded| loaded.records))
    }

    /// Loads a checkpoint, with information about its file.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn read(&self, name: &CheckpointName) -> Result<Option<Loaded>> {
        self.read_wanted(name, &Wanted::ALL)
    }

    /// Saves a checkpoint, and returns information about its file.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub fn write(&self, name: &CheckpointName, records: &[Record]) -> Result<Saved> {
        let mut writer = self.writer(name)?;
        writer.write_all(records)?;
        writer.finish()
    }

    /// Begins to write a checkpoint, in the format of the options.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub fn writer(&self, name: &CheckpointName) -> Result<RecordWriter> {
        RecordWriter::create(&self.files, name, self.options.format, &self.options)
    }

    /// Begins to read a checkpoint a batch at a time; `None` if it doesn't exist.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn reader(&self, name: &CheckpointName) -> Result<Option<RecordReader>> {
        let choice = self.choose(name)?;
        let is_alone = choice.second.is_none();
        self.first_of(choice, |found| {
            let reader = self.open_found(found.clone(), name, &Wanted::ALL)?;
            reader.verify()?;
            // Once records have been returned, it is too late to switch to the other file.
            if found.format == Format::Json && !is_alone {
                let mut all = self.open_found(found, name, &Wanted::ALL)?;
                while all.next_batch()?.is_some() {}
            }
            Ok(reader)
        })
        .map(|opened| opened.map(|(reader, warnings)| reader.warned(warnings)))
    }

    /// Begins to read the file of a checkpoint in one format, regardless of the other one; `None` if it doesn't exist.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn reader_of(&self, name: &CheckpointName, format: Format) -> Result<Option<RecordReader>> {
        let Some(found) = self.files.find(name, format)? else {
            return Ok(None);
        };
        let reader = self.open_found(found, name, &Wanted::ALL)?;
        reader.verify()?;
        Ok(Some(reader))
    }

    /// Lists the files of checkpoints, sorted by step, operation and format.
    ///
    /// # Errors
    /// [`Error::Storage`] if a folder cannot be read.
    #[doc(alias = "list_checkpoints")]
    pub fn list(&self) -> Result<Vec<Entry>> {
        list(&self.files)
    }

    /// Lists files and folders that look like checkpoints but are not read: links that point outside of the directory or to
    /// nothing, and names that no checkpoint can have. Hidden ones are left out.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn passed_over(&self) -> Result<Vec<Unreadable>> {
        passed_over(&self.files)
    }

    /// Returns the names of the checkpoints with a file in a format, in no particular order.
    pub(super) fn names_of(&self, format: Format) -> Result<Vec<CheckpointName>> {
        names_of(&self.files, format)
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Returns the checkpoints that are stored as changes since others, if they have been found.
    pub(super) fn known_dependents(&self) -> MutexGuard<'_, Option<Dependents>> {
        let known = self.dependents.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets which checkpoints are changes since others, because that has changed.
    pub(super) fn forget_dependents(&self) {
        *self.known_dependents() = None;
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn open_found(
        &self,
        found: Found,
        name: &CheckpointName,
        wanted: &Wanted,
    ) -> Result<RecordReader> {
        RecordReader::open(found, name, wanted.clone(), &self.files, &self.options)
    }

    fn read_wanted(&self, name: &CheckpointName, wanted: &Wanted) -> Result<Option<Loaded>> {
        let choice = self.choose(name)?;
        let read = self.first_of(choice, |found| {
            let mut reader = self.open_found(found, name, wanted)?;
            let records = reader.read_all()?;
            Ok((records, reader))
        })?;
        Ok(read.map(|((records, reader), warnings)| {
            let (path, format, bytes, _) = reader.into_parts();
            Loaded {
                records,
                path,
                format,
                bytes,
                warnings,
            }
        }))
    }

    /// Finds the files of a checkpoint, the one that counts first.
    pub(super) fn choose(&self, name: &CheckpointName) -> Result<Choice> {
        let parquet = self.files.find(name, Format::Parquet);
        let json = self.files.find(name, Format::Json);
        // If one can be opened, a link in place of the other doesn't matter.
        let (parquet, json) = match (parquet, json) {
            (Err(error), Ok(None)) | (Ok(None), Err(error)) => return Err(error),
            (Err(error), Err(_)) => return Err(error),
            (parquet, json) => (parquet.ok().flatten(), json.ok().flatten()),
        };
        Ok(match (parquet, json) {
            (Some(parquet), Some(json)) if json.modified > parquet.modified => Choice {
                warnings: vec![format!(
                    "`{}` is newer than `{}`, so the JSON file is used",
                    json.path.display(),
                    parquet.path.display()
                )],
                first: Some(json),
                second: Some(parquet),
            },
            (Some(parquet), json) => Choice {
                first: Some(parquet),
                second: json,
                warnings: Vec::new(),
            },
            (None, json) => Choice {
                first: json,
                second: None,
                warnings: Vec::new(),
            },
        })
    }

    /// Reads the first file, or the second one if that fails, and collects the warnings.
    fn first_of<T>(
        &self,
        choice: Choice,
        read: impl Fn(Found) -> Result<T>,
    ) -> Result<Option<(T, Vec<String>)>> {
        let Choice {
            first,
            second,
            mut warnings,
        } = choice;
        let Some(first) = first else {
            return Ok(None);
        };
        let (format, failed) = match read(first.clone()) {
            Ok(read) => return Ok(Some((read, warnings))),
            // It was removed after it was found.
            Err(error) if error.is_not_found() && second.is_none() => return Ok(None),
            Err(error) => (first.format, error),
        };
        let Some(second) = second else {
            return Err(failed);
        };
        let age = if second.modified < first.modified {
            ", which is older"
        } else {
            ""
        };
        warnings = vec![format!(
            "{}; `{}` is used{age}",
            full_message(&failed),
            second.path.display()
        )];
        match read(second) {
            Ok(read) => Ok(Some((read, warnings))),
            Err(other) => {
                let (parquet, json) = match format {
                    Format::Parquet => (failed, other),
                    Format::Json => (other, failed),
                };
                Err(Error::Neither {
                    parquet: Box::new(parquet),
                    json: Box::new(json),
                })
            }
        }
    }
}

/// The files of a checkpoint.
pub(super) struct Choice {
    /// The file that counts.
    pub(super) first: Option<Found>,
    /// The file to use if the first fails.
    pub(super) second: Option<Found>,
    pub(super) warnings: Vec<String>,
}
