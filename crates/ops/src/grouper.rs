//! Groupers: operators that make one record of several, and one that works the other way.
//!
//! A grouper makes a digest of the key that a record is grouped by; which records have the same key is found out by the digests
//! of all.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod key_value;
mod naive;
mod naive_reverse;

/// All groupers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![key_value::spec(), naive::spec(), naive_reverse::spec()]
}
