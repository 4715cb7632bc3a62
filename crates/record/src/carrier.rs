//! Records that are no JSON lines: rows of a columnar file, which a batch carries along.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;

/// Rows of a columnar source. A batch holds their declared fields as cells; everything else stays here as it came in.
///
/// Who knows the type of the rows gets it back by [`Carrier::as_any`].
pub trait Carrier: Any + Debug + Send + Sync {
    /// Appends the row as a JSON object, without line end, with other texts in the fields that operators changed.
    fn write_record(&self, row: usize, changed: &[(&str, &str)], out: &mut Vec<u8>);

    /// The rows as what they are.
    fn as_any(&self) -> &dyn Any;
}

/// The value of a declared field of a carried row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// The row has no such field.
    Absent,
    /// Null.
    Null,
    /// Text.
    Text(&'a str),
    /// Anything else, as JSON.
    Json(Cow<'a, str>),
    /// Something that is no text though it is a string in JSON, and what it is, as in `a date`.
    Typed(Cow<'a, str>, &'static str),
}
