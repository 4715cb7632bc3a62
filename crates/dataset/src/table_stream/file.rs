//! A columnar file: its metadata, and the places of its rows.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use coldpress_storage::{Digest, Hasher};

use super::arrow_file::{ArrowFile, ArrowStream};
use super::columns::find_field;
use super::fill::ColumnKind;
use super::flaw::{Checked, Flaw};
use super::known_parts::KnownParts;
use super::limits::MAX_UNPACKED_BYTES;
use super::parquet::{LastGroup, ParquetFile, ParquetStream};
use super::proof::Proof;
use super::row_group::{RowGroup, parts_of};
use super::stream::{Reader, TableStream};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::source::{InputFile, Location, Source, open_source};

/// A Parquet or Arrow IPC file: its schema, and the places of its rows.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Int64Array, RecordBatch};
/// use coldpress_dataset::{TableFile, resolve};
/// use parquet::arrow::ArrowWriter;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("numbers.parquet");
/// let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
/// let rows = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
/// let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), rows.schema(), None).unwrap();
/// writer.write(&rows).unwrap();
/// writer.close().unwrap();
///
/// let resolved = resolve(&[path.display().to_string()], &[])?;
/// let table = TableFile::open(&resolved.sources[0])?;
/// assert_eq!(table.rows(), 10);
/// let mut stream = table.stream(3..5)?;
/// assert_eq!(stream.next_rows()?, Some(rows.slice(3, 2)));
/// assert_eq!(stream.next_rows()?, None);
/// # Ok::<(), coldpress_dataset::Error>(())
/// ```
#[derive(Debug)]
pub struct TableFile {
    path: Location,
    length: u64,
    rows: u64,
    /// The most memory that a page or record batch may take, in bytes.
    most_bytes: u64,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Parquet(Arc<ParquetFile>, Arc<LastGroup>),
    Arrow(Arc<ArrowFile>),
}

impl TableFile {
    /// Reads the metadata of a columnar source and checks it.
    ///
    /// # Errors
    /// [`Error::Changed`] when its length is not what it was, [`Error::DamagedTable`] when its metadata contradicts
    /// itself or the file's length, [`Error::MissingColumn`] when it lacks a column that the source names.
    pub fn open(source: &Source) -> Result<Self> {
        let (path, columns, texts) = (&source.path, &source.columns, &source.texts);
        let (mut file, length) = open_unchanged(path, source.identity.length)?;
        let shown = path.shown();
        let form = match source.format {
            Format::Parquet => {
                let table = ParquetFile::open(shown, &mut file, length, columns, texts)?;
                Form::Parquet(Arc::new(table), Arc::default())
            }
            Format::ArrowFile => {
                let table = ArrowFile::open(shown, &mut file, length, columns, texts)?;
                Form::Arrow(Arc::new(table))
            }
            Format::ArrowStream => {
                let table = ArrowFile::open_stream(shown, &mut file, length, columns, texts)?;
                Form::Arrow(Arc::new(table))
            }
            _ => {
                return Err(Error::Unsupported {
                    path: path.display().to_string(),
                    what: "no columnar file",
                    help: "read it as lines",
                });
            }
        };
        let mut table = Self {
            path: path.clone(),
            length,
            rows: 0,
            most_bytes: MAX_UNPACKED_BYTES,
            form,
        };
        table.rows = table.groups().iter().map(|group| group.rows).sum();
        Ok(table)
    }

    /// Sets the most memory that a page or a record batch may take. A row may take a third of it. The default is one gibibyte.
    #[must_use]
    pub fn with_memory(mut self, most_bytes: u64) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    /// Returns the schema of its rows: of the columns that the source names, or of all.
    pub fn schema(&self) -> &SchemaRef {
        match &self.form {
            Form::Parquet(table, _) => table.schema(),
            Form::Arrow(table) => table.schema(),
        }
    }

    /// Returns the kind of the field called `name` by its type; none if there is no such field.
    pub fn kind_of(&self, name: &str) -> Option<ColumnKind> {
        let place = find_field(self.schema().fields(), name)?;
        Some(ColumnKind::of(&place.field))
    }

    /// Returns the number of its rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns its row groups in order.
    pub fn groups(&self) -> &[RowGroup] {
        match &self.form {
            Form::Parquet(table, _) => table.groups(),
            Form::Arrow(table) => table.groups(),
        }
    }

    /// Returns the digest of the metadata as stored, which says which columns there are and where their rows are.
    pub fn metadata_digest(&self) -> Digest {
        match &self.form {
            Form::Parquet(table, _) => table.digest(),
            Form::Arrow(table) => table.digest(),
        }
    }

    /// Returns the digest of everything that rows are made of: the metadata, the dictionaries, and the pages or messages that hold
    /// them. [`TableStream::finish`] gives the same digest once the rows were read. `known` keeps the findings for the rows that
    /// follow.
    ///
    /// # Errors
    /// Fails when the file does not have the rows, cannot be read, or is shorter than it was.
    pub fn digest_of_rows(&self, rows: Range<u64>, known: &mut KnownParts) -> Result<Digest> {
        let place = || format!("rows {}..{}", rows.start, rows.end);
        self.check_rows(&rows)?;
        let mut proof = self.proof(&rows);
        if !proof.wants_parts() {
            return Ok(proof.finish());
        }
        let (file, _) = open_unchanged(&self.path, self.length)?;
        known.turn();
        let mut position = 0;
        for (group, within) in parts_of(self.groups(), &rows) {
            let parts = match &self.form {
                Form::Parquet(table, _) => {
                    table.parts(&file, group, &within, known.headers_of(group))
                }
                Form::Arrow(table) => Ok(table.parts_after(group, &mut position)),
            };
            for part in parts.map_err(|flaw| flaw.at(self.path.shown(), place()))? {
                let digest = known.digest(&file, &part);
                proof.add(
                    &part,
                    digest.map_err(|flaw| flaw.at(self.path.shown(), place()))?,
                );
            }
        }
        Ok(proof.finish())
    }

    fn proof(&self, rows: &Range<u64>) -> Proof {
        let metadata = self.metadata_digest();
        let version = match &self.path {
            Location::File(_) | Location::Sealed(_) => None,
            Location::Remote(remote) => remote.meta().version.as_deref(),
        };
        match version {
            Some(version) => Proof::of_version(rows, metadata, version),
            None => Proof::new(rows, metadata),
        }
    }

    fn check_rows(&self, rows: &Range<u64>) -> Result<()> {
        if rows.end > self.rows || rows.start > rows.end {
            let reason = format!("it has only {} rows", self.rows);
            let place = format!("rows {}..{}", rows.start, rows.end);
            return Err(Flaw::from(reason).at(self.path.shown(), place));
        }
        Ok(())
    }

    /// Returns the digest of the stored bytes of row groups: of all their columns, and of the dictionaries that they need. It
    /// occurs in plans of earlier releases.
    ///
    /// # Errors
    /// Fails when there are no such groups, or the file cannot be read or is shorter than it was.
    pub fn digest(&self, groups: Range<usize>) -> Result<Digest> {
        let in_groups = |flaw: Flaw| {
            flaw.at(
                self.path.shown(),
                format!("row groups {}..{}", groups.start, groups.end),
            )
        };
        if groups.end > self.groups().len() {
            return Err(in_groups("it has no such row groups".into()));
        }
        let mut ranges = Vec::new();
        match &self.form {
            Form::Parquet(table, _) => {
                for group in groups.clone() {
                    ranges.extend(table.group_bytes(group).map_err(in_groups)?);
                }
            }
            Form::Arrow(table) => ranges.extend(table.group_bytes(groups.clone())),
        }
        let (mut file, _) = open_unchanged(&self.path, self.length)?;
        hash_ranges(&mut file, &ranges).map_err(in_groups)
    }

    /// Reads rows, numbered in the file from 0.
    ///
    /// Rows that are decoded besides them, because they share a page, serve the next stream if it goes on with them.
    ///
    /// # Errors
    /// Fails when the file cannot be opened, its length changed, or it does not have the rows.
    pub fn stream(&self, rows: Range<u64>) -> Result<TableStream> {
        let (file, _) = open_unchanged(&self.path, self.length)?;
        self.check_rows(&rows)?;
        let (proof, most) = (self.proof(&rows), self.most_bytes);
        let parts = parts_of(self.groups(), &rows);
        let reader = match &self.form {
            Form::Parquet(table, last) => {
                let (table, last) = (Arc::clone(table), Arc::clone(last));
                Reader::Parquet(Box::new(ParquetStream::new(
                    file, table, last, proof, most, parts,
                )))
            }
            Form::Arrow(table) => {
                let table = Arc::clone(table);
                Reader::Arrow(Box::new(ArrowStream::new(file, table, proof, most, parts)))
            }
        };
        let groups = self.groups().iter().map(|group| group.rows).collect();
        Ok(TableStream::new(
            self.path.shown().to_owned(),
            groups,
            rows,
            reader,
        ))
    }
}

fn open_unchanged(path: &Location, length: u64) -> Result<(InputFile, u64)> {
    if !path.is_seekable() {
        return Err(Error::Unsupported {
            path: path.display().to_string(),
            what: "a table of columns on a server that gives no ranges of bytes",
            help: "download the file first, or put it where ranges can be read",
        });
    }
    let file = open_source(path)?;
    let found = file.length().map_err(Error::io("examine", path.shown()))?;
    if found != length {
        return Err(Error::Changed {
            path: path.display().to_string(),
            what: format!("{length} bytes, now {found}"),
        });
    }
    Ok((file, length))
}

fn hash_ranges(file: &mut InputFile, ranges: &[Range<u64>]) -> Checked<Digest> {
    let (mut hasher, mut buffer) = (Hasher::new(), vec![0; 1 << 20]);
    for range in ranges {
        file.seek(SeekFrom::Start(range.start))?;
        let mut left = range.end - range.start;
        while left > 0 {
            let length = left.min(buffer.len() as u64) as usize;
            file.read_exact(&mut buffer[..length])?;
            hasher.update(&buffer[..length]);
            left -= length as u64;
        }
    }
    Ok(hasher.finish())
}
