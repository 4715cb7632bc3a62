//! One kind of file for all that is stored: record batches in groups, and a manifest.
//!
//! The formats differ in how a group lies in the file; what they have in common is a **directory** (where each group
//! is, with a digest of its stored bytes) and a **manifest** (JSON text, the caller's own).
//!
//! - Parquet: a group is a row group; directory and manifest are the footer's metadata entries `coldpress.container`
//!   and `coldpress.manifest`.
//! - Arrow IPC file: a group is a record batch; both are custom metadata of the footer.
//! - JSON lines: a group is a codec frame of one line per row. The line of a row with a record is that record, with the other
//!   columns in one more field (`record_line.rs`); earlier releases wrote the record as a string. The frame after the last group is
//!   one line with both, and the frame after that is a line of fixed length that says where it is.
//!
//! A **seal** before the footer of Parquet and Arrow files, and the last line of JSON lines, has the digest of
//! what directory and manifest stand in. So a file proves itself piece by piece: nothing is decoded whose digest was
//! not checked before. (Parquet files of the first release have neither directory nor seal; only the stamp under which
//! they are cited proves them.)

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
