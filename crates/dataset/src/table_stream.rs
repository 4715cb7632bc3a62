//! Columnar files: Parquet and Arrow IPC, read as record batches.

mod arrow_file;
mod columns;
mod fill;
mod flaw;
mod gather;
mod known_parts;
mod limits;
mod parquet;
mod proof;
mod rows;
mod seen;
mod shown;
mod utf8;
mod views;
mod weight;

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use coldpress_storage::{Digest, Hasher};

use self::arrow_file::{ArrowFile, ArrowStream};
use self::flaw::Checked;
use self::limits::MAX_UNPACKED_BYTES;
use self::parquet::{ParquetFile, ParquetStream};
use self::proof::Proof;
use self::utf8::BadRows;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::source::{Source, open_source};

pub use self::fill::ColumnKind;
pub(crate) use self::flaw::unpanicked;
pub use self::known_parts::KnownParts;
pub use self::rows::TableRows;
pub(crate) use self::shown::{is_bytes, unique_names};
pub use self::weight::rows_of_weight;

/// A Parquet or Arrow IPC file: its schema, and where its rows are.
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
    path: PathBuf,
    length: u64,
    rows: u64,
    /// What a page or record batch may take in memory.
    most_bytes: u64,
    form: Form,
}

/// Rows of a file that lie together: a row group of Parquet, a record batch of Arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowGroup {
    /// How many rows it has.
    pub rows: u64,
    /// About how many bytes its columns, as far as they are read, take in memory.
    pub decoded_bytes: u64,
}

#[derive(Debug)]
enum Form {
    Parquet(Arc<ParquetFile>),
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
        let form = match source.format {
            Format::Parquet => {
                let table = ParquetFile::open(path, &mut file, length, columns, texts)?;
                Form::Parquet(Arc::new(table))
            }
            Format::ArrowFile => {
                let table = ArrowFile::open(path, &mut file, length, columns, texts)?;
                Form::Arrow(Arc::new(table))
            }
            Format::ArrowStream => {
                let table = ArrowFile::open_stream(path, &mut file, length, columns, texts)?;
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

    /// Lets a page or a record batch take this much memory, and a row a third of it; else it is a gibibyte.
    #[must_use]
    pub fn with_memory(mut self, most_bytes: u64) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    /// The schema of its rows: of the columns that the source names, or of all.
    pub fn schema(&self) -> &SchemaRef {
        match &self.form {
            Form::Parquet(table) => table.schema(),
            Form::Arrow(table) => table.schema(),
        }
    }

    /// What the field that `name` means holds by its type; none where there is no such field.
    pub fn kind_of(&self, name: &str) -> Option<ColumnKind> {
        let place = columns::find_field(self.schema().fields(), name)?;
        Some(ColumnKind::of(&place.field))
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its row groups in order.
    pub fn groups(&self) -> &[RowGroup] {
        match &self.form {
            Form::Parquet(table) => table.groups(),
            Form::Arrow(table) => table.groups(),
        }
    }

    /// The digest of the metadata as it is stored: of what says which columns there are and where their rows lie.
    pub fn metadata_digest(&self) -> Digest {
        match &self.form {
            Form::Parquet(table) => table.digest(),
            Form::Arrow(table) => table.digest(),
        }
    }

    /// The digest of everything that rows are made of, which [`TableStream::finish`] gives once they were read: the
    /// metadata, dictionaries, and the pages or messages that hold them. `known` keeps what it found for the rows that
    /// follow.
    ///
    /// # Errors
    /// When it does not have the rows, or the file cannot be read or is shorter than it was.
    pub fn digest_of_rows(&self, rows: Range<u64>, known: &mut KnownParts) -> Result<Digest> {
        let place = || format!("rows {}..{}", rows.start, rows.end);
        self.check_rows(&rows)?;
        let (file, _) = open_unchanged(&self.path, self.length)?;
        let mut proof = Proof::new(&rows, self.metadata_digest());
        known.turn();
        let mut position = 0;
        for (group, within) in parts_of(self.groups(), &rows) {
            let parts = match &self.form {
                Form::Parquet(table) => table.parts(&file, group, &within, known.headers_of(group)),
                Form::Arrow(table) => Ok(table.parts_after(group, &mut position)),
            };
            for part in parts.map_err(|flaw| flaw.at(&self.path, place()))? {
                let digest = known.digest(&file, &part);
                proof.add(&part, digest.map_err(|flaw| flaw.at(&self.path, place()))?);
            }
        }
        Ok(proof.finish())
    }

    fn check_rows(&self, rows: &Range<u64>) -> Result<()> {
        if rows.end > self.rows || rows.start > rows.end {
            let reason = format!("it has only {} rows", self.rows);
            let place = format!("rows {}..{}", rows.start, rows.end);
            return Err(flaw::Flaw::from(reason).at(&self.path, place));
        }
        Ok(())
    }

    /// The digest of the stored bytes of row groups: of all their columns, and of the dictionaries that they need. Plans of
    /// earlier releases have it.
    ///
    /// # Errors
    /// When there are no such groups, or the file cannot be read or is shorter than it was.
    pub fn digest(&self, groups: Range<usize>) -> Result<Digest> {
        let in_groups = |flaw: flaw::Flaw| {
            flaw.at(
                &self.path,
                format!("row groups {}..{}", groups.start, groups.end),
            )
        };
        if groups.end > self.groups().len() {
            return Err(in_groups("it has no such row groups".into()));
        }
        let mut ranges = Vec::new();
        match &self.form {
            Form::Parquet(table) => {
                for group in groups.clone() {
                    ranges.extend(table.group_bytes(group).map_err(in_groups)?);
                }
            }
            Form::Arrow(table) => ranges.extend(table.group_bytes(groups.clone())),
        }
        let (mut file, _) = open_unchanged(&self.path, self.length)?;
        hash_ranges(&mut file, &ranges).map_err(in_groups)
    }

    /// Reads rows; `rows` are their numbers in the file, counted from 0.
    ///
    /// # Errors
    /// When the file cannot be opened, its length changed, or it does not have the rows.
    pub fn stream(&self, rows: Range<u64>) -> Result<TableStream> {
        let (file, _) = open_unchanged(&self.path, self.length)?;
        self.check_rows(&rows)?;
        let (proof, most) = (Proof::new(&rows, self.metadata_digest()), self.most_bytes);
        let parts = parts_of(self.groups(), &rows);
        let reader = match &self.form {
            Form::Parquet(table) => {
                let table = Arc::clone(table);
                Reader::Parquet(Box::new(ParquetStream::new(
                    file, table, proof, most, parts,
                )))
            }
            Form::Arrow(table) => {
                let table = Arc::clone(table);
                Reader::Arrow(Box::new(ArrowStream::new(file, table, proof, most, parts)))
            }
        };
        Ok(TableStream {
            path: self.path.clone(),
            groups: self.groups().iter().map(|group| group.rows).collect(),
            next: rows.start,
            end: rows.end,
            reader,
            bad: BadRows::new(),
            has_failed: false,
        })
    }
}

/// Rows of a columnar file, in batches.
pub struct TableStream {
    path: PathBuf,
    /// The rows of each group, to say where damage is.
    groups: Vec<u64>,
    next: u64,
    end: u64,
    reader: Reader,
    bad: BadRows,
    has_failed: bool,
}

enum Reader {
    Parquet(Box<ParquetStream>),
    Arrow(Box<ArrowStream>),
}

impl TableStream {
    /// The next rows in order: some 256 KB of them, at least one and at most 8192. None at the end, and after an
    /// error.
    ///
    /// # Errors
    /// [`Error::DamagedTable`] when the data is damaged, with the row group and the rows that could not be read;
    /// [`Error::Io`] when the file cannot be read.
    pub fn next_rows(&mut self) -> Result<Option<RecordBatch>> {
        if self.has_failed {
            return Ok(None);
        }
        self.bad.clear();
        let read = match &mut self.reader {
            Reader::Parquet(stream) => stream.next_rows(&mut self.bad),
            Reader::Arrow(stream) => stream.next_rows(&mut self.bad),
        };
        match read {
            Ok(Some(batch)) => {
                self.next += batch.num_rows() as u64;
                Ok(Some(batch))
            }
            Ok(None) => Ok(None),
            Err(flaw) => {
                self.has_failed = true;
                Err(flaw.at(&self.path, self.place()))
            }
        }
    }

    /// Which of the rows that came last are no records, counted from the first of them, and why: some of their text is not
    /// UTF-8. The others of the batch are sound.
    pub fn bad_rows(&self) -> &[(usize, String)] {
        &self.bad
    }

    /// The digest of everything that the rows were made of; see [`TableFile::digest_of_rows`].
    ///
    /// # Errors
    /// When a part that had not to be decoded cannot be read.
    pub fn finish(self) -> Result<Digest> {
        let place = self.place();
        let digest = match self.reader {
            Reader::Parquet(stream) => stream.finish(),
            Reader::Arrow(stream) => stream.finish(),
        };
        digest.map_err(|flaw| flaw.at(&self.path, place))
    }

    /// Where reading stands: the row group, and the rows of it that were asked for.
    fn place(&self) -> String {
        let mut start = 0;
        for (group, rows) in self.groups.iter().enumerate() {
            let end = start + rows;
            if self.next < end {
                return format!(
                    "row group {group}, rows {}..{}",
                    self.next,
                    end.min(self.end)
                );
            }
            start = end;
        }
        format!("rows {}..{}", self.next, self.end)
    }
}

impl fmt::Debug for TableStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableStream")
            .field("path", &self.path)
            .field("rows", &(self.next..self.end))
            .finish_non_exhaustive()
    }
}

fn open_unchanged(path: &Path, length: u64) -> Result<(File, u64)> {
    let file = open_source(path)?;
    let found = file.metadata().map_err(Error::io("examine", path))?.len();
    if found != length {
        return Err(Error::Changed {
            path: path.display().to_string(),
            what: format!("{length} bytes, now {found}"),
        });
    }
    Ok((file, length))
}

/// Which of `columns` of a file's schema are read, in the file's order.
fn select_columns(path: &Path, schema: &Schema, columns: &[String]) -> Result<Vec<usize>> {
    let names = || schema.fields().iter().map(|field| field.name());
    if let Some(missing) = columns
        .iter()
        .find(|column| !names().any(|name| name == *column))
    {
        return Err(Error::MissingColumn {
            path: path.display().to_string(),
            column: missing.clone(),
            columns: columns::name_list(names()),
        });
    }
    let is_read = |name: &String| columns.is_empty() || columns.contains(name);
    Ok(names()
        .enumerate()
        .filter(|(_, name)| is_read(name))
        .map(|(index, _)| index)
        .collect())
}

/// The groups that `rows` of the file are in, with the rows of each that are among them.
fn parts_of(groups: &[RowGroup], rows: &Range<u64>) -> VecDeque<(usize, Range<u64>)> {
    let mut start = 0;
    let mut parts = VecDeque::new();
    for (index, group) in groups.iter().enumerate() {
        let end = start + group.rows;
        let within = rows.start.max(start)..rows.end.min(end);
        if !within.is_empty() {
            parts.push_back((index, within.start - start..within.end - start));
        }
        start = end;
    }
    parts
}

fn hash_ranges(file: &mut File, ranges: &[Range<u64>]) -> Checked<Digest> {
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
