//! The intermediate directory of a pipeline.

mod batches;
mod files;
mod intermediate;
mod list;
mod migrate;
mod parquet_out;
mod reader;
mod source;
mod writer;

pub use intermediate::{IntermediateStore, Loaded};
pub use list::Entry;
pub use migrate::{MigrateOptions, Migration, Outcome};
pub use reader::RecordReader;
pub use writer::{RecordWriter, Saved};
