//! What is stored of a partition on its way, and how it is got back.
//!
//! - [`CheckpointStore`] is where checkpoint files lie: a small trait with a written contract, so that an object
//!   store can be one. [`LocalStore`] is a folder, [`MemoryStore`] is for tests; the feature `suite` holds the
//!   contract as functions that any store can be run against.
//! - [`RowsWriter`] writes the records of a partition as they are between two operators, with their origins and
//!   statistics, as a Parquet file that carries its [`Manifest`]. [`RowsReader`] proves the file whole before it
//!   decodes a byte of it; [`IndexedRows`] pairs plain lines with a file that holds all but the records.
//! - [`points`] says where a [`Strategy`] wants checkpoints, [`usable`] which of those that exist may be used.
//!
//! A checkpoint counts when something durable cites its [`FileStamp`](coldpress_storage::FileStamp); no name and
//! no listing ever means that it is good.
//!
//! ```
//! use std::sync::Arc;
//! use coldpress_checkpoint::{
//!     CheckpointStore, Compression, Format, Manifest, MemoryStore, RowBlock, RowsOptions, RowsReader, RowsWriter,
//!     checkpoint_name,
//! };
//! use coldpress_record::{Batch, DeclaredFields, FieldsSeen, Ledger, Lines};
//! use coldpress_storage::Digest;
//!
//! # fn main() -> coldpress_checkpoint::Result<()> {
//! let fields = DeclaredFields::new(["text"]);
//! let mut lines = Lines::new(0);
//! lines.push(0, br#"{"text": "kept as it is", "n": 1.50}"#);
//! let mut batch = Batch::default();
//! batch.fill(&mut lines, &fields, &mut Vec::new());
//!
//! let store: Arc<dyn CheckpointStore> = Arc::new(MemoryStore::new());
//! let name = checkpoint_name(3, 2, "clean_links_mapper", 1, 1, Format::Parquet, Compression::Zstd);
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
//! It knows neither operators nor events nor jobs: a chain hash is a text to it.

mod error;
mod format;
mod name;
mod store;

mod container;
mod delta;
mod manifest;
mod object;
mod rows;

mod choose;
mod points;

#[cfg(any(test, feature = "suite"))]
pub mod suite;

pub use choose::{Candidate, usable};
pub use container::{ContainerGroup, ContainerOptions, ContainerReader, ContainerWriter};
pub use delta::{
    DeltaBase, DeltaChain, DeltaOptions, DeltaReader, DeltaReplay, DeltaWriter, SectionDamage,
    SectionManifest,
};
pub use error::{Error, Result};
pub use format::{Compression, Format};
pub use manifest::{DroppedRows, Manifest, SCHEMA_VERSION};
pub use name::{ObjectName, checkpoint_name, delta_name};
pub use object::{
    Description, ObjectKind, SectionDescription, Verified, describe, rewrite, to_full, verify,
};
pub use points::{Strategy, points};
pub use rows::{IndexedRows, RowBlock, RowsOptions, RowsReader, RowsWriter};
pub use store::{
    CheckpointStore, Fault, LocalStore, MemoryStore, ObjectMeta, Step, StoreReader, StoreWriter,
    verify_stamp,
};
