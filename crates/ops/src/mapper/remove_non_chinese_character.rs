//! # What it does
//! Removes all characters that aren't Chinese, except those of kinds that are to be kept.
//!
//! The characters from U+4E00 to U+9FA5 are Chinese. Line ends and tabs are always removed, and so are characters that were added
//! to Unicode later (extensions A and B), `〇` and `々`.
//!
//! # Parameters
//! The other kinds of characters to keep, see below. Punctuation is `. ， , - 。 % 《 * 》 / • 、 & ＆ ( — ) （ + ） ： ？ ! ！ “ ” ·` and the
//! space.
//!
//! # Example
//! `特殊的内容▲和◆符号` becomes `特殊的内容和符号`.
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
    /// Parameters of `remove_non_chinese_character_mapper`.
    pub(crate) struct RemoveNonChineseCharacterParams {
        /// If set, the letters A to Z and a to z are kept.
        keep_alphabet: bool = true;
        /// If set, the digits 0 to 9 are kept.
        keep_number: bool = true;
        /// If set, punctuation and spaces are kept.
        keep_punc: bool = true;
    }
}

/// Returns the description of `remove_non_chinese_character_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_non_chinese_character_mapper",
        "Removes all characters that aren't Chinese, except letters, digits and punctuation.",
        resolve,
    )
    .doc(&super::manual(include_str!(
        "remove_non_chinese_character.rs"
    )))
}

const PUNCTUATION: &str = ". ，,-。%《*》/•、&＆(—)（+）：？!！“”·";

fn resolve(
    params: RemoveNonChineseCharacterParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveNonChineseCharacterMapper>, ParamError> {
    let mut kept: Vec<char> = ('\u{4e00}'..='\u{9fa5}').collect();
    if params.keep_alphabet {
        kept.extend(('a'..='z').chain('A'..='Z'));
    }
    if params.keep_number {
        kept.extend('0'..='9');
    }
    if params.keep_punc {
        kept.extend(PUNCTUATION.chars());
    }
    let kept = Arc::new(CharSet::new(kept));
    Ok(Resolved::new(move || {
        RemoveNonChineseCharacterMapper(kept.clone())
    }))
}

struct RemoveNonChineseCharacterMapper(Arc<CharSet>);

impl Mapper for RemoveNonChineseCharacterMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        self.0
            .runs_of_others(record.text(0)?, |run| edits.delete(run));
        Ok(())
    }
}
