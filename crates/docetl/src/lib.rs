//! The checkpoint store of DocETL pipelines. It keeps records in Parquet without loss, and still reads old directories of JSON.
//!
//! An [`IntermediateStore`] is a pipeline's intermediate directory. It saves the result of an operation in a step, a list of
//! [`Record`]s, and loads it again:
//!
//! ```
//! use coldpress_docetl::{IntermediateStore, Record};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path();
//! let store = IntermediateStore::open(dir)?;
//! let records = [
//!     Record::parse(r#"{"id": 9007199254740993, "score": 1.0, "tags": ["a"], "note": null}"#)?,
//!     Record::parse(r#"{"note": "only this", "id": 1}"#)?,
//! ];
//! let path = store.save("process", "extract", &records)?;
//! assert_eq!(path, dir.join("process/extract.parquet"));
//! assert_eq!(store.load("process", "extract")?.as_deref(), Some(&records[..]));
//! assert_eq!(store.load("process", "another")?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Directories
//!
//! ```text
//! intermediate_dir/
//!   .docetl_intermediate_config.json    DocETL's own; never touched
//!   step1/operation1.parquet            or operation1.json, or both
//!   operation1_batches/batch_0.parquet
//! ```
//!
//! If a checkpoint exists in both formats, the Parquet file is read, unless the JSON file is newer or the Parquet file is damaged.
//! A [warning](Loaded::warnings) reports that.
//!
//! # Durability
//!
//! Every file is written beside its place, synced and renamed. A writer that is killed at any moment, or runs out of disk space,
//! leaves either the old file or the new one. A Parquet file of this crate contains a digest of all its bytes, and is read only if
//! they are what was written.
//!
//! This crate prints nothing, and runs no pipelines.

mod convert;
mod error;
mod format;
mod json;
mod keys;
mod name;
mod value;

mod columns;
mod parquet_file;
mod store;

pub use error::{Error, Result};
pub use format::{Compression, Format, Options, Restore};
pub use name::CheckpointName;
pub use store::{
    Analysis, AnalyzeOptions, Analyzed, Entry, FilesTaken, IntermediateStore, Loaded,
    MigrateOptions, Migration, Outcome, RecordReader, RecordWriter, RemoteStore, Repeated,
    Retention, Saved, Share, Unreadable,
};
pub use value::{Record, Value};
