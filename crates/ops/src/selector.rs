//! Selectors: operators that keep some records of the dataset, by the rank of a field among those of all records.
//!
//! Each notes the field of every record. The records to keep are chosen from the fields of all.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod by_field;
mod frequency_specified_field;
mod random;
mod range_specified_field;
mod tags_specified_field;
mod topk_specified_field;

/// Returns the descriptions of all selectors.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        frequency_specified_field::spec(),
        random::spec(),
        range_specified_field::spec(),
        tags_specified_field::spec(),
        topk_specified_field::spec(),
    ]
}
