//! # What it does
//! Replaces 34 characters of punctuation (full-width, curly, angled) with ASCII.
//!
//! As in Data-Juicer, the full-width digit `１` becomes a quotation mark, and `『』‘` stay.
//!
//! # Parameters
//! None of its own.
//!
//! # Example
//! `他说：“你好！”…` becomes `他说:"你好!"...`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use coldpress_operator::{Changes, Mapper, NoParams, OperatorSpec, Record, RecordError, Resolved};

use crate::text::punctuation::normalize_punctuation;

/// Returns the description of `punctuation_normalization_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "punctuation_normalization_mapper",
        "Replaces punctuation with its ASCII spelling.",
        |_: NoParams, _| Ok(Resolved::new(|| PunctuationNormalizationMapper)),
    )
    .doc(&super::manual(include_str!("punctuation_normalization.rs")))
}

struct PunctuationNormalizationMapper;

impl Mapper for PunctuationNormalizationMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        normalize_punctuation(record.text(0)?, |range, with| edits.replace(range, with));
        Ok(())
    }
}
