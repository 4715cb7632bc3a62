//! The intermediate directory of a pipeline.

mod alike;
mod analyze;
mod batches;
mod changes;
mod dependents;
mod files;
mod groups;
mod intermediate;
mod list;
mod migrate;
mod one_by_one;
mod parquet_out;
mod reader;
mod relation;
mod remnants;
mod remote;
mod retain;
mod since;
mod source;
mod wanted;
mod writer;

pub use analyze::{Analysis, AnalyzeOptions, Analyzed, FilesTaken, Repeated, Share};
pub use intermediate::{IntermediateStore, Loaded};
pub use list::{Entry, Unreadable};
pub use migrate::{MigrateOptions, Migration, Outcome};
pub use reader::RecordReader;
pub use remote::RemoteStore;
pub use retain::Retention;
pub use writer::{RecordWriter, Saved};
