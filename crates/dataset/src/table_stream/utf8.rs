//! Texts that may not be UTF-8.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// Rows with a text that is not UTF-8, and what is wrong with it.
pub(super) type BadRows = Vec<(usize, String)>;

pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

pub(super) fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView
    )
}

/// Returns the type of bytes that have the same layout as these texts.
pub(super) fn as_bytes(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 => DataType::Binary,
        DataType::LargeUtf8 => DataType::LargeBinary,
        DataType::Utf8View => DataType::BinaryView,
        other => other.clone(),
    }
}

/// Returns the type of texts that have the same layout as these bytes.
pub(super) fn as_text(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Binary => DataType::Utf8,
        DataType::LargeBinary => DataType::LargeUtf8,
        DataType::BinaryView => DataType::Utf8View,
        other => other.clone(),
    }
}

/// Converts bytes to texts of the type `wanted`. A value that isn't UTF-8 is added to `bad`, and kept with replacement characters,
/// because every row of a column needs a value.
pub(super) fn texts(
    array: &ArrayRef,
    wanted: &DataType,
    bad: &mut BadRows,
) -> Result<ArrayRef, ArrowError> {
    let views = cast(array, &DataType::BinaryView)?;
    let views = views.as_binary_view();
    // Usually all values are texts.
    let texts: StringViewArray = match views.clone().to_string_view() {
        Ok(texts) => texts.gc(),
        Err(_) => {
            let mut texts = StringViewBuilder::with_capacity(views.len());
            for (row, value) in views.iter().enumerate() {
                match value.map(|value| (value, str::from_utf8(value))) {
                    None => texts.append_null(),
                    Some((_, Ok(text))) => texts.append_value(text),
                    Some((value, Err(error))) => {
                        let at = error.valid_up_to();
                        let byte = value.get(at).copied().unwrap_or_default();
                        bad.push((row, format!("is not UTF-8 (byte 0x{byte:02x} at {at})")));
                        texts.append_value(String::from_utf8_lossy(value));
                    }
                }
            }
            texts.finish()
        }
    };
    let texts: ArrayRef = Arc::new(texts);
    match wanted {
        DataType::Utf8View => Ok(texts),
        _ => cast(&texts, wanted),
    }
}
