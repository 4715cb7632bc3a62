//! Groupers: operators that make one record out of several, and one that does the reverse.
//!
//! A grouper makes a digest of the key that a record is grouped by. The groups are found by comparing the digests of all records.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod key_value;
mod naive;
mod naive_reverse;

/// Returns the descriptions of all groupers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![key_value::spec(), naive::spec(), naive_reverse::spec()]
}
