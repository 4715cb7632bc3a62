//! The tests of the crate that need only its public interface.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "tests/support.rs"]
mod support;

// The journal says what was written to it, over all its drivers.
#[path = "tests/journal.rs"]
mod journal;

// Torn, flipped, missing and late bytes.
#[path = "tests/damage.rs"]
mod damage;

// Records that cannot be true are refused.
#[path = "tests/contradictions.rs"]
mod contradictions;

// Records that are longer than a line may be.
#[path = "tests/long_records.rs"]
mod long_records;

// Any valid history: the replay from disk equals what was known.
#[path = "tests/history.rs"]
mod history;

// Journals that were written once and are never rewritten.
#[path = "tests/fixtures.rs"]
mod fixtures;

// A journal that is read repeatedly while it is written.
#[path = "tests/follow.rs"]
mod follow;

// The figures for a first look, and the view that saves reading the journal.
#[path = "tests/figures.rs"]
mod figures;

// Decisions about the whole dataset: when they count, and when they are void.
#[path = "tests/barriers.rs"]
mod barriers;

// Views of the plan.
#[path = "tests/mapping.rs"]
mod mapping;

// Jobs among other files and folders.
#[path = "tests/listing.rs"]
mod listing;

// Stopping the driver and no other process.
#[cfg(target_os = "linux")]
#[path = "tests/stop.rs"]
mod stop;
