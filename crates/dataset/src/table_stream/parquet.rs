//! Parquet files and their metadata, which is checked before any of it is trusted.

mod chunk;
mod columns;
mod delta;
mod footer;
mod page;
mod plain;
mod stream;
mod thrift;
mod window;
mod zones;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use coldpress_storage::Digest;
use parquet::arrow::{
    FieldLevels, ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema,
};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};

use self::chunk::chunk_range;
use super::columns::select_columns;
use super::flaw::{Checked, Flaw, ensure, guarded};
use super::limits::{MAX_GROUP_ROWS, fixed_row_bytes};
use super::proof::Part;
use super::row_group::RowGroup;
use super::shown::shown;
use super::utf8::is_text;
use super::views::{with_types, with_views};
use crate::error::Result;
use crate::source::InputFile;

pub(super) use self::chunk::PageHeaders;
pub(super) use self::stream::{LastGroup, ParquetStream};

/// The metadata of a Parquet file.
#[derive(Debug)]
pub(super) struct ParquetFile {
    metadata: Arc<ParquetMetaData>,
    /// The digest of the metadata as stored.
    digest: Digest,
    schema: SchemaRef,
    /// The way the selected columns are read, with views in place of texts.
    levels: FieldLevels,
    /// The fields as stored.
    stored: Fields,
    /// The columns that are read.
    selected: Vec<usize>,
    /// The leaf columns that are read.
    leaves: Vec<usize>,
    fixed_row_bytes: u64,
    groups: Vec<RowGroup>,
}

impl ParquetFile {
    /// Reads and checks the metadata of `file`, which is `length` bytes long.
    pub(super) fn open(
        path: &Path,
        file: &mut InputFile,
        length: u64,
        columns: &[String],
        texts: &[String],
    ) -> Result<Self> {
        let at = |place: &'static str| move |flaw: Flaw| flaw.at(path, place);
        let footer = footer::read_footer(file, length).map_err(at("footer"))?;
        let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer));
        let metadata = metadata.map_err(at("footer"))?;
        let whole = guarded(|| arrow_schema(&metadata)).map_err(at("schema"))?;
        let selected = select_columns(path, &whole, columns)?;
        let schema = guarded(|| whole.project(&selected)).map_err(at("schema"))?;
        let fixed_row_bytes =
            fixed_row_bytes(schema.fields().iter().map(AsRef::as_ref)).map_err(at("schema"))?;
        let descriptor = metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::roots(descriptor, selected.iter().copied());
        let leaves: Vec<usize> = (0..descriptor.num_columns())
            .filter(|leaf| mask.leaf_included(*leaf))
            .collect();
        let hint = with_views(whole.fields());
        let levels = guarded(|| parquet_to_arrow_field_levels(descriptor, mask, Some(&hint)));
        let levels = levels.map_err(at("schema"))?;
        let mut groups = Vec::new();
        for group in 0..metadata.num_row_groups() {
            let checked = check_group(&metadata, group, length, &leaves);
            groups.push(checked.map_err(|flaw| flaw.at(path, format!("row group {group}")))?);
        }
        let rows: u64 = groups.iter().map(|group| group.rows).sum();
        let claimed = metadata.file_metadata().num_rows();
        ensure(u64::try_from(claimed) == Ok(rows), || {
            format!("it claims {claimed} rows, its row groups have {rows}")
        })
        .map_err(at("footer"))?;
        Ok(Self {
            metadata: Arc::new(metadata),
            digest: Digest::of(&footer),
            schema: Arc::new(shown(&schema, texts)),
            levels,
            stored: whole.fields().clone(),
            selected,
            leaves,
            fixed_row_bytes,
            groups,
        })
    }

    /// Returns the way the columns are read with bytes in place of texts.
    fn levels_of_bytes(&self) -> Checked<FieldLevels> {
        let descriptor = self.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::roots(descriptor, self.selected.iter().copied());
        let hint = with_types(&self.stored, &|data_type| match data_type {
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            DataType::Dictionary(_, values) if is_text(values) => DataType::BinaryView,
            text if is_text(text) => DataType::BinaryView,
            other => other.clone(),
        });
        guarded(|| {
            let plain = plain::without_texts(descriptor)?;
            parquet_to_arrow_field_levels(&plain, mask, Some(&hint))
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn groups(&self) -> &[RowGroup] {
        &self.groups
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the parts of `file` that rows of a group depend on.
    pub(super) fn parts(
        &self,
        file: &InputFile,
        group: usize,
        rows: &Range<u64>,
        seen: &mut PageHeaders,
    ) -> Checked<Vec<Part>> {
        stream::parts_of_group(self, file, group, rows, seen)
    }

    /// Returns the byte ranges of a row group: of all its columns, in order.
    pub(super) fn group_bytes(&self, group: usize) -> Checked<Vec<Range<u64>>> {
        let columns = self.metadata.row_group(group).columns();
        columns.iter().map(chunk_range).collect()
    }
}

/// Returns the schema that the file's writer embedded, or, if that cannot be used, the one that its columns imply. Parquet counts
/// dates in days, so they are read as such, as PyArrow does.
fn arrow_schema(metadata: &ParquetMetaData) -> Checked<Schema> {
    let file = metadata.file_metadata();
    let embedded =
        guarded(|| parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()));
    let schema =
        embedded.or_else(|_| Ok::<_, Flaw>(parquet_to_arrow_schema(file.schema_descr(), None)?))?;
    let fields = with_types(schema.fields(), &|data_type| match data_type {
        DataType::Date64 => DataType::Date32,
        other => other.clone(),
    });
    Ok(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn check_group(
    metadata: &ParquetMetaData,
    group: usize,
    length: u64,
    leaves: &[usize],
) -> Checked<RowGroup> {
    let group = metadata.row_group(group);
    let rows = u64::try_from(group.num_rows()).unwrap_or(u64::MAX);
    ensure(rows <= MAX_GROUP_ROWS, || {
        format!("it claims {} rows", group.num_rows())
    })?;
    let mut decoded_bytes = rows;
    for (leaf, chunk) in group.columns().iter().enumerate() {
        let checked = check_chunk(chunk, rows, length);
        checked.map_err(|flaw| in_column(chunk, flaw))?;
        if leaves.binary_search(&leaf).is_ok() {
            let plain = u64::try_from(chunk.uncompressed_size()).unwrap_or_default();
            let texts = chunk.unencoded_byte_array_data_bytes().unwrap_or_default();
            let texts = u64::try_from(texts).unwrap_or_default();
            decoded_bytes = decoded_bytes.saturating_add(plain.max(texts));
        }
    }
    Ok(RowGroup {
        rows,
        decoded_bytes,
    })
}

fn check_chunk(chunk: &ColumnChunkMetaData, rows: u64, length: u64) -> Checked<()> {
    ensure(chunk.file_path().is_none(), || {
        "its data is in another file".to_owned()
    })?;
    let range = chunk_range(chunk)?;
    ensure(range.end <= length, || {
        format!(
            "its bytes {}..{} are outside of the file's {length}",
            range.start, range.end
        )
    })?;
    let values = u64::try_from(chunk.num_values()).unwrap_or(u64::MAX);
    let is_plausible = match chunk.column_descr().max_rep_level() {
        0 => values == rows,
        _ => values >= rows && values <= MAX_GROUP_ROWS * 64,
    };
    ensure(is_plausible && (rows == 0 || !range.is_empty()), || {
        format!("it claims {values} values for {rows} rows")
    })
}

fn in_column(chunk: &ColumnChunkMetaData, flaw: Flaw) -> Flaw {
    match flaw {
        Flaw::Damaged(reason) => Flaw::Damaged(format!(
            "column `{}`: {reason}",
            chunk.column_path().string()
        )),
        other => other,
    }
}
