//! From the bytes of a Parquet file to arrays.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};

use super::columns::Columns;
use super::manifest::MANIFEST_KEY;
use crate::{Error, Result, StoreReader};

/// Rows that are decoded at a time.
const DECODE_ROWS: usize = 1024;

/// What stands in a file's footer.
pub(super) struct Footer {
    pub(super) columns: Columns,
    pub(super) manifest_json: String,
    pub(super) rows: u64,
}

/// Decodes a file a few rows after the other; it holds the bytes of one row group.
pub(super) struct Decoder {
    reader: Box<dyn StoreReader>,
    parquet: ParquetPushDecoder,
}

impl Decoder {
    pub(super) fn open(reader: Box<dyn StoreReader>) -> Result<(Self, Footer)> {
        let metadata = read_footer(&*reader)?;
        let footer = describe(&*reader, &metadata)?;
        let options = ArrowReaderOptions::new().with_schema(footer.columns.schema());
        let parquet = guarded(&*reader, || {
            ParquetPushDecoderBuilder::try_new_decoder_with_options(Arc::new(metadata), options)?
                .with_batch_size(DECODE_ROWS)
                .build()
        })?;
        Ok((Self { reader, parquet }, footer))
    }

    pub(super) fn name(&self) -> &str {
        self.reader.name().as_str()
    }

    /// The next rows; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Self { reader, parquet } = self;
        loop {
            match guarded(&**reader, || parquet.try_decode())? {
                DecodeResult::Data(rows) => return Ok(Some(rows)),
                DecodeResult::Finished => return Ok(None),
                DecodeResult::NeedsData(ranges) => {
                    let buffers = read_ranges(&**reader, &ranges)?;
                    let buffers = buffers.into_iter().map(Into::into).collect();
                    guarded(&**reader, || parquet.push_ranges(ranges, buffers))?;
                }
            }
        }
    }
}

fn read_footer(reader: &dyn StoreReader) -> Result<ParquetMetaData> {
    let mut decoder = guarded(reader, || ParquetMetaDataPushDecoder::try_new(reader.len()))?
        .with_page_index_policy(PageIndexPolicy::Skip);
    loop {
        match guarded(reader, || decoder.try_decode())? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err(undecodable(reader, "it has no footer")),
            DecodeResult::NeedsData(ranges) => {
                let buffers = read_ranges(reader, &ranges)?;
                let buffers = buffers.into_iter().map(Into::into).collect();
                guarded(reader, || decoder.push_ranges(ranges, buffers))?;
            }
        }
    }
}

fn describe(reader: &dyn StoreReader, metadata: &ParquetMetaData) -> Result<Footer> {
    let file = metadata.file_metadata();
    let fields = file.schema_descr().root_schema().get_fields();
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let columns = Columns::from_names(&names)
        .ok_or_else(|| undecodable(reader, "its columns are not those of rows"))?;
    let manifest_json = file
        .key_value_metadata()
        .and_then(|entries| entries.iter().find(|entry| entry.key == MANIFEST_KEY))
        .and_then(|entry| entry.value.clone())
        .ok_or_else(|| undecodable(reader, "it has no manifest"))?;
    let rows = metadata.row_groups().iter().try_fold(0u64, |sum, group| {
        sum.checked_add(u64::try_from(group.num_rows()).ok()?)
    });
    Ok(Footer {
        columns,
        manifest_json,
        rows: rows.ok_or_else(|| undecodable(reader, "its row counts are impossible"))?,
    })
}

fn read_ranges(reader: &dyn StoreReader, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>> {
    let read = |range: &Range<u64>| {
        let length = range.end.checked_sub(range.start);
        let within = length.filter(|_| range.end <= reader.len());
        let length = within
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| undecodable(reader, "its footer points outside of it"))?;
        let mut buffer = vec![0; length];
        reader.read_at(range.start, &mut buffer)?;
        Ok(buffer)
    };
    ranges.iter().map(read).collect()
}

/// Runs a step of the Parquet library, which may panic over bytes that no writer writes.
fn guarded<T>(
    reader: &dyn StoreReader,
    step: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(undecodable(reader, &error.to_string())),
        Err(_) => Err(undecodable(reader, "decoding it panicked")),
    }
}

fn undecodable(reader: &dyn StoreReader, reason: &str) -> Error {
    Error::corrupt(reader.name().as_str(), reason)
}
