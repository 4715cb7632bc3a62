//! Counting what the columns of rows hold.

use arrow::array::Array;
use arrow::datatypes::DataType;
use coldpress_record::{FieldsSeen, KindSeen, ValueKind};

use super::rows::TableRows;

impl TableRows {
    /// Adds what the columns hold to `seen`: values of their type, and nulls. The first row is at `position` of the source with
    /// number `source`.
    pub fn note_fields(&self, seen: &mut FieldsSeen, source: u32, position: u64) {
        let rows = self.record_batch();
        let schema = rows.schema();
        for (at, (field, column)) in schema.fields().iter().zip(rows.columns()).enumerate() {
            let nulls = column.logical_null_count() as u64;
            let kind = kind_of(field.data_type());
            let counted = [
                (kind, rows.num_rows() as u64 - nulls),
                (ValueKind::Null, nulls),
            ];
            for (kind, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
                let value = KindSeen {
                    kind,
                    count,
                    source,
                    position,
                };
                seen.add(at, field.name(), value);
            }
        }
        seen.add_records(rows.num_rows() as u64);
    }
}

/// Returns the kind of a column's values: the JSON kind, if JSON has it, or else the name of the type in lower case.
fn kind_of(data_type: &DataType) -> ValueKind {
    match data_type {
        DataType::Boolean => ValueKind::Boolean,
        integer if integer.is_integer() => ValueKind::Integer,
        float if float.is_floating() => ValueKind::Float,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ValueKind::Text,
        DataType::Dictionary(_, values) => kind_of(values),
        DataType::RunEndEncoded(_, values) => kind_of(values.data_type()),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..) => ValueKind::List,
        DataType::Struct(_) | DataType::Map(..) => ValueKind::Object,
        other => ValueKind::Column(other.to_string().to_lowercase()),
    }
}
