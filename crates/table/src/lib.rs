//! How records become columns, and columns records.

mod adapt;
#[cfg(test)]
mod arbitrary;
mod decode;
mod error;
mod join;
mod render;
mod types;

pub use adapt::adapt;
pub use arrow::datatypes::SchemaRef;
pub use decode::Decoder;
pub use error::{Error, Result};
pub use join::{Joined, MixedField, SchemaJoin};
pub use render::Renderer;
pub use types::Types;

/// Whether the field holds JSON text: strings with the canonical extension type `arrow.json`.
fn is_json_text(field: &arrow::datatypes::Field) -> bool {
    field.extension_type_name() == Some("arrow.json")
}
