//! Text and bytes.

use arrow::datatypes::DataType;

use super::part::Part;

/// Returns the largest type of text. JSON strings fit any.
pub(super) fn join(values: &[Part<'_>]) -> Option<DataType> {
    let has = |data_type| has(values, &data_type);
    Some(if has(DataType::LargeUtf8) {
        DataType::LargeUtf8
    } else if has(DataType::Utf8View) {
        DataType::Utf8View
    } else {
        DataType::Utf8
    })
}

/// Returns the largest type of bytes.
pub(super) fn join_binary(values: &[Part<'_>]) -> Option<DataType> {
    let has = |data_type| has(values, &data_type);
    let first = values.first()?.data_type()?;
    Some(if has(DataType::LargeBinary) {
        DataType::LargeBinary
    } else if has(DataType::BinaryView) {
        DataType::BinaryView
    } else if values.iter().all(|part| part.data_type() == Some(first)) {
        first.clone()
    } else {
        DataType::Binary
    })
}

fn has(values: &[Part<'_>], data_type: &DataType) -> bool {
    values
        .iter()
        .any(|part| part.data_type() == Some(data_type))
}
