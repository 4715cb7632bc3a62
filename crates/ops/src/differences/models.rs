//! The differences of operators with models.

use super::{About, Difference, Example, Section};

#[rustfmt::skip]
pub(super) static ROWS: &[Difference] = &[
    Difference {
        section: Section::Models,
        about: About::Operators(&["language_id_score_filter"]),
        given: &[],
        what: "`language_id_score_filter` without the file `lid.176.bin`",
        data_juicer: "downloads it",
        here: "a built-in detector of some 70 languages is used, and the operator says so; scores are similar, not equal",
        with_compat: "an error before the job begins, which names the file",
        example: Example::Words("no `lid.176.bin`"),
        test: "crates/ops/tests/models.rs::data_juicers_way_needs_the_model",
    },
    Difference {
        section: Section::Models,
        about: About::Operators(&["perplexity_filter"]),
        given: &[],
        what: "`perplexity_filter`: a text with the character NUL",
        data_juicer: "the language model ignores the rest of the line, though its words are counted",
        here: "NUL is a character like others",
        with_compat: "as Data-Juicer",
        example: Example::Words("`a\\0b`"),
        test: "crates/ops/tests/models.rs::under_compat_a_language_model_stops_at_nul",
    },
    Difference {
        section: Section::Models,
        about: About::Operators(&["language_id_score_filter"]),
        given: &[],
        what: "a text of which the fastText model knows nothing, or a model whose numbers are not finite",
        data_juicer: "fails when the operator runs",
        here: "the record goes to quarantine",
        with_compat: "the same",
        example: Example::Words("an empty model"),
        test: "crates/ops/tests/models.rs::texts_without_a_probability_go_to_quarantine",
    },
];
