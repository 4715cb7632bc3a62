//! The common form of all stored files: record batches in groups, and a manifest.
//!
//! The formats differ in how a group is stored. They all have a **directory** (the place of each group, with a digest of its stored
//! bytes) and a **manifest** (JSON text of the caller).
//!
//! - Parquet: a group is a row group. Directory and manifest are the metadata entries `coldpress.container` and
//!   `coldpress.manifest` in the footer.
//! - Arrow IPC file: a group is a record batch. Both are custom metadata in the footer.
//! - JSON lines: a group is a codec frame of one line per row. The line of a row with a record is that record, with the other
//!   columns in one additional field (`record_line.rs`); earlier releases wrote the record as a string. The frame after the last
//!   group is one line with both, and the frame after that is a line of fixed length that gives its place.
//!
//! A **seal** before the footer of Parquet and Arrow files, and the last line of JSON lines, has the digest of the bytes that hold
//! directory and manifest. A file therefore proves itself piece by piece: nothing is decoded whose digest was not checked before.
//! (Parquet files of the first release have neither directory nor seal; only the stamp under which they are cited proves them.)

mod arrays;
mod arrow_file;
mod auto;
mod codec;
mod directory;
mod encoding;
mod jsonl;
mod nan;
mod out;
mod parquet_read;
mod parquet_write;
mod reader;
mod record_line;
mod seal;
mod source;
mod writer;

pub use directory::ContainerGroup;
pub use reader::ContainerReader;
pub use writer::{ContainerOptions, ContainerWriter};

/// The metadata entry that holds the manifest.
const MANIFEST_KEY: &str = "coldpress.manifest";
/// The metadata entry that holds the directory.
const DIRECTORY_KEY: &str = "coldpress.container";

#[cfg(test)]
mod tests;
