//! What operators did to the rows between two points, instead of the rows.
//!
//! A file is what one attempt wrote. It has a **section** per point, and in it a **part** per batch that passed by, in
//! order (see [`Batch::end_record`](coldpress_record::Batch::end_record)). To be where an attempt was behind some
//! operator is to fill the same batches from the same input and to replay the parts of each section up to there.
//!
//! Columns: `section`, `part` (its number in its section), `rows_before` and `rows_after` (how many rows of the batch were
//! alive), `bytes`. A group has parts of one section only. The manifest says what every section is; the digest of a
//! section is over its parts, each as `rows_before`, `rows_after` (4 bytes each, lowest first), the length of its bytes
//! (8 bytes) and the bytes.
//!
//! An attempt that went on from a point of an earlier file writes its own sections only, and names what they build on:
//! together they are a [chain](DeltaChain).

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
