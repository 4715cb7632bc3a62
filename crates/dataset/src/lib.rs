//! How datasets are read and written: plain or packed, in files, directories and shards.
//!
//! [`resolve`] turns the paths of a recipe into [`Source`]s: sniffed, identified, in plan order. Their [`Format`] says
//! how they are read. A [`LineStream`] reads any text format, or a slice of it, in blocks of whole lines: JSONL as it
//! is, and what arrays, pretty-printed JSON, CSV and text files become while they are read. An [`ExportTarget`] says where the output goes and
//! in which form; a [`RowsEncoder`] packs what one worker writes, an [`ExportWriter`] puts the pieces together.
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
//! It knows nothing of operators or jobs.

mod convert;
mod decode;
mod error;
mod export;
mod line_stream;
mod resolve;
mod sniff;
mod source;
mod table_stream;

pub use error::{Error, Result};
pub use export::{
    DEFAULT_SHARD_BYTES, ExportForm, ExportTarget, ExportWriter, Finished, OWNERSHIP_SCHEMA,
    Ownership, ParquetCodec, Piece, RowsEncoder, RowsForm, Staged, Standing, TableRowsReader,
    TableRowsWriter, decode_rows, staged_digest,
};
pub use line_stream::{Block, Damage, LineStream};
pub use resolve::{
    Found, IsInput, KNOWN_SUFFIXES, MissingFile, ResolveOptions, Resolved, resolve, resolve_inputs,
    resolve_with,
};
pub use sniff::{Compression, Encoding};
pub use source::{
    CsvColumn, CsvDialect, CsvHeader, CsvKind, Format, Source, SourceIdentity, Touched,
};
pub use table_stream::{ColumnKind, KnownParts, RowGroup, TableFile, TableRows, TableStream};

/// The version of the reader: raised whenever the same bytes would give other records. Part of the chain hash.
pub const READER_VERSION: u32 = 2;

#[cfg(test)]
mod tests;
