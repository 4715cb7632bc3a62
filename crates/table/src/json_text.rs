//! Fields that hold JSON text: strings with the canonical extension type `arrow.json`.

use arrow::datatypes::{DataType, Field, Metadata};

/// The metadata keys for the name and the parameters of a field's extension type.
pub(crate) const EXTENSION_NAME: &str = "ARROW:extension:name";
pub(crate) const EXTENSION_METADATA: &str = "ARROW:extension:metadata";

const JSON: &str = "arrow.json";

/// Returns whether the field holds JSON text.
pub fn is_json_text(field: &Field) -> bool {
    field.extension_type_name() == Some(JSON)
}

/// Returns a nullable field of this name and metadata whose values are JSON text.
pub fn as_json_text(field: &Field) -> Field {
    let mut metadata = field.metadata().clone();
    mark(&mut metadata);
    Field::new(field.name(), DataType::Utf8, true).with_metadata(metadata)
}

/// Marks a field as JSON text in its metadata.
pub(crate) fn mark(metadata: &mut Metadata) {
    metadata.insert(EXTENSION_NAME, JSON);
    metadata.insert(EXTENSION_METADATA, "");
}
