//! What operators did to a batch, as bytes: recorded while they run, and [replayed](crate::Batch::replay) on a batch of the
//! same lines or rows.
//!
//! A **part** is what happened to one batch between two points of a chain: edit scripts, the rows that were left, the
//! children that splitters made, and the statistics that are new. Rows count as they do in the batch, fields and
//! statistics have their names in the part's context, so a part says nothing that the batch itself says.

mod diff;
mod recorder;
mod script;
mod write;

pub(crate) use recorder::Recorder;
pub(crate) use write::{ABSENT, ALL, FLOATS, INTS, LITERAL, SOME, SPAN, TAGGED, WHOLE_RECORDS};
