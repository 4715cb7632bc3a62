//! Dictionary-encoded columns, kept or decoded.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use coldpress_table::as_json_text;

/// The treatment of dictionary-encoded columns.
#[derive(Clone, Copy)]
pub(super) enum Dictionaries {
    Keep,
    Undo,
}

/// Returns whether `asked` returns true for this type or for one inside it.
pub(super) fn any_type(data_type: &DataType, asked: &impl Fn(&DataType) -> bool) -> bool {
    asked(data_type)
        || match data_type {
            DataType::Dictionary(_, value) => any_type(value, asked),
            _ => children(data_type)
                .iter()
                .any(|child| any_type(child.data_type(), asked)),
        }
}

fn children(data_type: &DataType) -> Vec<&Field> {
    match data_type {
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => vec![child],
        DataType::RunEndEncoded(_, values) => vec![values],
        DataType::Struct(fields) => fields.iter().map(AsRef::as_ref).collect(),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.as_ref()).collect(),
        _ => Vec::new(),
    }
}

/// Returns the field with the values of dictionaries in their place. That is not possible inside a union, so a union becomes JSON
/// text.
pub(super) fn without_dictionaries(field: &Field) -> Field {
    let is_dictionary = |data_type: &DataType| matches!(data_type, DataType::Dictionary(..));
    let is_stuck = any_type(field.data_type(), &|data_type| {
        matches!(data_type, DataType::Union(..)) && any_type(data_type, &is_dictionary)
    });
    match is_stuck {
        true => as_json_text(field),
        false => plain_field(field),
    }
}

/// Returns the batch with its dictionaries decoded to plain columns.
pub(super) fn undo_dictionaries(
    batch: RecordBatch,
) -> std::result::Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| plain_field(field))
        .collect();
    let columns = fields.iter().zip(batch.columns()).map(|(field, column)| {
        match field.data_type() == column.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        }
    });
    let columns = columns.collect::<std::result::Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)
}

fn plain_field(field: &Field) -> Field {
    let (data_type, nullable) = plain_type(field.data_type());
    let nullable = nullable || field.is_nullable();
    field
        .clone()
        .with_data_type(data_type)
        .with_nullable(nullable)
}

/// Returns the type without dictionaries, and whether its values can be null although the keys of a dictionary are not.
fn plain_type(data_type: &DataType) -> (DataType, bool) {
    let child = |field: &Arc<Field>| Arc::new(plain_field(field));
    let plain = match data_type {
        DataType::Dictionary(_, value) => return (plain_type(value).0, true),
        DataType::List(element) => DataType::List(child(element)),
        DataType::LargeList(element) => DataType::LargeList(child(element)),
        DataType::ListView(element) => DataType::ListView(child(element)),
        DataType::LargeListView(element) => DataType::LargeListView(child(element)),
        DataType::FixedSizeList(element, length) => {
            DataType::FixedSizeList(child(element), *length)
        }
        DataType::Map(entries, sorted) => DataType::Map(plain_entries(entries), *sorted),
        DataType::RunEndEncoded(ends, values) => {
            DataType::RunEndEncoded(Arc::clone(ends), child(values))
        }
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(child).collect()),
        other => other.clone(),
    };
    (plain, false)
}

/// Returns the entries of a map, whose keys are never null.
fn plain_entries(entries: &Field) -> Arc<Field> {
    let plain = plain_field(entries);
    let DataType::Struct(fields) = plain.data_type() else {
        return Arc::new(plain);
    };
    let keep = fields.iter().enumerate().map(|(index, field)| match index {
        0 => Arc::new(field.as_ref().clone().with_nullable(false)),
        _ => Arc::clone(field),
    });
    let fields = DataType::Struct(keep.collect());
    Arc::new(plain.with_data_type(fields))
}
