//! Groupers: operators that make one record of several.
//!
//! Each makes a digest of the key that a record is grouped by; which records have the same key is found out by the digests
//! of all.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod key_value;
mod naive;

/// All groupers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![key_value::spec(), naive::spec()]
}
