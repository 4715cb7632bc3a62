//! Errors of converting between records and columns.

use arrow::error::ArrowError;

/// A record or a schema that the mapping between JSON and Arrow does not cover.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// JSON cannot be decoded to the type of a field.
    #[error("field `{field}`: no JSON can be read as {data_type} here ({reason})")]
    Unsupported {
        /// The field, as a path from the top of the record.
        field: String,
        /// Its Arrow type.
        data_type: String,
        /// The reason.
        reason: &'static str,
    },
    /// A schema has a name more than once in one place, so JSON cannot distinguish the two fields.
    #[error("the schema has the field `{field}` more than once")]
    RepeatedField {
        /// The field, as a path from the top of the record.
        field: String,
    },
    /// A record isn't a JSON object.
    #[error("no JSON object: {message}")]
    NotAnObject {
        /// The reason, and the place.
        message: String,
    },
    /// A record has a key that the schema does not have.
    #[error("field `{field}` is not in the schema")]
    UnknownField {
        /// The field, as a path from the top of the record.
        field: String,
    },
    /// A value does not fit the type of its field.
    #[error("field `{field}`: {found} where the schema wants {expected}")]
    Value {
        /// The field, as a path from the top of the record.
        field: String,
        /// The value in the record.
        found: String,
        /// The type in the schema.
        expected: String,
    },
    /// A column cannot take another row, because its offsets or keys are too narrow for more.
    #[error("field `{field}`: the batch is full, as its type has no room for more rows")]
    Full {
        /// The field, as a path from the top of the record.
        field: String,
    },
    /// Arrow rejects an array, a cast or a batch.
    #[error("arrow refuses the columns")]
    Arrow(#[from] ArrowError),
}

/// The result of an operation between records and columns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
