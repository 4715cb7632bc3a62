//! Reading containers as Parquet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::basic::Compression as Codec;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};

use super::seal::{SEAL_BYTES, is_seal};
use super::source::{corrupt, guarded, read, read_group};
use super::{ContainerGroup, DIRECTORY_KEY};
use crate::{Compression, Result};
use coldpress_storage::StoreReader;

pub(super) const MAGIC: &[u8] = b"PAR1";
/// The most rows in a record batch that is read.
const DECODE_ROWS: usize = 64 << 10;

/// The content of the footer of a Parquet file.
pub(super) struct ParquetBody {
    metadata: Arc<ParquetMetaData>,
}

impl ParquetBody {
    /// Reads the footer. The flag says whether a seal proves it.
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

    /// Returns the codec of the first column, for files that do not say what was asked for.
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

    /// Returns the number of rows in each group.
    pub(super) fn row_counts(&self) -> Option<Vec<u64>> {
        let groups = self.metadata.row_groups().iter();
        groups
            .map(|group| u64::try_from(group.num_rows()).ok())
            .collect()
    }

    /// Returns the groups of a file that has no directory.
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
                        let reason = "a column is outside its group";
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
