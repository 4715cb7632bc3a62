//! Files behind URLs that others wrote: what is read of them, and by whom.
//!
//! A job's own files lie in an [`ObjectStore`](crate::ObjectStore), whose names are its own. What a dataset consists of has
//! any name, was there before, and may be replaced at any time; so it is examined first, and read only as long as it is
//! what was examined.

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Result;

/// A kind of files behind URLs: a bucket of an object store, a web server, a hub of datasets.
///
/// Implementations wait and try again by themselves where that can help. Errors are [`Error::NotFound`](crate::Error::NotFound)
/// where nothing is there and [`Error::Store`](crate::Error::Store) with the cause as its source for all else; no text of
/// theirs holds a secret.
pub trait RemoteFiles: fmt::Debug + Send + Sync + 'static {
    /// Tells what is at this URL now.
    ///
    /// # Errors
    /// See the trait.
    fn examine(&self, url: &str) -> Result<RemoteMeta>;

    /// Calls `each` with the files whose URLs begin with `prefix`, in the order of their URLs as bytes, and holds no more of
    /// them than a page. It ends with the first error, also of `each`.
    ///
    /// # Errors
    /// See the trait; [`Error::Store`](crate::Error::Store) with an [`io::ErrorKind::Unsupported`](std::io::ErrorKind::Unsupported)
    /// where nothing can be listed, as on a web server.
    fn list(&self, prefix: &str, each: &mut dyn FnMut(RemoteMeta) -> Result<()>) -> Result<()>;

    /// Opens what was examined. Nothing is asked of the server yet.
    ///
    /// # Errors
    /// See the trait.
    fn open(&self, meta: &RemoteMeta) -> Result<Arc<dyn RemoteFile>>;
}

/// What is known of a file behind a URL without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteMeta {
    /// The whole URL, without secrets.
    pub url: String,
    /// Length in bytes.
    pub length: u64,
    /// What the server calls this very content: its ETag, or the number of its version. Two contents of one URL never have
    /// the same.
    pub version: Option<String>,
    /// Time of the last change, in nanoseconds since 1970; 0 where nobody says.
    pub modified_nanos: u64,
    /// Whether reading may begin anywhere. Else each reading begins at the first byte.
    pub seekable: bool,
}

/// A file behind a URL that is open for reading, from any number of threads.
///
/// Every answer is of the version that was examined. When there is another one now, reading fails with
/// [`Error::Changed`](crate::Error::Changed).
pub trait RemoteFile: fmt::Debug + Send + Sync {
    /// What was examined.
    fn meta(&self) -> &RemoteMeta;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store); its source is an
    /// [`io::ErrorKind::UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) when the file ends before the buffer is full.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Gives the bytes of a range in their order, and reads ahead of who takes them. A connection that breaks is made
    /// again where it broke.
    ///
    /// # Errors
    /// See [`RemoteFiles`]; reading gives them as the sources of [`std::io::Error`]s.
    fn stream(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>>;
}
