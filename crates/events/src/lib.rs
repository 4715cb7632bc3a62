//! The event log of a job. It is written alongside the work and never delays it.
//!
//! - [`Event`] records that something happened, and [`EventKind`] what it was.
//! - [`EventLog`] owns the thread that writes `events.jsonl` (for programs) and `events.log` (for people), rotates and compresses
//!   them. [`EventSink`] is the cheap handle that all emitters of events get; [`EventLog::subscribe`] lets a program listen.
//! - [`read_events`] and [`follow`] read a log, including rotated files, through an [`EventFilter`].
//!
//! ```
//! use coldpress_events::{Event, EventFilter, EventKind, EventLog, LogOptions, read_events};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let log = EventLog::open(folder.path(), "demo", LogOptions::default())?;
//! let sink = log.sink();
//! sink.emit(Event::new(EventKind::JobStart, "started"));
//! sink.emit(
//!     Event::new(EventKind::OpComplete, "done")
//!         .partition(3_u64)
//!         .operation("clean_links_mapper", 0)
//!         .rows(1000, 990)
//!         .duration_seconds(0.5),
//! );
//! log.close()?;
//!
//! let filter = EventFilter::new().kind("OPERATION_COMPLETE".parse()?);
//! let events = read_events(folder.path(), filter)?.collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(events.len(), 1);
//! assert_eq!(events[0].throughput(), Some(2000.0));
//! # Ok(())
//! # }
//! ```
//!
//! # On disk
//!
//! Each line is one JSON object. Fields without a value are left out. `sequence` strictly increases, even over restarts, and a gap
//! in it means lost events. A file over the size limit becomes `events.1.jsonl`, then `events.2.jsonl` and so on (the highest
//! number is the newest), and is compressed to `.gz` in the background. A line that a crash left incomplete is cut off at the next
//! start.
//!
//! # Compatibility
//!
//! Field names and lower-case kind names are those of Data-Juicer's event files, so each side's readers can read the other's files.
//! `schema_version` is [`SCHEMA_VERSION`]; a newer one is [`Error::Newer`]. Unknown kinds are kept as text, and unknown fields are
//! ignored.
//!
//! # What it is not
//!
//! The log is not the authority about a job: no count and no resume depends on it, it is not synced event by event, and a crash may
//! lose the last few events. A full or stalled device never stalls an emitter.

mod event;
mod kind;
mod level;

mod error;
mod log;
mod options;
mod sink;
mod subscription;

mod line_file;
mod rotate;
mod text_line;
mod writer;

mod filter;
mod follow;
mod lines;
mod query;
pub mod time;

pub use error::{Error, Result};
pub use event::{Event, PerformanceMetrics, SCHEMA_VERSION};
pub use filter::EventFilter;
pub use follow::{Follow, follow};
pub use kind::EventKind;
pub use level::Level;
pub use log::EventLog;
pub use options::LogOptions;
pub use query::{EventReader, last_events, read_events};
pub use sink::EventSink;
pub use subscription::Subscription;
