//! Reading a JSON line no further than necessary, and writing text into it.

mod added;
mod escape;
mod scan;
mod walk;

pub(crate) use added::{Added, add_fields};
pub use escape::{LoneSurrogate, escape_into, unescape_into};
pub use scan::{Found, JsonKind, ScanError, Slot, scan};
pub(crate) use scan::{scan_and_see, without_field, without_repeats};
