//! # What it does
//! Removes all characters of a list from the text.
//!
//! # Parameters
//! `chars_to_remove`, see below. Each character counts by itself, even if it is part of a longer text on the list. None has a
//! special meaning.
//!
//! # Example
//! `● one ■ two` becomes ` one  two`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use std::sync::Arc;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::char_set::CharSet;

params! {
    /// Parameters of `remove_specific_chars_mapper`.
    pub(crate) struct RemoveSpecificCharsParams {
        /// The characters to remove, as one text or a list of texts.
        chars_to_remove: Vec<String> = vec!["◆●■►▼▲▴∆▻▷❖♡□".to_owned()];
    }
}

/// Returns the description of `remove_specific_chars_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_specific_chars_mapper",
        "Removes all characters of a list from the text.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_specific_chars.rs")))
}

fn resolve(
    params: RemoveSpecificCharsParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveSpecificCharsMapper>, ParamError> {
    let removed = params.chars_to_remove.iter().flat_map(|text| text.chars());
    let removed = Arc::new(CharSet::new(removed));
    Ok(Resolved::new(move || {
        RemoveSpecificCharsMapper(removed.clone())
    }))
}

struct RemoveSpecificCharsMapper(Arc<CharSet>);

impl Mapper for RemoveSpecificCharsMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        self.0
            .runs_of_members(record.text(0)?, |run| edits.delete(run));
        Ok(())
    }
}
