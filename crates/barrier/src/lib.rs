//! Decides for operators that need the whole dataset.
//!
//! Workers write a *signature* of each record: hashes, or the value of a field, but never the record itself. When all partitions of
//! a stage have theirs, the records are judged by them:
//!
//! - If every record keeps its place ([`judge`]), each partition gets its *decision*: the rows that stay, the records that the
//!   other rows duplicate, and the parts of records that are cut out.
//! - If not ([`select`], [`find_groups`]), the stage gets an [`Arrangement`]: the positions of each record in the output. The
//!   [`Arranger`] sorts whole records by it.
//!
//! [`answer`] returns one or the other, according to the operator's rule. [`survey`], [`Tally`] and [`list_duplicates`] report to
//! people what deduplicators removed.
//!
//! Signatures are read from the first partition to the last, so a record is identified by its *ordinal*: its place among all
//! records of the stage, from 0. The record with the least ordinal in a cluster of duplicates stays, unless the rule names a key.
//!
//! Memory is bounded by [`Room`]: data that doesn't fit is sorted in runs on disk, in files without names, so a crash leaves
//! nothing behind. Three structures take memory on top of that: the [`Clusters`] four bytes per record (eight beyond 4,294,967,295
//! records), the records without a signature eight bytes each, and fingerprints that may differ in 15 bits or more sixteen bytes
//! each.

mod alike;
mod answer;
mod arrangement;
mod clusters;
mod column;
mod decision;
mod duplicates;
mod encoding;
mod entry;
mod error;
mod frequent;
mod gone;
mod grouping;
mod in_order;
mod judge;
mod least;
mod listing;
mod near;
mod order;
mod read;
mod room;
mod selection;
mod sets;
mod signature;
mod sort;
mod spool;
mod survey;
mod tally;

pub use answer::{Answer, answer};
pub use arrangement::{Arranged, ArrangedRecords, Arrangement, Arranger};
pub use clusters::Clusters;
pub use decision::Verdict;
pub use duplicates::find_duplicates;
pub use error::{Error, Result};
pub use gone::{Gone, GoneWriter};
pub use grouping::{Groups, Member, find_groups};
pub use judge::{Judgement, judge};
pub use listing::{Listed, ListingReader, list_duplicates};
pub use order::{Order, Ordinals};
pub use read::ReadAt;
pub use room::Room;
pub use selection::select;
pub use signature::{SignatureReader, SignatureWriter};
pub use survey::{Cluster, SizeClass, Survey, survey};
pub use tally::{Tallied, Tally};
