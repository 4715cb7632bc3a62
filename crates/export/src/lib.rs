//! Writing outputs: their places, their formats, and how they get into place atomically.
//!
//! An [`ExportTarget`] is the place and the format of an output. An [`ExportWriter`] combines the rows of the partitions in a
//! temporary place beside it. A complete output there is [`Staged`], and is put into place by [`commit`](Staged::commit). An
//! [`Ownership`] file beside the output proves who made it.
//!
//! This crate does not know operators or jobs.

mod duplicates;
mod error;
mod form;
mod in_place;
mod kept;
mod leftovers;
mod lines;
mod listing;
mod output_file;
mod output_files;
mod ownership;
mod partition_rows;
mod place;
mod sealed;
mod second_pass;
mod staged;
mod standing;
mod target;
mod url_output;
mod writer;

pub use duplicates::{Duplicate, DuplicatesFile, RecordAt};
pub use error::{Error, Result};
pub use form::ParquetCodec;
pub use kept::KeptRows;
pub use listing::staged_digest;
pub use output_file::OutputFile;
pub use ownership::{OWNERSHIP_SCHEMA, OwnedObject, Ownership};
pub use partition_rows::PartitionRows;
pub use place::{OutputFolder, OutputPlace, UrlPlace, is_url};
pub use staged::{Placed, Staged};
pub use standing::Standing;
pub use target::ExportTarget;
pub use writer::{ExportWriter, FinishedExport};

#[cfg(test)]
mod tests;
