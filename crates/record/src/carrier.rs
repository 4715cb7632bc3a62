//! Records that aren't JSON lines: rows of a columnar file, which a batch carries along.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;

/// Rows of a columnar source. A batch holds their declared fields as cells. Everything else stays here unchanged.
///
/// Code that knows the type of the rows gets it back with [`Carrier::as_any`].
pub trait Carrier: Any + Debug + Send + Sync {
    /// Appends the row as a JSON object, without a line end, with other texts in the fields that operators changed.
    fn write_record(&self, row: usize, changed: &[(&str, &str)], out: &mut Vec<u8>);

    /// Returns the rows as their own type.
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
    /// A value that is a string in JSON but isn't text, with a description, as in `a date`.
    Typed(Cow<'a, str>, &'static str),
}
