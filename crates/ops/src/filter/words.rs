//! Where filters get the words of a text from: the one place that knows the parameters `lang` and `tokenization`.

use std::sync::Arc;

use coldpress_operator::{LoadError, ParamError, Record, RecordError, Shared};

use crate::text::words::{self, WordHashes, count_words, lowered_hashes};

/// How a text is cut into words. Without a tokenizer the language changes nothing.
#[derive(Clone, Debug)]
pub(super) struct Words;

impl Words {
    /// Reads the parameters of these names.
    pub(super) fn resolve(_lang: &str, tokenization: bool) -> Result<Self, ParamError> {
        match tokenization {
            false => Ok(Self),
            true => Err(ParamError::new(
                "tokenization",
                "is not available yet; leave it out or set it to false",
            )),
        }
    }

    /// Makes ready what cuts texts, for one thread.
    pub(super) fn load(&self, _shared: &Shared) -> Result<WordReader, LoadError> {
        Ok(WordReader)
    }
}

/// Cuts texts into words, and refines these.
#[derive(Debug)]
pub(super) struct WordReader;

impl WordReader {
    /// How many words the text of the record's first field has.
    pub(super) fn count(&mut self, record: &Record<'_>) -> Result<u64, RecordError> {
        Ok(count_words(record.text(0)?))
    }

    /// The hashes of the lowered words, which are made once for all operators that need them.
    pub(super) fn lowered(&mut self, record: &Record<'_>) -> Result<Arc<WordHashes>, RecordError> {
        record.derived(0, 0, lowered_hashes)
    }

    /// Calls `visit` with each lowered word.
    pub(super) fn each_lowered(
        &mut self,
        record: &Record<'_>,
        visit: impl FnMut(&str),
    ) -> Result<(), RecordError> {
        words::plain_words(record.text(0)?, visit);
        Ok(())
    }
}
