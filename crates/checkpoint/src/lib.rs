//! Stores the state of a partition between two operators, and restores it.
//!
//! - [`DeltaWriter`] writes what operators did to the batches of an attempt, with a section for each point. Most checkpoints are of
//!   this kind. [`DeltaReader`] and [`DeltaChain`] bring batches of the input to any of these points.
//! - [`RowsWriter`] writes the records of a partition between two operators, with their origins and statistics. [`RowsReader`]
//!   verifies the whole file before it decodes a byte of it; [`IndexedRows`] combines plain lines with a file that holds everything
//!   but the records.
//! - Both have a [`Manifest`], and are [containers](ContainerWriter) in one of three [formats](Format), with any
//!   [compression](Compression). [`describe`], [`verify`] and [`rewrite`] accept files of every kind.
//! - [`points`] returns where a [`Strategy`] wants checkpoints.
//!
//! A checkpoint counts if something durable refers to its [`FileStamp`](coldpress_storage::FileStamp). A name or a listing never
//! means that it is good.
//!
//! ```
//! use coldpress_checkpoint::{
//!     Format, Manifest, RowBlock, RowsOptions, RowsReader, RowsWriter,
//! };
//! use coldpress_record::{Batch, DeclaredFields, FieldsSeen, Ledger, Lines};
//! use coldpress_storage::{AttemptName, Digest, MemoryStore, ObjectStore};
//!
//! # fn main() -> coldpress_checkpoint::Result<()> {
//! let fields = DeclaredFields::new(["text"]);
//! let mut lines = Lines::new(0);
//! lines.push(0, br#"{"text": "kept as it is", "n": 1.50}"#);
//! let mut batch = Batch::default();
//! batch.fill(&mut lines, &fields, &mut Vec::new());
//!
//! let store = MemoryStore::new();
//! let name = AttemptName::new(3, 1, 1).of_operator(2, "clean_links_mapper").suffix(".parquet").object()?;
//! assert_eq!(name.as_str(), "partition_000003_op_002_clean_links_mapper.e1.a1.parquet");
//! let mut writer = RowsWriter::create(store.put_new(&name)?, &RowsOptions::default())?;
//! writer.write(&batch, &fields)?;
//! let manifest = Manifest {
//!     partition: 3,
//!     operation: 2,
//!     chain: "the chain hash after two operators".into(),
//!     slice: Digest::of(b"the bytes that the partition was read from"),
//!     ledger: Ledger::default(),
//!     rows: writer.rows(),
//!     error_marks: Vec::new(),
//!     unreadable: Vec::new(),
//!     quarantine: Vec::new(),
//!     seen: FieldsSeen::default(),
//!     types: None,
//!     dropped: None,
//!     trace: None,
//! };
//! let stamp = writer.finish(&manifest)?;
//!
//! let mut reader = RowsReader::open(store.get(&name)?, &stamp)?;
//! assert_eq!(reader.manifest(), &manifest);
//! let mut block = RowBlock::default();
//! assert!(reader.next(&mut block)?);
//! block.fill_batch(&mut batch, &fields)?;
//! let mut line = Vec::new();
//! batch.write_record(0, &fields, &mut line);
//! assert_eq!(line, b"{\"text\": \"kept as it is\", \"n\": 1.50}\n");
//! assert!(!reader.next(&mut block)?);
//! # Ok(())
//! # }
//! ```
//!
//! The same checkpoint, as a delta:
//!
//! ```
//! use coldpress_checkpoint::{
//!     Compression, DeltaBase, DeltaOptions, DeltaReader, DeltaWriter, Format,
//! };
//! # use coldpress_checkpoint::{Manifest, Result};
//! use coldpress_record::{Batch, DeclaredFields, Lines};
//! # use coldpress_record::{FieldsSeen, Ledger};
//! use coldpress_storage::{AttemptName, MemoryStore, ObjectStore};
//! # use coldpress_storage::Digest;
//!
//! # fn manifest(operation: u32, rows: u64) -> Manifest {
//! #     Manifest {
//! #         partition: 3, operation, chain: String::new(), slice: Digest::of(b""), ledger: Ledger::default(), rows,
//! #         error_marks: Vec::new(), unreadable: Vec::new(), quarantine: Vec::new(), seen: FieldsSeen::default(),
//! #         types: None, dropped: None, trace: None,
//! #     }
//! # }
//! # fn main() -> Result<()> {
//! let fields = DeclaredFields::new(["text"]);
//! let read = |batch: &mut Batch| {
//!     let mut lines = Lines::new(0);
//!     lines.push(0, br#"{"text": "kept"}"#);
//!     lines.push(17, br#"{"text": "dropped"}"#);
//!     batch.fill(&mut lines, &fields, &mut Vec::new());
//! };
//! let mut batch = Batch::default();
//! read(&mut batch);
//! batch.begin_record();
//! batch.retain(|row| row == 0);
//! let mut part = Vec::new();
//! batch.end_record(&mut part);
//!
//! let store = MemoryStore::new();
//! let name = AttemptName::new(3, 1, 1).labelled("deltas").suffix(".jsonl.zst").object()?;
//! let options = DeltaOptions {
//!     format: Format::Jsonl,
//!     compression: Compression::Zstd,
//!     fields: &["text".to_owned()],
//!     stats: &[],
//!     base: &DeltaBase::default(),
//! };
//! let mut writer = DeltaWriter::create(store.put_new(&name)?, &options)?;
//! writer.write_part(0, 2, 1, &part)?;
//! let rows = writer.rows(0);
//! let stamp = writer.finish(&manifest(1, rows), &[manifest(1, rows)])?;
//!
//! let deltas = DeltaReader::open(store.get(&name)?, &stamp)?;
//! let mut replay = deltas.replayer(1)?;
//! read(&mut batch);
//! replay.next(&mut batch, &fields)?;
//! replay.finish()?;
//! assert_eq!(batch.selection(), [0]);
//! # Ok(())
//! # }
//! ```
//!
//! This crate knows neither operators nor events nor jobs; to it, a chain hash is just a text.

mod error;
mod format;

mod container;
mod delta;
mod manifest;
mod object;
mod rows;
mod table;
mod traced;

mod points;

mod analyze;
mod migrate;

pub use analyze::{Analysis, Repeated, Share, analyze, is_checkpoint_name};
pub use container::{ContainerGroup, ContainerOptions, ContainerReader, ContainerWriter};
pub use delta::{
    DeltaBase, DeltaChain, DeltaOptions, DeltaReader, DeltaReplay, DeltaWriter, SectionDamage,
    SectionManifest,
};
pub use error::{Error, Result};
pub use format::{Compression, Format};
pub use manifest::{DroppedRows, Manifest, SCHEMA_VERSION};
pub use migrate::{MigrateOptions, Migrated, MigrationOutcome, NameUse, migrate};
pub use object::{
    Description, ObjectKind, SectionDescription, Verified, describe, rewrite, verify,
};
pub use points::{Strategy, points};
pub use rows::{IndexedRows, RowBlock, RowGroups, RowsOptions, RowsReader, RowsWriter};
pub use table::{TableOptions, TableWriter};
pub use traced::{Traced, TracedFile};
