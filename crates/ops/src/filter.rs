//! Filters: operators that compute statistics and keep or drop a record by them.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod alphanumeric;
mod character_repetition;
mod range;
mod special_characters;
mod text_length;
mod word_repetition;

/// All filters.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        alphanumeric::spec(),
        character_repetition::spec(),
        special_characters::spec(),
        text_length::spec(),
        word_repetition::spec(),
    ]
}
