//! The built-in operators of Coldpress.
//!
//! [`builtin`] returns a [`Registry`] with all of them, and [`register`] adds them to one. Each operator is one file in the folder
//! of its kind, with vectors beside it that were made by running Data-Juicer. The pure functions that operators share, which find,
//! count and replace, are in [`text`]. The signatures that find duplicates are in [`fingerprint`].
//!
//! ```
//! let registry = coldpress_ops::builtin();
//! assert!(registry.get("clean_links_mapper").is_some());
//! ```
//!
//! Operators know nothing about partitions and jobs, and read no files except those that a recipe or a record names. They fulfil
//! the contract in `coldpress-operator`, just like a user's own operators.

mod deduplicator;
pub mod differences;
mod external;
mod filter;
pub mod fingerprint;
mod grouper;
mod manual;
mod mapper;
mod pieces;
mod selector;
pub mod text;
mod tokens;
mod unicode;
mod width;

use coldpress_operator::Registry;

/// Adds all built-in operators to `registry`, replacing those with the same name.
pub fn register(registry: &mut Registry) {
    for spec in [
        mapper::specs(),
        filter::specs(),
        deduplicator::specs(),
        selector::specs(),
        grouper::specs(),
    ]
    .into_iter()
    .flatten()
    {
        registry.add(spec);
    }
}

/// Returns a registry of all built-in operators, which finds others in Data-Juicer's Python package if a recipe calls them.
pub fn builtin() -> Registry {
    let mut registry = Registry::default().with_foreign(external::Package);
    register(&mut registry);
    registry
}

#[cfg(test)]
mod tests {
    use coldpress_operator::{ChainSettings, Key, Node, OperatorCall, Pipeline, Span};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operator_has_a_manual() {
        for spec in builtin().iter() {
            assert!(spec.summary().ends_with('.'), "{}", spec.name());
            for heading in [
                "# What it does",
                "# Parameters",
                "# Example",
                "# Notes on determinism",
            ] {
                assert!(
                    spec.long_doc().contains(heading),
                    "{} has no {heading}",
                    spec.name()
                );
            }
        }
    }

    #[test]
    fn bad_parameters_are_refused_when_the_recipe_is_read() {
        let cases = [
            ("clean_links_mapper", "pattern", json!("(?R)"), "recursion"),
            ("clean_links_mapper", "repl", json!(r"\9"), "no group 9"),
            (
                "clean_email_mapper",
                "pattern",
                json!("(a"),
                "no closing `)`",
            ),
            (
                "fix_unicode_mapper",
                "normalization",
                json!("nfc "),
                "must be NFC",
            ),
            (
                "alphanumeric_filter",
                "tokenization",
                json!(true),
                "pythia-6.9b-deduped/tokenizer.json",
            ),
            (
                "word_repetition_filter",
                "tokenization",
                json!(true),
                "en.sp.model",
            ),
            (
                "words_num_filter",
                "tokenization",
                json!(true),
                "en.sp.model",
            ),
            (
                "general_field_filter",
                "filter_condition",
                json!("num + 1 > 2"),
                "at character 5, expected",
            ),
            (
                "specified_numeric_field_filter",
                "field_key",
                json!(""),
                "must name a field",
            ),
            (
                "stopwords_filter",
                "words_aug_group_sizes",
                json!([0]),
                "at least 1",
            ),
            ("stopwords_filter", "lang", json!("xx"), "which has no list"),
            ("word_repetition_filter", "rep_len", json!(0), "at least 1"),
            (
                "character_repetition_filter",
                "rep_len",
                json!(0),
                "at least 1",
            ),
            ("text_length_filter", "min_len", json!("ten"), "an integer"),
            (
                "text_chunk_mapper",
                "split_pattern",
                json!("("),
                "no closing",
            ),
            (
                "remove_words_with_incorrect_substrings_mapper",
                "tokenization",
                json!(true),
                "en.sp.model",
            ),
            ("remove_table_text_mapper", "min_col", json!(1), "from 2 to"),
            (
                "remove_repeat_sentences_mapper",
                "tokenizer",
                json!("lambda text: [text]"),
                "functions in Python",
            ),
            ("sentence_split_mapper", "lang", json!("xx"), "must be `en`"),
            ("clean_ip_mapper", "repl", json!(r"\2"), "no group 2"),
            (
                "latex_figure_context_extractor_mapper",
                "label_key",
                json!("caption"),
                "another field",
            ),
        ];
        for (name, param, value, reason) in cases {
            let key = Key {
                name: param.to_owned(),
                span: Span::default(),
            };
            let params = vec![(key, Node::from_json(&value))];
            let call = OperatorCall {
                name: name.to_owned(),
                params,
                span: Span::default(),
            };
            let settings = ChainSettings {
                text_key: "text".to_owned(),
                seed: 0,
                skip_op_error: true,
                compat: false,
                keep_all: false,
                labels: Vec::new(),
                needs: Vec::new(),
                python: Default::default(),
            };
            let refused = Pipeline::resolve(&builtin(), &[call], &settings)
                .unwrap_err()
                .to_string();
            assert!(
                refused.contains(reason) && refused.contains(param),
                "{refused}"
            );
        }
    }
}
