//! Errors while deciding about a dataset.

use std::io;

use coldpress_operator::value::{Kind, NotJson};

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that prevented a decision.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file for sorting beyond the memory limit could not be made, written or read.
    #[error("cannot sort on disk in `{folder}`")]
    Scratch {
        /// The folder of the files.
        folder: String,
        /// The cause.
        source: io::Error,
    },
    /// A signature or decision file could not be read or written.
    #[error("cannot {action} {what}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The kind of file.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// A file is damaged.
    #[error("{what} is damaged: {reason}")]
    Damaged {
        /// The kind of file.
        what: &'static str,
        /// The damage.
        reason: String,
    },
    /// Records are ordered by a field whose values cannot be compared with each other.
    #[error(
        "the field is {one} in record {one_ordinal} and {other} in record {other_ordinal} (counted from 0), and these \
         cannot be compared; select by a field of one kind"
    )]
    Mixed {
        /// The kind of the first value.
        one: Kind,
        /// The record that has it.
        one_ordinal: u64,
        /// A kind that cannot be compared with it.
        other: Kind,
        /// The first record of that kind.
        other_ordinal: u64,
    },
    /// Records are selected by a field that is a list or an object.
    #[error(
        "the field is {kind} in record {ordinal} (counted from 0); select by a field of texts, numbers or nulls"
    )]
    NotScalar {
        /// The record.
        ordinal: u64,
        /// The kind of the field's value.
        kind: Kind,
    },
    /// A tag is a list or an object, which no field can equal.
    #[error("a tag is {kind}; tags are texts, numbers or null")]
    Tag {
        /// The kind of the tag.
        kind: Kind,
    },
    /// A share is zero and there is no count. Data-Juicer fails in this case.
    #[error("a share of 0 without a count selects nothing; give a count or a greater share")]
    NoAmount,
    /// The job was asked to stop.
    #[error("stopped")]
    Stopped,
}

impl From<NotJson> for Error {
    fn from(error: NotJson) -> Self {
        Self::Damaged {
            what: "a signature",
            reason: error.to_string(),
        }
    }
}
