//! The rows of a partition as they lie on disk, read once and proven as they are read.

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
    /// Where they are, and what they are; anything else is damage.
    pub rows: StoredObject,
    /// Their form.
    pub form: RowsForm,
    /// Which of them belong to the output, where not all do; of plain lines that are copied, and of rows in columns.
    pub kept: Option<KeptRows>,
    /// What lines hold, where the export has columns; without it and a schema they are read once more to see.
    pub types: Option<Types>,
    /// The schema of lines that come from a columnar source, where the export has columns; their types are then those
    /// of the fields that the source does not have.
    pub schema: Option<SchemaRef>,
    /// What the fields of the records hold that the rows were made of, which say what the columns of an output without a
    /// row are.
    pub input: Option<FieldsSeen>,
}

impl PartitionRows {
    /// The schema of lines that hold what a columnar source has, and nothing besides.
    pub(crate) fn table_schema(&self) -> Option<SchemaRef> {
        let has_more = self.types.as_ref().is_some_and(|types| !types.is_empty());
        self.schema.clone().filter(|_| !has_more)
    }

    /// Why the rows must be made again.
    pub(crate) fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::DamagedRows {
            name: self.rows.name().clone(),
            shown: self.rows.to_string(),
            reason: reason.into(),
        }
    }

    /// The rows cannot be read.
    pub(crate) fn unreadable(&self, error: &io::Error) -> Error {
        // The rows are as good as ever where nothing can be opened.
        if let (Some(_), Some(errno)) = (Obstacle::of_io(error), error.raw_os_error()) {
            let path = self.rows.path();
            let path = path.unwrap_or_else(|| self.rows.name().as_str().into());
            return Error::io("read", path)(io::Error::from_raw_os_error(errno));
        }
        self.damaged(format!("it cannot be read: {error}"))
    }

    /// Fails unless as many rows were read as were decided about.
    pub(crate) fn check_kept(&self, keeping: Option<&Keeping<'_>>) -> Result<()> {
        match keeping.is_none_or(Keeping::is_complete) {
            true => Ok(()),
            false => Err(self.damaged("it has another number of rows than were decided about")),
        }
    }

    pub(crate) fn open_rows(&self) -> io::Result<ObjectReader> {
        Ok(self.rows.read()?)
    }

    /// Opens the file; what is read from it can be compared with its stamp.
    pub(crate) fn open(&self) -> Result<(Watched, Proof)> {
        let file = self.open_rows().map_err(|error| self.unreadable(&error))?;
        let hasher = Arc::new(Mutex::new(Hasher::new()));
        let proof = Proof(Arc::clone(&hasher));
        Ok((Watched { file, hasher }, proof))
    }

    /// Fails unless what was read, to the end of the file, is what the stamp says.
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

/// What was read of a [`Watched`] file, wherever that went.
pub(crate) struct Proof(Arc<Mutex<Hasher>>);

impl Proof {
    /// Bytes read so far and their digest.
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
