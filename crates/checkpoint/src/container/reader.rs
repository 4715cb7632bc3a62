//! Reading containers, a group at a time.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use coldpress_storage::FileStamp;

use super::arrow_file::{self, ArrowBody};
use super::directory::{Directory, PLAIN_VERSION};
use super::jsonl::JsonlBody;
use super::parquet_read::{self, ParquetBody};
use super::source::{corrupt, read, read_group};
use super::{ContainerGroup, DIRECTORY_KEY, MANIFEST_KEY};
use crate::{Compression, Format, Result};
use coldpress_storage::StoreReader;
use coldpress_storage::verify_stamp;

/// A container that is open for reading, from any number of threads.
pub struct ContainerReader {
    reader: Box<dyn StoreReader>,
    body: Body,
    directory: Directory,
    manifest_json: String,
    is_sealed: bool,
}

enum Body {
    Parquet(ParquetBody),
    Arrow(ArrowBody),
    Jsonl(JsonlBody),
}

impl ContainerReader {
    /// Opens a container. Its length and digest are checked before anything in it is decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) when it isn't the file that was cited or isn't a container,
    /// [`Error::Newer`](crate::Error::Newer) when a newer release wrote it, [`Error::Storage`](crate::Error::Storage) when it
    /// cannot be read.
    pub fn open(reader: Box<dyn StoreReader>, expected: &FileStamp) -> Result<Self> {
        verify_stamp(&*reader, expected)?;
        Self::open_unverified(reader)
    }

    /// Like [`open`](Self::open), for a file whose stamp is unknown or different. What is still as it was written can be proved
    /// without the stamp, group by group.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_unverified(reader: Box<dyn StoreReader>) -> Result<Self> {
        let name = reader.name().to_string();
        let (body, is_sealed) = Body::open(&*reader)?;
        let manifest_json = body.entry(MANIFEST_KEY);
        let manifest_json = manifest_json.ok_or_else(|| corrupt(&*reader, "it has no manifest"))?;
        let directory = match body.entry(DIRECTORY_KEY) {
            Some(json) => Directory::from_json(&name, &json)?,
            None => body
                .directory()
                .ok_or_else(|| corrupt(&*reader, "it has no directory"))?,
        };
        if !body.fits(&directory) {
            return Err(corrupt(&*reader, "its directory is of another file"));
        }
        Ok(Self {
            reader,
            body,
            directory,
            manifest_json,
            is_sealed,
        })
    }

    /// Returns the object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.reader.name().as_str()
    }

    /// Returns the object's length in bytes.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.reader.len()
    }

    /// Returns the file format.
    #[must_use]
    pub fn format(&self) -> Format {
        match &self.body {
            Body::Parquet(_) => Format::Parquet,
            Body::Arrow(_) => Format::Arrow,
            Body::Jsonl(_) => Format::Jsonl,
        }
    }

    /// Returns the compression that was asked for.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.directory.compression
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.directory.columns
    }

    /// Returns the caller's manifest, as it was given.
    #[must_use]
    pub fn manifest_json(&self) -> &str {
        &self.manifest_json
    }

    /// Returns the groups, in order.
    #[must_use]
    pub fn groups(&self) -> &[ContainerGroup] {
        &self.directory.groups
    }

    /// Returns whether the file proves itself, so that it can be trusted group by group without its stamp.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// Checks that the bytes of a group are those that were written, without decoding them.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) when they aren't, [`Error::Storage`](crate::Error::Storage) when they cannot be
    /// read.
    pub(crate) fn check_group(&self, index: usize) -> Result<()> {
        match self.groups().get(index) {
            Some(group) => read_group(&*self.reader, group).map(drop),
            None => Err(corrupt(&*self.reader, format!("it has no group {index}"))),
        }
    }

    /// Returns the rows of a group, or only these columns of them. `schema` is that of all columns.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) when there is no such group, or when its bytes are not those that were written or
    /// are not rows of this schema; [`Error::Storage`](crate::Error::Storage) when they cannot be read.
    pub fn read_group(
        &self,
        index: usize,
        schema: &SchemaRef,
        columns: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>> {
        let reader = &*self.reader;
        let group = self.groups().get(index);
        let group = group.ok_or_else(|| corrupt(reader, format!("it has no group {index}")))?;
        let batches = match &self.body {
            Body::Parquet(body) => body.read_group(reader, index, group, schema, columns),
            Body::Arrow(body) => body.read_group(reader, index, group, schema, columns),
            Body::Jsonl(body) => body.read_group(reader, group, schema, columns),
        }?;
        let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        if rows == group.rows {
            return Ok(batches);
        }
        let reason = format!(
            "group {index} has {rows} rows, its directory says {}",
            group.rows
        );
        Err(corrupt(reader, reason))
    }
}

impl fmt::Debug for ContainerReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerReader")
            .field("name", &self.name())
            .field("groups", &self.groups().len())
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Reads the end of a file of any format. The flag says whether it is proved to be what was written.
    ///
    /// The end says what the format is, so that damage to the first bytes only affects the data there.
    fn open(reader: &dyn StoreReader) -> Result<(Self, bool)> {
        let end_bytes = reader.len().min(8);
        let end = read(reader, reader.len() - end_bytes, end_bytes)?;
        if end.ends_with(parquet_read::MAGIC) {
            let (body, is_sealed) = ParquetBody::open(reader)?;
            return Ok((Self::Parquet(body), is_sealed));
        }
        if end.ends_with(arrow_file::MAGIC) {
            return Ok((Self::Arrow(ArrowBody::open(reader)?), true));
        }
        let body = JsonlBody::open(reader)?
            .ok_or_else(|| corrupt(reader, "it is not a complete checkpoint file"))?;
        Ok((Self::Jsonl(body), true))
    }

    fn entry(&self, key: &str) -> Option<String> {
        match self {
            Self::Parquet(body) => body.entry(key),
            Self::Arrow(body) => body.entry(key),
            Self::Jsonl(body) if key == MANIFEST_KEY => Some(body.manifest.clone()),
            Self::Jsonl(body) => Some(body.directory.clone()),
        }
    }

    /// Returns the directory of a file that has none: a Parquet file of the first release.
    fn directory(&self) -> Option<Directory> {
        match self {
            Self::Parquet(body) => {
                let mut directory =
                    Directory::new(PLAIN_VERSION, body.compression(), body.columns());
                directory.groups = body.groups()?;
                Some(directory)
            }
            Self::Arrow(_) | Self::Jsonl(_) => None,
        }
    }

    /// Returns whether the directory agrees with the format's own footer.
    fn fits(&self, directory: &Directory) -> bool {
        let groups = directory.groups.iter().map(|group| group.rows);
        match self {
            Self::Parquet(body) => {
                let counts = body.row_counts().unwrap_or_default();
                body.columns() == directory.columns && groups.eq(counts)
            }
            Self::Arrow(body) => {
                body.columns() == directory.columns && body.group_count() == directory.groups.len()
            }
            Self::Jsonl(_) => true,
        }
    }
}
