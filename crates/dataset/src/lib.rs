//! Reading datasets, plain or packed, and the form of the rows that workers write.
//!
//! [`resolve`] turns the paths of a recipe into [`Source`]s, which are sniffed, identified, and in plan order. Their [`Format`]
//! says how they are read. A [`LineStream`] reads any text format, or a slice of it, in blocks of whole lines: JSONL as it is, and
//! arrays, pretty-printed JSON, CSV and text files converted while they are read. A [`TableStream`] reads columnar files. Workers
//! write the rows of a partition in a [`RowsForm`], from which they can be read again.
//!
//! ```
//! use coldpress_dataset::{resolve, Block, LineStream};
//! use coldpress_record::Lines;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("data.jsonl");
//! std::fs::write(&path, "{\"id\": 1}\n\n{\"id\": 2}\n").unwrap();
//!
//! let resolved = resolve(&[path.display().to_string()], &[])?;
//! let mut stream = LineStream::open(&resolved.sources[0], 0, None, 1 << 26)?;
//! let mut lines = Lines::default();
//! assert_eq!(stream.next_block(&mut lines)?, Block::Lines);
//! assert_eq!(lines.records.len(), 2);
//! # Ok::<(), coldpress_dataset::Error>(())
//! ```
//!
//! This crate does not know operators or jobs.

mod convert;
mod decode;
mod error;
mod format;
mod line_stream;
mod options;
mod resolve;
mod rows;
mod sniff;
mod source;
mod table_stream;

pub use error::{Error, Result};
pub use format::{CsvColumn, CsvDialect, CsvHeader, CsvKind, Encoding, FileCompression, Format};
pub use line_stream::{Block, Damage, LineStream};
pub use options::ResolveOptions;
pub use resolve::{Found, IsInput, MissingFile, Resolved, local_path, resolve, resolve_inputs};
pub use rows::{RowsEncoder, RowsForm, TableRowsReader, TableRowsWriter, decode_rows};
pub use source::{
    InputFile, Location, Remote, Sealed, Source, SourceIdentity, Touched, open_source,
};
pub use table_stream::{
    ColumnKind, KnownParts, RowGroup, TableFile, TableRows, TableStream, rows_of_weight,
};

/// The version of the reader, which is part of the chain hash. It is raised whenever the same bytes would give other records.
pub const READER_VERSION: u32 = 2;

#[cfg(test)]
mod tests;
