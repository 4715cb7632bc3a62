//! Where filters get the words of a text from: the one place that knows the parameters `lang` and `tokenization`.

use std::sync::Arc;

use coldpress_operator::{LoadError, ParamError, Record, RecordError, ResolveContext, Shared};

use crate::pieces::{PieceModel, PieceReader};
use crate::text::python;
use crate::text::words::{self, WordHashes, count_words, lowered_hashes, refined};

/// How a text is cut into words. Without a tokenizer the language changes nothing.
#[derive(Clone, Debug)]
pub(super) struct Words(Option<PieceModel>);

impl Words {
    /// Reads the parameters of these names.
    pub(super) fn resolve(
        lang: &str,
        tokenization: bool,
        context: &mut ResolveContext<'_>,
    ) -> Result<Self, ParamError> {
        let model = tokenization.then(|| PieceModel::of_language(lang, context));
        Ok(Self(model.transpose()?))
    }

    /// Makes ready what cuts texts, for one thread.
    pub(super) fn load(&self, shared: &Shared) -> Result<WordReader, LoadError> {
        let model = self.0.as_ref().map(|model| model.load(shared));
        Ok(WordReader(model.transpose()?))
    }
}

/// Cuts texts into words, and refines these.
pub(super) struct WordReader(Option<PieceReader>);

impl WordReader {
    /// How many words the text of the record's first field has.
    pub(super) fn count(&mut self, record: &Record<'_>) -> Result<u64, RecordError> {
        let Some(model) = &mut self.0 else {
            return Ok(count_words(record.text(0)?));
        };
        let mut count = 0;
        model
            .pieces(record)?
            .each(|piece| count += u64::from(!refined(piece).is_empty()));
        Ok(count)
    }

    /// The hashes of the lowered words, which are made once for all operators that need them.
    pub(super) fn lowered(&mut self, record: &Record<'_>) -> Result<Arc<WordHashes>, RecordError> {
        let Some(model) = &mut self.0 else {
            return record.derived(0, 0, lowered_hashes);
        };
        let pieces = model.pieces(record)?;
        record.derived(0, model.key(), |_| {
            let mut hashes = WordHashes::default();
            pieces.each(|piece| hashes.push(piece));
            hashes
        })
    }

    /// Calls `visit` with each lowered word.
    pub(super) fn each_lowered(
        &mut self,
        record: &Record<'_>,
        visit: impl FnMut(&str),
    ) -> Result<(), RecordError> {
        let mut lowered = words::LoweredWords::new(visit);
        match &mut self.0 {
            None => python::words(record.text(0)?).for_each(|word| lowered.push(word)),
            Some(model) => model.pieces(record)?.each(|piece| lowered.push(piece)),
        }
        Ok(())
    }
}
