//! Cutting a dataset into partitions: disjoint slices of whole lines, in dataset order.
//!
//! A [`Cutter`] reads the sources once, in order, and yields a [`PlannedPartition`] whenever one is complete, so that work can
//! begin before the plan is complete. The cuts depend only on the bytes and the [`CutSettings`]. A partition is virtual: a
//! [`Slice`] says where its records are and what hash their bytes have. Only slices of sources that cannot be sought are copied.
//!
//! ```
//! use coldpress_dataset::resolve;
//! use coldpress_partition::{CopyPlace, Cut, CutSettings, Cutter};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("data.jsonl");
//! std::fs::write(&path, "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n").unwrap();
//! let sources = resolve(&[path.display().to_string()], &[])?.sources;
//!
//! let settings = CutSettings { max_records: 2, ..CutSettings::default() };
//! let copies = std::sync::Arc::new(coldpress_storage::MemoryStore::new());
//! let mut cutter = Cutter::new(sources, settings, CopyPlace::new(copies, 1));
//! let mut sizes = Vec::new();
//! while let Some(cut) = cutter.next_cut()? {
//!     if let Cut::Partition(partition) = cut {
//!         sizes.push((partition.slice.start, partition.slice.records));
//!     }
//! }
//! assert_eq!(sizes, [(0, 2), (20, 1)]);
//! # Ok::<(), coldpress_dataset::Error>(())
//! ```
//!
//! This crate does not know operators, jobs or how a partition is processed.

mod cutter;
mod fetched;
mod machine;
mod mixing;
mod modality;
mod sample;
mod settings;
mod sizing;
mod slice;
mod task;
mod verify;

pub use cutter::{Cut, Cutter};
pub use fetched::Fetched;
pub use machine::{ASSUMED_MEMORY_BYTES, MemoryLimit, MemoryLimitFrom, memory_limit};
pub use mixing::{Draw, Mixing, Part};
pub use modality::{MediaFields, Modality, ModalityCounts};
pub use sample::{DEFAULT_SAMPLE_BYTES, Sample, SampledRecords, sample};
pub use settings::{CopyPlace, Copying, CutSettings, Share};
pub use sizing::{Decision, SizeRow, Sizing, SizingFacts, choose};
pub use slice::{MARK_RECORDS, PlannedPartition, Slice};
pub use task::Task;
pub use verify::verify_slices;
