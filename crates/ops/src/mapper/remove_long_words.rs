//! # What it does
//! Removes words that are too long or too short.
//!
//! Words are separated by spaces, tabs and line feeds. Lengths are in characters. A word that is too long stays if its length is
//! right without the special characters (punctuation, digits, emoji) at its ends.
//!
//! Blanks between words that stay are kept. Around a removed word, one run of blanks is kept. With `compat: data_juicer`, all
//! blanks of the text collapse to one, whether a word is removed or not, and empty lines vanish.
//!
//! # Parameters
//! `min_len` and `max_len`, see below.
//!
//! # Example
//! With `max_len: 10`, `a veryveryverylongword here` becomes `a here`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::chars::{count_chars, is_special};
use crate::text::word_drop::{Gaps, drop_words};

params! {
    /// Parameters of `remove_long_words_mapper`.
    pub(crate) struct RemoveLongWordsParams {
        /// The length of the shortest words that stay.
        min_len: i64 = 1;
        /// The length of the longest words that stay.
        max_len: i64 = i64::MAX;
    }
}

/// Returns the description of `remove_long_words_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_long_words_mapper",
        "Removes words that are too long or too short.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_long_words.rs")))
}

fn resolve(
    params: RemoveLongWordsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveLongWordsMapper>, ParamError> {
    let gaps = super::gaps(context);
    let lengths = params.min_len..=params.max_len;
    Ok(Resolved::new(move || RemoveLongWordsMapper {
        lengths: lengths.clone(),
        gaps,
    }))
}

struct RemoveLongWordsMapper {
    lengths: std::ops::RangeInclusive<i64>,
    gaps: Gaps,
}

impl RemoveLongWordsMapper {
    fn keeps(&self, word: &str) -> bool {
        // A character has one to four bytes, which is enough to decide about most words.
        let (least, most) = (word.len().div_ceil(4) as i64, word.len() as i64);
        if self.lengths.contains(&least) && self.lengths.contains(&most) {
            return true;
        }
        let fits = |word: &str| self.lengths.contains(&(count_chars(word) as i64));
        fits(word) || fits(word.trim_matches(is_special))
    }
}

impl Mapper for RemoveLongWordsMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        drop_words(
            text,
            self.gaps,
            |word| self.keeps(&text[word]),
            |range, with| edits.replace(range, with),
        );
        Ok(())
    }
}
