//! # What it does
//! Strips whitespace from both ends, then replaces each of 23 kinds of blanks (tab, no-break, zero-width and wide ones) with a
//! space.
//!
//! Line ends inside the text stay, and runs of spaces are not collapsed.
//!
//! # Parameters
//! None of its own.
//!
//! # Example
//! `\ta\u00a0b\n` becomes `a b`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use coldpress_operator::{Changes, Mapper, NoParams, OperatorSpec, Record, RecordError, Resolved};

use crate::text::whitespace::normalize_whitespace;

/// Returns the description of `whitespace_normalization_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "whitespace_normalization_mapper",
        "Strips the text and replaces all blanks with spaces.",
        |_: NoParams, _| Ok(Resolved::new(|| WhitespaceNormalizationMapper)),
    )
    .doc(&super::manual(include_str!("whitespace_normalization.rs")))
}

struct WhitespaceNormalizationMapper;

impl Mapper for WhitespaceNormalizationMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        normalize_whitespace(record.text(0)?, |range, with| edits.replace(range, with));
        Ok(())
    }
}
