//! Batches of records, the origins of records, and the reading and writing of JSON lines.
//!
//! A [`Batch`] holds the records as they came in (the bytes of the JSON lines), the fields that operators declared
//! ([`DeclaredFields`]), the statistics that filters computed ([`Stats`]), and which rows are still alive. Operators change a field
//! with an edit script ([`Edits`]). At export the changed fields are spliced into the raw line, so everything that no operator
//! touched comes out as it came in.
//!
//! ```
//! use coldpress_record::{Batch, DeclaredFields, Edits, Lines};
//!
//! let fields = DeclaredFields::new(["text"]);
//! let mut lines = Lines::new(0);
//! lines.push(0, br#"{"id": 1.50, "text": "caf\u00e9 "}"#);
//! let mut batch = Batch::default();
//! batch.fill(&mut lines, &fields, &mut Vec::new());
//! assert_eq!(batch.text(0, 0), Ok("café "));
//!
//! let mut edits = Edits::default();
//! edits.delete(5..6);
//! batch.edit_text(0, 0, &edits).unwrap();
//! let mut out = Vec::new();
//! batch.write_record(0, &fields, &mut out);
//! assert_eq!(out, "{\"id\": 1.50, \"text\": \"café\"}\n".as_bytes());
//! ```
//!
//! This crate does not know files, partitions or operators.

mod batch;
mod byte_reader;
mod carrier;
mod delta;
mod edits;
mod json;
mod ledger;
mod lines;
mod operator_name;
mod origin;
mod path;
mod rejected;
mod replay;
mod seen;
mod stat_bytes;
mod stats;
mod varint;

pub use batch::{Batch, Cell, FieldError, Reject};
pub use carrier::{Carrier, FieldValue};
pub use edits::{EditError, Edits};
pub use json::{Found, JsonKind, LoneSurrogate, ScanError, Slot, escape_into, scan, unescape_into};
pub use ledger::{Imbalance, Ledger, OperatorLedger, Unreadable};
pub use lines::{LineSpan, Lines, trim_record};
pub use operator_name::OperatorName;
pub use origin::{ChildPath, Origin};
pub use path::{DeclaredFields, FieldPath};
pub use rejected::{lost_line, rejected_line};
pub use replay::ReplayError;
pub use seen::{FieldSeen, FieldsSeen, KindSeen, ValueKind};
pub use stats::{STATS_FIELD, Stat, StatKind, StatValue, Stats};
