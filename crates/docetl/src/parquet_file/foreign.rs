//! Reading Parquet files of other programs.

use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, SchemaRef};
use coldpress_table::is_json_text;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::Fault;
use super::nested::NestedValues;
use super::pandas::PandasColumns;
use crate::columns::{Cells, Kind, Shapes, Side, decode};
use crate::json::Parser;
use crate::{Record, Restore, Value};

const BATCH_ROWS: usize = 8_192;
/// The column that DocETL writes, with one row, for a dataset without records.
const PLACEHOLDER: &str = "_placeholder";

/// The records of a Parquet file of another program, a batch at a time.
pub(crate) struct ForeignGroups {
    batches: ParquetRecordBatchReader,
    names: Vec<Box<str>>,
    fields: Vec<Arc<Field>>,
    /// The columns of text that hold objects and lists.
    restored: HashSet<usize>,
    is_placeholder: bool,
    rows: u64,
}

impl ForeignGroups {
    /// Begins to read the wanted columns, or all.
    pub(crate) fn new(
        file: File,
        parquet: ParquetMetaData,
        restore: Restore,
        wanted: Option<&HashSet<String>>,
    ) -> Result<Self, Fault> {
        guarded(|| Self::begin(file, parquet, restore, wanted))
    }

    fn begin(
        file: File,
        parquet: ParquetMetaData,
        restore: Restore,
        wanted: Option<&HashSet<String>>,
    ) -> Result<Self, Fault> {
        let pandas = PandasColumns::of(&parquet);
        let rows = rows(&parquet);
        let metadata = ArrowReaderMetadata::try_new(Arc::new(parquet), ArrowReaderOptions::new())?;
        let all = Arc::clone(metadata.schema());
        let is_placeholder = is_placeholder(metadata.metadata());
        let is_wanted = |name: &String| {
            !pandas.indexes.contains(name) && wanted.is_none_or(|wanted| wanted.contains(name))
        };
        let chosen: Vec<usize> = (0..all.fields().len())
            .filter(|at| is_wanted(all.field(*at).name()))
            .collect();
        let restored = restored(&file, &metadata, &all, &chosen, &pandas, restore)?;
        let fields: Vec<Arc<Field>> = chosen
            .iter()
            .map(|at| Arc::clone(&all.fields()[*at]))
            .collect();
        Ok(Self {
            batches: reader(file, &metadata, &chosen)?,
            names: fields
                .iter()
                .map(|field| field.name().as_str().into())
                .collect(),
            fields,
            restored,
            is_placeholder,
            rows,
        })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads the next records; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Record>>, Fault> {
        match self.is_placeholder {
            true => Ok(None),
            false => guarded(|| self.decode_next()),
        }
    }

    fn decode_next(&mut self) -> Result<Option<Vec<Record>>, Fault> {
        let Some(batch) = self.batches.next().transpose()? else {
            return Ok(None);
        };
        let columns = batch.columns().iter().enumerate();
        let cells = columns.map(|(at, array)| {
            cells(array, &self.fields[at], self.restored.contains(&at)).map(Some)
        });
        let cells = cells.collect::<Result<Vec<_>, Fault>>()?;
        let damaged = || Fault::Damaged("a value does not decode".into());
        let side = Side {
            shapes: Shapes {
                list: vec![(0..self.names.len() as u32).collect()],
                of_rows: vec![0; batch.num_rows()],
            },
            ..Side::default()
        };
        let mut records = Vec::new();
        decode(
            &self.names,
            cells,
            None,
            &side,
            0..batch.num_rows(),
            &|_| true,
            &mut records,
        )
        .ok_or_else(damaged)?;
        Ok(Some(records))
    }
}

/// Works on an untrusted file. Decoders may panic if it is damaged.
fn guarded<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // A decoder that panicked is not used again, because the error ends the reading.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Fault::Damaged("its decoder gave up".into())))
}

/// Returns the number of records in a file.
pub(crate) fn rows(parquet: &ParquetMetaData) -> u64 {
    match is_placeholder(parquet) {
        true => 0,
        false => parquet.file_metadata().num_rows().max(0) as u64,
    }
}

fn is_placeholder(parquet: &ParquetMetaData) -> bool {
    let columns = parquet
        .file_metadata()
        .schema_descr()
        .root_schema()
        .get_fields();
    matches!(columns, [only] if only.name() == PLACEHOLDER)
}

fn reader(
    file: File,
    metadata: &ArrowReaderMetadata,
    columns: &[usize],
) -> Result<ParquetRecordBatchReader, Fault> {
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
    Ok(builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?)
}

/// Finds the text columns that hold objects and lists, by reading all candidates.
///
/// A column is restored as a whole or not at all, so each of its values must be seen before the first record is made.
fn restored(
    file: &File,
    metadata: &ArrowReaderMetadata,
    schema: &SchemaRef,
    chosen: &[usize],
    pandas: &PandasColumns,
    restore: Restore,
) -> Result<HashSet<usize>, Fault> {
    let is_open = |field: &Field| match restore {
        Restore::Never => false,
        Restore::Always => is_text(field.data_type()),
        Restore::AsTheFileSays => {
            is_text(field.data_type())
                && !is_json_text(field)
                && !pandas.texts.contains(field.name())
        }
    };
    let open = chosen
        .iter()
        .enumerate()
        .filter(|(_, at)| is_open(schema.field(**at)));
    // The position among the chosen columns, and whether a value was seen.
    let mut open: Vec<(usize, usize, bool)> = open.map(|(place, at)| (place, *at, false)).collect();
    let mut parser = Parser::default();
    let columns: Vec<usize> = open.iter().map(|(_, at, _)| *at).collect();
    if columns.is_empty() {
        return Ok(HashSet::new());
    }
    let mut left: Vec<bool> = vec![true; open.len()];
    for batch in reader(file.try_clone()?, metadata, &columns)? {
        let batch = batch?;
        for (number, array) in batch.columns().iter().enumerate() {
            if !left[number] {
                continue;
            }
            let texts = cast(array, &DataType::LargeUtf8)?;
            for text in texts.as_string::<i64>().iter().flatten() {
                let parsed = match text.as_bytes().first() {
                    Some(b'{' | b'[') => parser.parse_whole(text.as_bytes()).is_ok(),
                    _ => false,
                };
                open[number].2 = true;
                if !parsed {
                    left[number] = false;
                    break;
                }
            }
        }
        if left.iter().all(|left| !left) {
            break;
        }
    }
    let restored = open
        .iter()
        .zip(left)
        .filter(|((_, _, seen), left)| *seen && *left);
    Ok(restored.map(|((place, _, _), _)| *place).collect())
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Returns the cells of a column of any type.
fn cells(array: &ArrayRef, field: &Field, is_restored: bool) -> Result<Cells, Fault> {
    let damaged = || Fault::Damaged(format!("the column `{}` does not decode", field.name()));
    if is_json_text(field) {
        return json_texts(array);
    }
    let (kind, data_type) = match array.data_type() {
        DataType::Null => return Ok(Cells::Null),
        DataType::Boolean => (Kind::Bool, DataType::Boolean),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            (Kind::Int, DataType::Int64)
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            (Kind::UInt, DataType::UInt64)
        }
        DataType::Float64 => (Kind::Number, DataType::Float64),
        text if is_text(text) => {
            let kind = if is_restored { Kind::Json } else { Kind::Text };
            (kind, DataType::LargeUtf8)
        }
        _ => return any_values(array, field).ok_or_else(damaged),
    };
    let array = cast(array, &data_type)?;
    Cells::new(kind, &*array, None).ok_or_else(damaged)
}

/// Returns the values of texts that the file declares as JSON. Invalid JSON stays a text.
fn json_texts(array: &ArrayRef) -> Result<Cells, Fault> {
    let texts = cast(array, &DataType::LargeUtf8)?;
    let mut parser = Parser::default();
    let values = texts.as_string::<i64>().iter().map(|text| match text {
        None => Value::Null,
        Some(text) => parser
            .parse_whole(text.as_bytes())
            .unwrap_or_else(|_| text.into()),
    });
    Ok(Cells::Values(values.collect()))
}

/// Returns the values of any other type.
fn any_values(array: &ArrayRef, field: &Field) -> Option<Cells> {
    let mut nested = NestedValues::default();
    let values = (0..array.len()).map(|row| nested.value(array, field, row));
    values.collect::<Option<Vec<Value>>>().map(Cells::Values)
}
