//! How outputs are written: where they go, in which form, and how they get there in one step.
//!
//! An [`ExportTarget`] says where an output goes and in which form. An [`ExportWriter`] puts the rows of the partitions
//! together in a temporary place beside it; what is complete there is [`Staged`], and takes its place with
//! [`commit`](Staged::commit). An [`Ownership`] file beside the output proves who made it.
//!
//! It knows nothing of operators or jobs.

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
