//! Converting records to columns, and columns to records.
//!
//! [`Types`] are the types of the fields of JSON records. [`SchemaJoin`] makes one schema from them and from the schemas of tables,
//! and [`adapt()`] converts record batches to it. A [`Decoder`] turns JSON records into record batches of a schema, and a
//! [`Renderer`] turns the rows of record batches into JSON records. Each reads the output of the other without loss.
//! `docs/types.md` lists the conversions.
//!
//! ```
//! use coldpress_record::Origin;
//! use coldpress_table::{Decoder, Renderer, SchemaJoin, Types};
//!
//! let records = [r#"{"id":1,"tags":["a"]}"#, r#"{"id":2.5,"tags":"b"}"#];
//! let mut types = Types::default();
//! for (record, index) in records.iter().zip(0..) {
//!     types.observe(record, &Origin::new(0, index));
//! }
//! let mut join = SchemaJoin::default();
//! join.add_types(&types);
//! let joined = join.finish();
//! // No column but one of JSON text takes both a list and a text.
//! assert_eq!(joined.mixed[0].name, "tags");
//!
//! let mut decoder = Decoder::new(joined.schema)?;
//! for record in records {
//!     decoder.push(record)?;
//! }
//! let batch = decoder.finish()?;
//! let mut out = Vec::new();
//! Renderer::new(&batch.schema()).write_row(&batch, 0, &[], &mut out);
//! assert_eq!(out, br#"{"id": 1.0, "tags": ["a"]}"#);
//! # Ok::<(), coldpress_table::Error>(())
//! ```
//!
//! This crate does not access files. Reading and writing them is the task of `coldpress-dataset`.

mod adapt;
#[cfg(test)]
mod arbitrary;
mod decode;
mod error;
mod join;
mod json_text;
mod render;
mod types;

pub use adapt::adapt;
pub use arrow::datatypes::SchemaRef;
pub use decode::Decoder;
pub use error::{Error, Result};
pub use join::{Joined, MixedField, SchemaJoin};
pub use json_text::{as_json_text, is_json_text};
pub use render::Renderer;
pub use types::Types;
