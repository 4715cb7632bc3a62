//! Filters: operators that compute statistics and keep or drop a record by them.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod alphanumeric;
mod average_line_length;
mod character_repetition;
mod command;
mod flagged_words;
mod general_field;
mod language_id_score;
mod maximum_line_length;
mod perplexity;
mod python;
mod range;
mod special_characters;
mod specified_field;
mod specified_numeric_field;
mod stopwords;
mod suffix;
mod text_length;
mod token_num;
mod value;
mod word_lists;
mod word_repetition;
mod words;
mod words_num;

/// Returns the descriptions of all filters.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        alphanumeric::spec(),
        average_line_length::spec(),
        character_repetition::spec(),
        command::spec(),
        flagged_words::spec(),
        general_field::spec(),
        language_id_score::spec(),
        maximum_line_length::spec(),
        perplexity::spec(),
        python::spec(),
        special_characters::spec(),
        specified_field::spec(),
        specified_numeric_field::spec(),
        stopwords::spec(),
        suffix::spec(),
        text_length::spec(),
        token_num::spec(),
        word_repetition::spec(),
        words_num::spec(),
    ]
}
