//! Checkpoints that store what operators did to the rows between two points, instead of the rows.
//!
//! A file is written by one attempt. It has a **section** for each point, and in it a **part** for each batch that passed, in order
//! (see [`Batch::end_record`](coldpress_record::Batch::end_record)). The state of an attempt after some operator is restored by
//! filling the same batches from the same input and replaying the parts of each section up to there.
//!
//! Columns: `section`, `part` (its number in its section), `rows_before` and `rows_after` (how many rows of the batch were alive),
//! `bytes`. A group has parts of one section only. The manifest describes every section. The digest of a section covers its parts,
//! each as `rows_before`, `rows_after` (4 bytes each, lowest first), the length of its bytes (8 bytes) and the bytes.
//!
//! An attempt that continued from a point of an earlier file writes only its own sections, and names those that they build on.
//! Together they are a [chain](DeltaChain).

mod chain;
mod columns;
mod manifest;
mod parts;
mod reader;
mod replay;
mod writer;

pub use chain::DeltaChain;
pub use manifest::{DeltaBase, SectionManifest};
pub use reader::{DeltaReader, SectionDamage};
pub use replay::DeltaReplay;
pub use writer::{DeltaOptions, DeltaWriter};

pub(crate) use columns::schema;
pub(crate) use manifest::is_delta;

#[cfg(test)]
pub(crate) mod tests;
