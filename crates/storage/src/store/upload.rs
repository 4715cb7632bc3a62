//! Objects that may take the place of others: what an output needs that is not a job's own file.

use std::fmt;
use std::io;

use super::name::ObjectName;
use crate::{Error, FileStamp, Result};

/// What a store calls a content of an object: its ETag, or the number of its version. Two contents of one name never have
/// the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectVersion {
    /// The object.
    pub name: ObjectName,
    /// What its content is called now.
    pub version: String,
    /// Its length in bytes.
    pub length: u64,
}

/// What must be at a name when an upload takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// An object of this version.
    Version(String),
    /// Whatever there is.
    Anything,
}

impl Expected {
    /// What was found must still be there.
    #[must_use]
    pub fn of(found: Option<&ObjectVersion>) -> Self {
        match found {
            None => Self::Nothing,
            Some(found) => Self::Version(found.version.clone()),
        }
    }
}

/// An object that is being uploaded. Nothing of it is seen before it is [completed](SealedUpload::complete); dropped before
/// that, it never becomes an object. A crash may leave bytes that nobody sees and that
/// [`abandon_uploads`](crate::ObjectStore::abandon_uploads) removes.
pub trait Upload: io::Write + fmt::Debug + Send {
    /// The object's name.
    fn name(&self) -> &ObjectName;

    /// Hands over the last bytes: what is left to do takes no time that depends on the length.
    ///
    /// # Errors
    /// [`Error::Store`] when this or an earlier write failed.
    fn seal(self: Box<Self>) -> Result<Box<dyn SealedUpload>>;
}

/// An object whose bytes are with the store, and that nobody sees yet.
pub trait SealedUpload: fmt::Debug + Send {
    /// The object's name.
    fn name(&self) -> &ObjectName;

    /// Length and digest of the bytes.
    fn stamp(&self) -> FileStamp;

    /// Makes it the object of its name, whole and at once and durably, if what is there is what is expected; gives its
    /// version. Of any number of uploads that expect the same, one is completed. When the answer got lost and the call is
    /// made again by the store itself, it does not fail because of its own success.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] or [`Error::Changed`] when something else is there, which then stays; [`Error::Store`].
    fn complete(self: Box<Self>, expected: &Expected) -> Result<String>;
}

/// Compares what is there with what is expected.
pub(super) fn check(
    store: &dyn fmt::Display,
    name: &ObjectName,
    found: Option<&str>,
    expected: &Expected,
) -> Result<()> {
    let what = match (expected, found) {
        (Expected::Anything, _) | (Expected::Nothing, None) => return Ok(()),
        (Expected::Version(expected), Some(found)) if expected == found => return Ok(()),
        (Expected::Nothing, Some(_)) => {
            return Err(Error::AlreadyExists {
                store: store.to_string(),
                name: name.to_string(),
            });
        }
        (Expected::Version(_), Some(_)) => "it was written anew",
        (Expected::Version(_), None) => "it was deleted",
    };
    Err(Error::Changed {
        url: name.to_string(),
        what: what.to_owned(),
    })
}
