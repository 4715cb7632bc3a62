//! How an operator that needs the whole dataset comes to its decision.
//!
//! Workers write a *signature* of each record: hashes, or the value of a field, never the record itself. When all
//! partitions of a stage have theirs, the records are judged by them:
//!
//! - Where every record keeps its place ([`judge`]), each partition gets its *decision*: which of its rows stay, whose
//!   duplicates the others are, and which parts of records are cut out.
//! - Where they do not ([`select`], [`find_groups`]), the stage gets an [`Arrangement`]: at which positions each record comes
//!   out. The [`Arranger`] sorts whole records by it.
//!
//! [`answer`] gives the one or the other, as the operator's rule says. [`survey`], [`Tally`] and [`list_duplicates`] say what
//! deduplicators removed, for people.
//!
//! Signatures are read from the first partition to the last, so a record is known by its *ordinal*: its place among all
//! records of the stage, from 0. Of a cluster of duplicates the record with the least ordinal stays, unless the rule names
//! a key.
//!
//! Memory is bounded by [`Room`]: what does not fit is sorted in runs on disk, in files without names, of which a crash
//! leaves nothing. Only the [`Clusters`] take four bytes per record (eight beyond 4,294,967,295 records) on top, the records
//! without a signature eight each, and fingerprints that may differ in 15 bits or more sixteen each.

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
