//! Rows of a columnar source as an Arrow IPC stream.

use std::io::{self, Read, Write};

use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;

/// Writes record batches of one schema. The same batches always give the same bytes.
pub struct TableRowsWriter<W: Write> {
    stream: StreamWriter<Counting<W>>,
}

struct Counting<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> TableRowsWriter<W> {
    /// A writer onto `out` of batches of `schema`, which is written at once.
    ///
    /// # Errors
    /// When `out` refuses the schema.
    pub fn create(out: W, schema: &Schema) -> io::Result<Self> {
        let stream = StreamWriter::try_new(Counting { out, bytes: 0 }, schema).map_err(io_error)?;
        Ok(Self { stream })
    }

    /// Writes a batch; one without rows leaves nothing.
    ///
    /// # Errors
    /// When `out` refuses the bytes, or the batch is of another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.stream.write(batch).map_err(io_error)
    }

    /// Bytes written so far.
    pub fn plain_bytes(&self) -> u64 {
        self.stream.get_ref().bytes
    }

    /// Ends the stream and gives the writer back.
    ///
    /// # Errors
    /// When the end cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.stream.finish().map_err(io_error)?;
        Ok(self.stream.into_inner().map_err(io_error)?.out)
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads what a [`TableRowsWriter`] wrote, batch by batch. Whether the bytes are those that were written is for the
/// caller to check.
pub struct TableRowsReader<R: Read> {
    stream: StreamReader<R>,
}

impl<R: Read> TableRowsReader<R> {
    /// Reads the schema. `rows` should be buffered.
    ///
    /// # Errors
    /// When `rows` cannot be read or do not begin with a schema.
    pub fn open(rows: R) -> io::Result<Self> {
        let stream = StreamReader::try_new(rows, None).map_err(io_error)?;
        Ok(Self { stream })
    }

    /// The schema of all batches.
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }

    /// The next batch; none at the end.
    ///
    /// # Errors
    /// When the rows cannot be read or are damaged.
    pub fn next_batch(&mut self) -> io::Result<Option<RecordBatch>> {
        self.stream.next().transpose().map_err(io_error)
    }

    /// The reader, to see what follows the end.
    pub(super) fn get_mut(&mut self) -> &mut R {
        self.stream.get_mut()
    }
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}
