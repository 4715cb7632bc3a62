//! The rows of a partition on disk, which are read once and proved while they are read.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_dataset::RowsForm;
use coldpress_record::FieldsSeen;
use coldpress_storage::{FileStamp, Hasher, ObjectReader, Obstacle, StoredObject};
use coldpress_table::{SchemaRef, Types};

use crate::error::{Error, Result};
use crate::kept::{Keeping, KeptRows};

/// The rows of a partition.
#[derive(Clone, Debug)]
pub struct PartitionRows {
    /// Their place and their stamp. Any other content is damage.
    pub rows: StoredObject,
    /// Their form.
    pub form: RowsForm,
    /// Which of them belong to the output, if not all do; for plain lines that are copied, and for rows in columns.
    pub kept: Option<KeptRows>,
    /// The types in the lines, if the export has columns. Without them and a schema, the lines are read once more to find them.
    pub types: Option<Types>,
    /// The schema of lines that come from a columnar source, if the export has columns. `types` are then those of the fields that
    /// the source does not have.
    pub schema: Option<SchemaRef>,
    /// The fields of the records that the rows were made of, which determine the columns of an output without rows.
    pub input: Option<FieldsSeen>,
}

impl PartitionRows {
    /// Returns the schema of lines that hold exactly what a columnar source has.
    pub(crate) fn table_schema(&self) -> Option<SchemaRef> {
        let has_more = self.types.as_ref().is_some_and(|types| !types.is_empty());
        self.schema.clone().filter(|_| !has_more)
    }

    /// Returns the error that says why the rows must be made again.
    pub(crate) fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::DamagedRows {
            name: self.rows.name().clone(),
            shown: self.rows.to_string(),
            reason: reason.into(),
        }
    }

    /// Returns the error for rows that cannot be read.
    pub(crate) fn unreadable(&self, error: &io::Error) -> Error {
        // If no file can be opened at all, the rows themselves may be good.
        if let (Some(_), Some(errno)) = (Obstacle::of_io(error), error.raw_os_error()) {
            let path = self.rows.path();
            let path = path.unwrap_or_else(|| self.rows.name().as_str().into());
            return Error::io("read", path)(io::Error::from_raw_os_error(errno));
        }
        self.damaged(format!("it cannot be read: {error}"))
    }

    /// Fails unless the number of rows read equals the number decided about.
    pub(crate) fn check_kept(&self, keeping: Option<&Keeping<'_>>) -> Result<()> {
        match keeping.is_none_or(Keeping::is_complete) {
            true => Ok(()),
            false => Err(self.damaged("it has another number of rows than were decided about")),
        }
    }

    pub(crate) fn open_rows(&self) -> io::Result<ObjectReader> {
        Ok(self.rows.read()?)
    }

    /// Opens the file. What is read from it can be compared with its stamp.
    pub(crate) fn open(&self) -> Result<(Watched, Proof)> {
        let file = self.open_rows().map_err(|error| self.unreadable(&error))?;
        let hasher = Arc::new(Mutex::new(Hasher::new()));
        let proof = Proof(Arc::clone(&hasher));
        Ok((Watched { file, hasher }, proof))
    }

    /// Fails unless what was read, to the end of the file, matches the stamp.
    pub(crate) fn prove(&self, read: &FileStamp) -> Result<()> {
        if *read == *self.rows.stamp() {
            return Ok(());
        }
        let expected = self.rows.stamp().length;
        Err(self.damaged(match read.length == expected {
            true => "it is not what was published".to_owned(),
            false => format!(
                "it is not what was published: {expected} bytes, now {}",
                read.length
            ),
        }))
    }
}

/// A file whose bytes are hashed as they are read.
pub(crate) struct Watched {
    file: ObjectReader,
    hasher: Arc<Mutex<Hasher>>,
}

/// A hash of what was read of a [`Watched`] file, wherever the data went.
pub(crate) struct Proof(Arc<Mutex<Hasher>>);

impl Proof {
    /// Returns the number of bytes read so far and their digest.
    pub(crate) fn stamp(&self) -> FileStamp {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stamp()
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hasher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(&buffer[..length]);
        Ok(length)
    }
}
