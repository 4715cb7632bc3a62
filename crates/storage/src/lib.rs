//! How bytes become durable: immutable files, atomic replacement, a framed log, locks.
//!
//! - [`NewFile`] writes an immutable file under its final name and gives back its [`FileStamp`]
//!   (length and [`Digest`]). A file counts only when something durable cites that stamp, so
//!   neither a name nor a directory's existence ever means "done".
//! - [`replace`] swaps a view (a file that can be made again) in one step.
//! - [`LogWriter`] and [`read_log`] are an append-only log of JSON records with a checksum per
//!   line, group commit, and a rule for the one line that a crash may tear.
//! - [`FileLock`] keeps a second driver on the same host out.
//! - [`Obstacle`] tells what no other try would get past: a full disk, a read-only file system.
//! - [`open_file`] and [`read_small`] read files that anyone may have replaced by a pipe, a device or a huge file.
//! - [`crash_point!`] names the places where tests kill the process.
//!
//! ```
//! use coldpress_storage::{FileRef, LogWriter, NewFile, TornTail, read_log};
//! use std::io::Write;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let mut file = NewFile::create(&folder.path().join("result.jsonl"))?;
//! file.write_all(b"{\"text\":\"hello\"}\n")?;
//! let stamp = file.finish()?;
//! assert_eq!(stamp.length, 17);
//!
//! let path = folder.path().join("000001.jsonl");
//! let mut log = LogWriter::create_new(&path, 1)?;
//! log.append(&FileRef::new("result.jsonl", stamp))?;
//! log.sync()?;
//!
//! let contents = read_log(&path, None, TornTail::Refuse)?;
//! let cited: FileRef = contents.frames[0].decode()?;
//! cited.verify(folder.path())?;
//! # Ok(())
//! # }
//! ```
//!
//! This crate does not know what a record, a partition or a job is, and it deletes nothing that it
//! was not told to delete.

mod error;

pub mod atomic;
pub mod crash_point;
mod digest;
mod directory;
mod file_id;
mod file_ref;
mod lock;
mod log;
mod log_reader;
mod new_file;
mod obstacle;
mod open;
mod start;
mod volatile;

pub use atomic::{exchange_dirs, remove_durable, rename_durable, replace};
pub use digest::{Digest, Hasher, digest_file, verify};
pub use directory::{
    check_writable, create_dir_all_durable, create_dir_durable, real_folder, real_place, sync_dir,
};
pub use error::{Error, Result};
pub use file_id::FileId;
pub use file_ref::{FileRef, FileStamp};
pub use lock::{FileLock, Holder};
pub use log::{FIRST_SEQUENCE, LogWriter, MAX_LINE_BYTES};
pub use log_reader::{Frame, LogContents, LogReader, TornTail, read_log};
pub use new_file::NewFile;
pub use obstacle::Obstacle;
pub use open::{name_of, open_file, open_file_with, read_small};
pub use start::{spawn, spawn_scoped};
