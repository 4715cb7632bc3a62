//! Reading a JSON line no further than is needed, and writing text into it.

mod escape;
mod scan;

pub use escape::{LoneSurrogate, escape_into, unescape_into};
pub(crate) use scan::without_repeats;
pub use scan::{Found, JsonKind, ScanError, Slot, scan};
