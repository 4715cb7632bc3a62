//! Containers as Parquet: a group is a row group.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression as Codec, Encoding, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::auto::{self, Chosen};
use super::out::{EncodeError, Out, parquet_error};
use super::seal::{SEAL_BYTES, footer_start, is_seal, seal};
use super::source::{corrupt, guarded, read, read_group};
use super::{ContainerGroup, DIRECTORY_KEY, MANIFEST_KEY};
use crate::{Compression, Result, StoreReader};

pub(super) const MAGIC: &[u8] = b"PAR1";
/// Named in every file instead of the library's version, so that equal rows give equal bytes.
const CREATED_BY: &str = "coldpress checkpoint version 1";
/// Rows of a record batch that is read, at most.
const DECODE_ROWS: usize = 64 << 10;

/// Writes row groups.
pub(super) struct ParquetSink {
    schema: SchemaRef,
    compression: Compression,
    state: State,
}

enum State {
    /// The compression is to be chosen on the first group.
    Waiting(Option<Out>),
    Writing(Box<ArrowWriter<Slot>>),
}

/// The output, until it is taken: the library's own way to give it back makes a text of what the store answered.
struct Slot(Option<Out>);

impl Write for Slot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().ok_or_else(taken)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().ok_or_else(taken)?.flush()
    }
}

fn taken() -> io::Error {
    io::Error::other("the file was finished before")
}

impl ParquetSink {
    pub(super) fn new(out: Out, schema: SchemaRef, compression: Compression) -> Self {
        Self {
            schema,
            compression,
            state: State::Waiting(Some(out)),
        }
    }

    /// Begins the file if that has not happened, in the light of its first rows.
    pub(super) fn prepare(&mut self, first: &RecordBatch) -> Result<(), EncodeError> {
        let State::Waiting(out) = &mut self.state else {
            return Ok(());
        };
        let chosen = match self.compression {
            Compression::Auto => auto::parquet(first)?,
            asked => vec![
                Chosen {
                    codec: asked,
                    dictionary: false
                };
                self.schema.fields().len()
            ],
        };
        let out = out.take().ok_or("the file was begun before")?;
        // The Parquet types say all that a reader needs.
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&self.schema, &chosen))
            .with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(Slot(Some(out)), self.schema.clone(), options);
        let mut writer = writer.map_err(parquet_error)?;
        writer.sync()?;
        self.state = State::Writing(Box::new(writer));
        Ok(())
    }

    pub(super) fn out(&mut self) -> Option<&mut Out> {
        match &mut self.state {
            State::Waiting(out) => out.as_mut(),
            State::Writing(writer) => writer.inner_mut().0.as_mut(),
        }
    }

    pub(super) fn put(&mut self, rows: &RecordBatch) -> Result<(), EncodeError> {
        let State::Writing(writer) = &mut self.state else {
            return Err("the file was not begun".into());
        };
        writer
            .write(rows)
            .and_then(|()| writer.flush())
            .map_err(parquet_error)?;
        Ok(writer.sync()?)
    }

    /// Writes the footer with directory and manifest, and its seal before it.
    pub(super) fn close(mut self, directory: String, manifest: String) -> Result<Out, EncodeError> {
        self.prepare(&RecordBatch::new_empty(self.schema.clone()))?;
        let State::Writing(mut writer) = self.state else {
            return Err("the file was not begun".into());
        };
        writer.append_key_value_metadata(KeyValue::new(MANIFEST_KEY.to_owned(), manifest));
        writer.append_key_value_metadata(KeyValue::new(DIRECTORY_KEY.to_owned(), directory));
        let slot = |writer: &mut ArrowWriter<Slot>| writer.inner_mut().0.take().ok_or_else(taken);
        let mut out = slot(&mut writer)?;
        out.begin_tail();
        writer.inner_mut().0 = Some(out);
        writer.finish().map_err(parquet_error)?;
        let mut out = slot(&mut writer)?;
        let tail = out.take_tail();
        write_sealed(&mut out, &tail, MAGIC.len())?;
        Ok(out)
    }
}

/// Writes the last bytes of a file with a seal before their footer.
pub(super) fn write_sealed(
    out: &mut Out,
    tail: &[u8],
    magic_bytes: usize,
) -> Result<(), EncodeError> {
    let start = footer_start(tail, magic_bytes).ok_or("the file has no footer")?;
    out.write_all(&tail[..start])?;
    out.write_all(&seal(&tail[start..]))?;
    Ok(out.write_all(&tail[start..])?)
}

/// How the columns of this schema are written.
pub(super) fn properties(schema: &Schema, chosen: &[Chosen]) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        // Groups end where the caller says so.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None);
    for (field, chosen) in schema.fields().iter().zip(chosen) {
        let (path, data_type) = leaf(field);
        builder = builder
            .set_column_compression(path.clone(), codec(chosen.codec))
            .set_column_dictionary_enabled(path.clone(), chosen.dictionary);
        if data_type.is_integer() {
            builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        } else if !data_type.is_floating() {
            // The longest and the shortest text are of no use to anyone.
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    builder.build()
}

/// The column that holds the values of a field.
fn leaf(field: &arrow::datatypes::Field) -> (ColumnPath, &DataType) {
    let name = field.name().clone();
    match field.data_type() {
        DataType::List(element) => {
            let path = vec![name, "list".to_owned(), element.name().clone()];
            (ColumnPath::new(path), element.data_type())
        }
        data_type => (ColumnPath::new(vec![name]), data_type),
    }
}

fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
        Compression::Gzip => Codec::GZIP(GzipLevel::try_new(1).unwrap_or_default()),
        Compression::Zstd | Compression::Auto => Codec::ZSTD(ZstdLevel::default()),
        Compression::Lz4 => Codec::LZ4_RAW,
    }
}

/// What stands in the footer of a Parquet file.
pub(super) struct ParquetBody {
    metadata: Arc<ParquetMetaData>,
}

impl ParquetBody {
    /// Reads the footer; the flag tells whether a seal proves it.
    pub(super) fn open(reader: &dyn StoreReader) -> Result<(Self, bool)> {
        let sealed = has_seal(reader)?;
        let metadata = Arc::new(read_footer(reader)?);
        let body = Self { metadata };
        if !sealed && body.entry(DIRECTORY_KEY).is_some() {
            return Err(corrupt(
                reader,
                "its footer is not the one that was written",
            ));
        }
        Ok((body, sealed))
    }

    pub(super) fn entry(&self, key: &str) -> Option<String> {
        let entries = self.metadata.file_metadata().key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.clone()
    }

    pub(super) fn columns(&self) -> Vec<String> {
        let file = self.metadata.file_metadata();
        let fields = file.schema_descr().root_schema().get_fields();
        fields.iter().map(|field| field.name().to_owned()).collect()
    }

    /// The codec of the first column, for files that do not say what was asked for.
    pub(super) fn compression(&self) -> Compression {
        let groups = self.metadata.row_groups();
        let first = groups.first().and_then(|group| group.columns().first());
        match first.map(|column| column.compression()) {
            Some(Codec::SNAPPY) => Compression::Snappy,
            Some(Codec::GZIP(_)) => Compression::Gzip,
            Some(Codec::LZ4_RAW | Codec::LZ4) => Compression::Lz4,
            Some(Codec::UNCOMPRESSED) => Compression::None,
            _ => Compression::Zstd,
        }
    }

    #[cfg(test)]
    pub(super) fn codecs(&self) -> Vec<Codec> {
        let columns = self
            .metadata
            .row_groups()
            .iter()
            .flat_map(RowGroupMetaData::columns);
        columns.map(|column| column.compression()).collect()
    }

    /// How many rows each group has.
    pub(super) fn row_counts(&self) -> Option<Vec<u64>> {
        let groups = self.metadata.row_groups().iter();
        groups
            .map(|group| u64::try_from(group.num_rows()).ok())
            .collect()
    }

    /// The groups of a file that has no directory.
    pub(super) fn groups(&self) -> Option<Vec<ContainerGroup>> {
        self.metadata.row_groups().iter().map(described).collect()
    }

    pub(super) fn read_group(
        &self,
        reader: &dyn StoreReader,
        index: usize,
        group: &ContainerGroup,
        schema: &SchemaRef,
        columns: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>> {
        let bytes = read_group(reader, group)?;
        let range = group.offset..group.offset + group.stored_bytes;
        let rows = usize::try_from(group.rows).unwrap_or(DECODE_ROWS);
        guarded(reader, || {
            let options = ArrowReaderOptions::new().with_schema(schema.clone());
            let metadata = Arc::clone(&self.metadata);
            let mut builder =
                ParquetPushDecoderBuilder::try_new_decoder_with_options(metadata, options)?
                    .with_row_groups(vec![index])
                    .with_batch_size(rows.clamp(1, DECODE_ROWS));
            if let Some(columns) = columns {
                let root = self.metadata.file_metadata().schema_descr();
                let mask = ProjectionMask::roots(root, columns.iter().copied());
                builder = builder.with_projection(mask);
            }
            let mut decoder = builder.build()?;
            decoder.push_range(range, bytes.into())?;
            let mut batches = Vec::new();
            loop {
                match decoder.try_decode()? {
                    DecodeResult::Data(rows) => batches.push(rows),
                    DecodeResult::Finished => return Ok(batches),
                    DecodeResult::NeedsData(_) => {
                        let reason = "a column lies outside of its group";
                        return Err(ParquetError::General(reason.to_owned()));
                    }
                }
            }
        })
    }
}

fn described(group: &RowGroupMetaData) -> Option<ContainerGroup> {
    let (mut first, mut last) = (u64::MAX, 0);
    for column in group.columns() {
        let data = column.data_page_offset();
        let start = column
            .dictionary_page_offset()
            .map_or(data, |dictionary| dictionary.min(data));
        let start = u64::try_from(start).ok()?;
        first = first.min(start);
        last = last.max(start.checked_add(u64::try_from(column.compressed_size()).ok()?)?);
    }
    Some(ContainerGroup {
        rows: u64::try_from(group.num_rows()).ok()?,
        offset: first.min(last),
        stored_bytes: last.saturating_sub(first),
        plain_bytes: u64::try_from(group.total_byte_size()).ok()?,
        digest: None,
    })
}

fn has_seal(reader: &dyn StoreReader) -> Result<bool> {
    let end = read(reader, reader.len().saturating_sub(8), reader.len().min(8))?;
    let length = end.get(..4).and_then(|bytes| bytes.try_into().ok());
    let length = u64::from(length.map_or(0, u32::from_le_bytes)) + 8 + SEAL_BYTES as u64;
    let Some(start) = reader.len().checked_sub(length) else {
        return Ok(false);
    };
    let bytes = read(reader, start, length)?;
    let (seal, footer) = bytes.split_at(SEAL_BYTES);
    Ok(is_seal(seal, footer))
}

fn read_footer(reader: &dyn StoreReader) -> Result<ParquetMetaData> {
    let mut decoder = guarded(reader, || ParquetMetaDataPushDecoder::try_new(reader.len()))?
        .with_page_index_policy(PageIndexPolicy::Skip);
    loop {
        match guarded(reader, || decoder.try_decode())? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err(corrupt(reader, "it has no footer")),
            DecodeResult::NeedsData(ranges) => {
                for range in ranges {
                    let length = range.end.saturating_sub(range.start);
                    let bytes = read(reader, range.start, length)?;
                    guarded(reader, || decoder.push_range(range, bytes.into()))?;
                }
            }
        }
    }
}
