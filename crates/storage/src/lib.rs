//! How bytes become durable: immutable files, atomic replacement, a framed log, locks.
//!
//! - [`NewFile`] writes an immutable file under its final name and gives back its [`FileStamp`]
//!   (length and [`Digest`]). A file counts only when something durable cites that stamp, so
//!   neither a name nor a directory's existence ever means "done".
//! - [`replace`] swaps a view (a file that can be made again) in one step.
//! - [`LogWriter`] and [`read_log`] are an append-only log of JSON records with a checksum per
//!   line, group commit, and a rule for the one line that a crash may tear.
//! - [`ObjectStore`] is where the files of a job's attempts lie: a small trait with a written contract, so that an object
//!   store can be one. [`LocalStore`] is a folder, [`MemoryStore`] is for tests; the feature `suite` holds the contract as
//!   functions that any store can be run against. [`Stores`] has one for each [`Place`] of a job, [`ObjectRef`] cites a file
//!   in one, and [`AttemptName`] is what such a file is called.
//! - [`RemoteFiles`] are files behind URLs that others wrote. A [`Scheme`] is a kind of places that URLs lead to, and
//!   [`StoreSchemes`] are those that a program knows.
//! - [`Waits`] knows the servers that do not answer: it tells listeners, and ends requests when there is no time any more.
//! - [`FileLock`] keeps a second driver on the same host out.
//! - [`Obstacle`] tells what no other try would get past: a full disk, a read-only file system.
//! - [`open_file`] and [`read_small`] read files that anyone may have replaced by a pipe, a device or a huge file.
//! - [`UnsealedFile`] reads encrypted files, and [`seal_file`] writes them, in the form of Data-Juicer.
//! - [`crash_point!`] names the places where tests kill the process.
//!
//! ```
//! use coldpress_storage::{
//!     AttemptName, LogWriter, ObjectRef, Place, StoreSchemes, StoreSpecs, Stores, TornTail, read_log,
//! };
//! use std::io::Write;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let stores = Stores::open(StoreSpecs::in_folder(folder.path()), &StoreSchemes::default())?;
//! let name = AttemptName::new(3, 1, 2).suffix(".jsonl").object()?;
//! let mut file = stores.put_new(Place::Results, &name)?;
//! file.write_all(b"{\"text\":\"hello\"}\n")?;
//! let stamp = file.finish()?;
//! assert_eq!(stamp.length, 17);
//!
//! let path = folder.path().join("000001.jsonl");
//! let mut log = LogWriter::create_new(&path, 1)?;
//! log.append(&ObjectRef::new(Place::Results, name, stamp))?;
//! log.sync()?;
//!
//! let contents = read_log(&path, None, TornTail::Refuse)?;
//! let cited: ObjectRef = contents.frames[0].decode()?;
//! stores.verify(&cited)?;
//! # Ok(())
//! # }
//! ```
//!
//! This crate does not know what a record is or what a job does, and it deletes nothing that it was not told to delete.

mod armed_point;
pub mod atomic;
pub mod crash_point;
mod digest;
mod directory;
mod error;
mod exchange;
mod fernet;
mod file_id;
mod hasher;
mod lock;
mod log;
mod log_line;
mod log_mark;
mod log_reader;
mod mirror;
mod new_file;
mod obstacle;
mod open;
mod parent;
mod remote;
mod spelling;
mod stamp;
mod start;
mod store;
mod verify;
mod volatile;
mod waits;

pub(crate) use atomic::remove_unsynced;
pub use atomic::{
    exchange_dirs, remove_durable, remove_leftovers_of, rename_durable, replace, replace_together,
    replace_unsynced, replace_unsynced_with,
};
pub use digest::{Digest, InvalidDigest};
pub use directory::{
    check_writable, create_dir_all_durable, create_dir_durable, create_dirs_durable, real_folder,
    real_place, sync_dir,
};
pub use error::{Error, Result};
pub use fernet::{
    FernetKey, KEY_VARIABLE, KeyPlace, SealedBytes, UnsealedFile, looks_sealed, seal_file,
    seal_into,
};
pub use file_id::FileId;
pub use hasher::Hasher;
pub use lock::{FileLock, Holder};
pub use log::{LogSink, LogWriter};
pub use log_line::{FIRST_SEQUENCE, MAX_LINE_BYTES};
pub use log_mark::{LineMark, LogMark};
pub use log_reader::{Frame, LogContents, LogReader, TornTail, read_log};
pub use mirror::Mirror;
pub use new_file::NewFile;
pub use obstacle::{NoBucket, Obstacle};
pub use open::{name_of, open_file, open_file_with, read_small};
pub use remote::{RemoteFile, RemoteFiles, RemoteMeta};
pub use spelling::{one_spelling, spelled_alike};
pub use stamp::FileStamp;
pub use start::{spawn, spawn_scoped};
#[cfg(any(test, feature = "suite"))]
pub use store::suite;
pub use store::{
    AttemptName, ComposedWriter, Expected, Fault, LocalStore, MemoryStore, NotOfAttempt, ObjectKey,
    ObjectMeta, ObjectName, ObjectReader, ObjectRef, ObjectStore, ObjectVersion, Packing, Place,
    Scheme, SealedUpload, Step, StorageOptions, StoreReader, StoreSchemes, StoreSpec, StoreSpecs,
    StoreWriter, StoredObject, Stores, Upload, put_if, verify_stamp,
};
pub use verify::{digest_file, verify};
pub use waits::{WaitListener, WaitNews, Waiting, Waits};
