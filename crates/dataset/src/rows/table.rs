//! Rows of a columnar source as an Arrow IPC stream.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::ArrayRef;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::writer::StreamWriter;
use arrow::ipc::{self, root_as_message};
use arrow::record_batch::RecordBatch;
use coldpress_storage::{FileStamp, Hasher};

/// Writes record batches of one schema. The same batches always give the same bytes.
pub struct TableRowsWriter<W: Write> {
    stream: StreamWriter<Counting<W>>,
}

struct Counting<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> TableRowsWriter<W> {
    /// Creates a writer to `out` for batches of `schema`, which is written at once.
    ///
    /// # Errors
    /// Fails when `out` refuses the schema.
    pub fn create(out: W, schema: &Schema) -> io::Result<Self> {
        let stream = StreamWriter::try_new(Counting { out, bytes: 0 }, schema).map_err(io_error)?;
        Ok(Self { stream })
    }

    /// Writes a batch. A batch without rows leaves nothing.
    ///
    /// # Errors
    /// Fails when `out` refuses the bytes, or the batch is of another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.stream.write(batch).map_err(io_error)
    }

    /// Returns the number of bytes written so far.
    pub fn plain_bytes(&self) -> u64 {
        self.stream.get_ref().bytes
    }

    /// Ends the stream and returns the writer.
    ///
    /// # Errors
    /// Fails when the end cannot be written.
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

/// Reads the output of a [`TableRowsWriter`] batch by batch, and hashes what it reads. The caller checks whether the bytes are
/// those that were written.
///
/// The columns of a batch share the one buffer that its message was read into. No length in a damaged file makes this allocate more
/// than the file holds, and nothing in one causes a panic.
pub struct TableRowsReader<R: Read> {
    rows: R,
    hasher: Hasher,
    schema: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
    ended: bool,
}

/// A message of an IPC stream: marker, length, metadata and body.
struct Message {
    bytes: Buffer,
    metadata_end: usize,
}

/// The bytes of marker and length.
const PREFIX: usize = 8;

impl<R: Read> TableRowsReader<R> {
    /// Reads the schema. `rows` needs no buffer.
    ///
    /// # Errors
    /// Fails when `rows` cannot be read or do not begin with a schema.
    pub fn open(mut rows: R) -> io::Result<Self> {
        let mut hasher = Hasher::new();
        let message = Message::read(&mut rows, &mut hasher)?;
        let message = message.ok_or_else(|| damaged("it holds no schema"))?;
        Ok(Self {
            rows,
            hasher,
            schema: guarded(|| message.schema())?,
            dictionaries: HashMap::new(),
            ended: false,
        })
    }

    /// Returns the schema of all batches.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Returns the next batch; none at the end.
    ///
    /// # Errors
    /// Fails when the rows cannot be read or are damaged.
    pub fn next_batch(&mut self) -> io::Result<Option<RecordBatch>> {
        while !self.ended {
            let Some(message) = Message::read(&mut self.rows, &mut self.hasher)? else {
                self.ended = true;
                break;
            };
            let batch = guarded(|| message.batch(&self.schema, &mut self.dictionaries))?;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }

    /// Returns the number of bytes read so far.
    pub fn length(&self) -> u64 {
        self.hasher.length()
    }

    /// Reads the rest without decoding it, and returns the stamp of the whole.
    ///
    /// # Errors
    /// Fails when the rest cannot be read.
    pub fn finish(mut self) -> io::Result<FileStamp> {
        let mut block = Vec::new();
        loop {
            block.clear();
            if (&mut self.rows).take(256 << 10).read_to_end(&mut block)? == 0 {
                return Ok(self.hasher.stamp());
            }
            self.hasher.update(&block);
        }
    }
}

impl Message {
    /// Returns the next message; none where the stream says that it ends.
    fn read(rows: &mut impl Read, hasher: &mut Hasher) -> io::Result<Option<Self>> {
        let mut prefix = [0; PREFIX];
        rows.read_exact(&mut prefix)?;
        let [marker @ .., a, b, c, d] = prefix;
        if marker != [0xff; 4] {
            return Err(damaged("a message does not begin as one"));
        }
        let length = u32::from_le_bytes([a, b, c, d]);
        let mut bytes = prefix.to_vec();
        if length == 0 {
            hasher.update(&bytes);
            return Ok(None);
        }
        read_exactly(rows, u64::from(length), &mut bytes)?;
        let metadata_end = bytes.len();
        let body = guarded(|| Ok(parse(&bytes[PREFIX..])?.bodyLength()))?;
        let body = u64::try_from(body).map_err(|_| damaged("a message has a negative length"))?;
        read_exactly(rows, body, &mut bytes)?;
        hasher.update(&bytes);
        Ok(Some(Self {
            bytes: Buffer::from_vec(bytes),
            metadata_end,
        }))
    }

    fn metadata(&self) -> Result<ipc::Message<'_>, ArrowError> {
        parse(&self.bytes[PREFIX..self.metadata_end])
    }

    fn schema(&self) -> Result<SchemaRef, ArrowError> {
        let schema = self.metadata()?.header_as_schema();
        let schema = schema.ok_or_else(|| unexpected("it does not begin with a schema"))?;
        Ok(SchemaRef::new(try_fb_to_schema(schema)?))
    }

    /// Returns the batch of this message, whose columns share its buffer; none for a message with dictionaries for later batches.
    fn batch(
        &self,
        schema: &SchemaRef,
        dictionaries: &mut HashMap<i64, ArrayRef>,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        let metadata = self.metadata()?;
        let version = metadata.version();
        let body = self.bytes.slice(self.metadata_end);
        if let Some(dictionary) = metadata.header_as_dictionary_batch() {
            read_dictionary(&body, dictionary, schema, dictionaries, &version)?;
            return Ok(None);
        }
        let batch = metadata.header_as_record_batch();
        let batch = batch.ok_or_else(|| unexpected("a message is not a batch"))?;
        let schema = SchemaRef::clone(schema);
        read_record_batch(&body, batch, schema, dictionaries, None, &version).map(Some)
    }
}

fn parse(metadata: &[u8]) -> Result<ipc::Message<'_>, ArrowError> {
    root_as_message(metadata).map_err(|error| ArrowError::ParseError(error.to_string()))
}

/// Appends exactly this many bytes, or fails.
fn read_exactly(rows: &mut impl Read, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    // A length may be wrong, so the buffer starts with at most this much and grows as the bytes come in.
    const TRUSTED: usize = 16 << 20;
    let expected = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.reserve_exact(expected.min(TRUSTED));
    match rows.take(length).read_to_end(bytes)? == expected {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Runs `work` and turns a panic into an error, because Arrow's decoder trusts some numbers that it reads.
fn guarded<T>(work: impl FnOnce() -> Result<T, ArrowError>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| damaged("its numbers contradict each other"))?
        .map_err(io_error)
}

fn unexpected(reason: &str) -> ArrowError {
    ArrowError::IpcError(reason.to_owned())
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        DictionaryArray, Int8Array, NullArray, RecordBatchOptions, StringArray, StructArray,
    };
    use arrow::datatypes::{DataType, Field, Int8Type};

    use super::*;

    fn written(batches: &[RecordBatch]) -> Vec<u8> {
        let mut writer = TableRowsWriter::create(Vec::new(), &batches[0].schema()).unwrap();
        for batch in batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<RecordBatch>> {
        let mut reader = TableRowsReader::open(bytes)?;
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch()? {
            batches.push(batch);
        }
        assert!(reader.length() <= bytes.len() as u64);
        assert_eq!(reader.finish()?, FileStamp::of(bytes));
        Ok(batches)
    }

    fn of_columns(columns: &[(&str, ArrayRef)]) -> RecordBatch {
        RecordBatch::try_from_iter(columns.iter().cloned()).unwrap()
    }

    fn batches() -> Vec<Vec<RecordBatch>> {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("one"), None, Some("")]));
        let colours = |names: [&str; 3]| -> ArrayRef {
            Arc::new(names.into_iter().collect::<DictionaryArray<Int8Type>>())
        };
        let nothing: ArrayRef = Arc::new(NullArray::new(3));
        let within = Arc::new(Field::new("n", DataType::Null, true));
        let nested: ArrayRef = Arc::new(StructArray::from(vec![(within, Arc::clone(&nothing))]));
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let bare = Arc::new(Schema::empty());
        let bare = RecordBatch::try_new_with_options(bare, Vec::new(), &options).unwrap();
        let numbers: ArrayRef = Arc::new(Int8Array::from(vec![1, 2, 3]));
        vec![
            vec![of_columns(&[("t", texts), ("i", numbers)]); 2],
            // The second brings another dictionary.
            vec![
                of_columns(&[("c", colours(["red", "blue", "red"]))]),
                of_columns(&[("c", colours(["green", "blue", "grey"]))]),
            ],
            // Messages without a body.
            vec![of_columns(&[("n", nothing)]); 3],
            vec![of_columns(&[("s", nested)])],
            vec![bare; 2],
        ]
    }

    #[test]
    fn what_was_written_comes_back() {
        for batches in batches() {
            assert_eq!(read(&written(&batches)).unwrap(), batches);
        }
    }

    #[test]
    fn no_cut_and_no_flipped_bit_panics_or_takes_memory() {
        for batches in batches() {
            let whole = written(&batches);
            for end in 0..whole.len() {
                assert!(read(&whole[..end]).is_err(), "cut at {end}");
            }
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                // The stamp decides whether the change is noticed.
                let _ = read(&bytes);
            }
        }
    }
}
