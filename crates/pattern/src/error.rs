//! Reasons why a pattern or a replacement is refused, and why a search is given up.

/// The result of reading a pattern or a replacement.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a pattern or a replacement is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pattern is wrong in Python too.
    #[error("{reason} (character {at})")]
    Pattern {
        /// In which way.
        reason: String,
        /// Where that was found out: the number of a character of the pattern, from 1.
        at: usize,
    },
    /// Python understands the pattern, and this crate does not.
    #[error("{what} not supported (character {at})")]
    Unsupported {
        /// The missing feature with its verb, such as `recursion is`.
        what: String,
        /// As for a pattern that is wrong.
        at: usize,
    },
    /// The replacement is wrong, or names a group that the pattern does not have.
    #[error("{reason}")]
    Template {
        /// In which way.
        reason: String,
    },
}

/// A pattern takes too many steps in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pattern takes more steps than are allowed in this text; the usual cause is a repeat within a repeat, such as `(a+)+`"
)]
pub struct TooManySteps;
