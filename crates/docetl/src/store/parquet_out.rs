//! Writes a Parquet file of records whose columns only become known on the way.

use std::io::{self, Write};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use coldpress_storage::NewFile;

use super::files::Files;
use super::source::Source;
use crate::columns::{Columns, EncodeError, Shapes, encode};
use crate::parquet_file::{Base, GroupWriter};
use crate::{CheckpointName, Error, Format, Options, Record, Result};

/// Writes batches of records.
///
/// The columns of a Parquet file are fixed when it begins. A batch that does not fit them begins another file. If there is more
/// than one file in the end, they are read again and joined into one. So there is never more than one batch in memory, and most
/// checkpoints are written only once.
pub(super) struct ParquetOut {
    files: Files,
    name: CheckpointName,
    options: Options,
    /// The columns of all records so far.
    columns: Columns,
    current: Option<Segment>,
    /// Finished files, each with its own columns.
    done: Vec<PathBuf>,
    /// The checkpoint that the records are changes since.
    base: Option<Base>,
    /// True if nothing is written and only the length counts.
    is_measured: bool,
}

struct Segment {
    columns: Columns,
    writer: GroupWriter<Target>,
}

impl ParquetOut {
    pub(super) fn new(files: &Files, name: &CheckpointName, options: &Options) -> Self {
        Self {
            files: files.clone(),
            name: name.clone(),
            options: options.clone(),
            columns: Columns::default(),
            current: None,
            done: Vec::new(),
            base: None,
            is_measured: false,
        }
    }

    /// Makes a writer that only measures. The columns of all records are known.
    pub(super) fn measured(
        files: &Files,
        name: &CheckpointName,
        options: &Options,
        columns: Columns,
    ) -> Self {
        let mut out = Self::new(files, name, options);
        out.columns = columns;
        out.is_measured = true;
        out
    }

    /// Declares the records as changes since another checkpoint.
    pub(super) fn since(mut self, base: Base) -> Self {
        self.base = Some(base);
        self
    }

    pub(super) fn write(&mut self, records: &[Record]) -> Result<()> {
        let shapes = Shapes::observe(records, &mut self.columns);
        let fits = |segment: &Segment| segment.columns.same(&self.columns);
        if !self.current.as_ref().is_some_and(fits) {
            self.end_segment()?;
        }
        let path = self.files.path(&self.name, Format::Parquet)?;
        let encoded =
            encode(records, shapes, &self.columns).map_err(|error| refused(&path, error))?;
        let segment = match self.current.take() {
            Some(segment) => segment,
            None => self.begin_segment(Some(&encoded.batch))?,
        };
        let written = self.current.insert(segment).writer.write(encoded);
        written.map_err(|error| refused(&path, error))
    }

    /// Ends the file, and returns its length and its path, which is not its final place yet.
    pub(super) fn finish(mut self) -> Result<(PathBuf, u64)> {
        if self.current.is_none() {
            self.current = Some(self.begin_segment(None)?);
        }
        let (mut path, mut bytes) = self.end_segment()?;
        if self.done.len() > 1 {
            (path, bytes) = self.join()?;
        }
        // The returned file must not be removed when this is dropped.
        self.done.retain(|done| *done != path);
        Ok((path, bytes))
    }

    fn begin_segment(&self, first: Option<&RecordBatch>) -> Result<Segment> {
        let target = match self.is_measured {
            true => Target::Nowhere(0),
            false => Target::File(self.files.begin(&self.name, Format::Parquet)?),
        };
        let path = self.files.path(&self.name, Format::Parquet)?;
        let writer = GroupWriter::new(
            target,
            &self.name,
            &self.columns,
            &self.options,
            self.base.clone(),
            first,
        );
        Ok(Segment {
            columns: self.columns.clone(),
            writer: writer.map_err(|error| Error::write(&path, error))?,
        })
    }

    fn end_segment(&mut self) -> Result<(PathBuf, u64)> {
        let Some(segment) = self.current.take() else {
            return Ok((PathBuf::new(), 0));
        };
        let path = self.files.path(&self.name, Format::Parquet)?;
        match segment
            .writer
            .finish()
            .map_err(|error| refused(&path, error))?
        {
            Target::Nowhere(bytes) => Ok((PathBuf::new(), bytes)),
            Target::File(file) => {
                let path = file.path().to_owned();
                let stamp = file.finish()?;
                self.done.push(path.clone());
                Ok((path, stamp.length))
            }
        }
    }

    /// Joins all files into one, now that the columns are known.
    fn join(&mut self) -> Result<(PathBuf, u64)> {
        for path in self.done.clone() {
            let mut source = Source::as_written(&path, &self.name, &self.options)?;
            while let Some(records) = source.next(&path)? {
                self.write(&records)?;
            }
        }
        self.end_segment()
    }
}

impl Drop for ParquetOut {
    fn drop(&mut self) {
        for path in &self.done {
            // Nothing refers to the file, so a failure to remove it costs only its space.
            let _ = coldpress_storage::remove_durable(path);
        }
    }
}

/// The destination of a file.
enum Target {
    File(NewFile),
    /// No file; only the bytes are counted.
    Nowhere(u64),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Nowhere(count) => {
                *count += bytes.len() as u64;
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Nowhere(_) => Ok(()),
        }
    }
}

fn refused(path: &std::path::Path, error: EncodeError) -> Error {
    match error {
        EncodeError::Io(source) => Error::io("write", path, source),
        error => Error::write(path, error),
    }
}
