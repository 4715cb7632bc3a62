//! Fields that hold JSON text: strings with the canonical extension type `arrow.json`.

use arrow::datatypes::{DataType, Field, Metadata};

/// The keys under which a field's metadata has the name and the parameters of its extension type.
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

/// Says in a field's metadata that it holds JSON text.
pub(crate) fn mark(metadata: &mut Metadata) {
    metadata.insert(EXTENSION_NAME, JSON);
    metadata.insert(EXTENSION_METADATA, "");
}
