//! Encoding what operators did to a batch. It is recorded while they run, and [replayed](crate::Batch::replay) on a batch of the
//! same lines or rows.
//!
//! A **part** is what happened to one batch between two points of a chain: edit scripts, the rows that were left, the children that
//! splitters made, and new statistics. Rows are numbered as in the batch, and the names of fields and statistics are in the part's
//! context, so a part repeats nothing that the batch itself has.

mod diff;
mod recorder;
mod script;
mod write;

pub(crate) use recorder::Recorder;
pub(crate) use write::{ABSENT, ALL, FLOATS, INTS, LITERAL, SOME, SPAN, TAGGED, WHOLE_RECORDS};
