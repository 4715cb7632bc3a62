//! # What it does
//! Removes lines that look like rows of a table.
//!
//! A table is at least two lines, one after the other, that have the same number of columns: words with one space, tab or bar
//! between them. Short lines of plain text with the same number of words are treated as a table too. The first line of a text is
//! never part of one, and neither are lines that end with CRLF.
//!
//! # Parameters
//! `min_col` and `max_col`, see below. Nothing is removed if the first is greater than the second.
//!
//! # Example
//! `intro\na b c\nd e f\nend of it` becomes `intro\nend of it`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use std::ops::Range;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::table_lines::TableLines;

params! {
    /// Parameters of `remove_table_text_mapper`.
    pub(crate) struct RemoveTableTextParams {
        /// The fewest columns of a table, from 2 to 20.
        min_col: u64 = 2, |columns| (2..=20).contains(columns), "must be from 2 to 20";
        /// The most columns of a table, from 2 to 20.
        max_col: u64 = 20, |columns| (2..=20).contains(columns), "must be from 2 to 20";
    }
}

/// Returns the description of `remove_table_text_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_table_text_mapper",
        "Removes lines that look like rows of a table.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_table_text.rs")))
}

fn resolve(
    params: RemoveTableTextParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveTableTextMapper>, ParamError> {
    // A row has one separator fewer than it has columns. Both are at most 20.
    let separators = params.min_col as u32 - 1..params.max_col as u32;
    Ok(Resolved::new(move || RemoveTableTextMapper {
        separators: separators.clone(),
        tables: TableLines::default(),
    }))
}

struct RemoveTableTextMapper {
    separators: Range<u32>,
    tables: TableLines,
}

impl Mapper for RemoveTableTextMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        let text = record.text(0)?;
        self.tables
            .find(text, self.separators.clone(), |table| edits.delete(table));
        Ok(())
    }
}
