//! Gives filters the words of a text. Only this module knows the parameters `lang` and `tokenization`.

use std::sync::Arc;

use coldpress_operator::{LoadError, ParamError, Record, RecordError, ResolveContext, Shared};

use crate::pieces::{PieceMemo, PieceModel, PieceReader};
use crate::text::python;
use crate::text::words::{self, WordHashes, count_words, lowered_hashes, refined};

/// The way a text is cut into words. Without a tokenizer the language has no effect.
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

    /// Loads the word reader of one thread.
    pub(super) fn load(&self, shared: &Shared) -> Result<WordReader, LoadError> {
        let model = self.0.as_ref().map(|model| model.load(shared));
        Ok(WordReader(model.transpose()?.map(|model| OfPieces {
            model,
            known: PieceMemo::default(),
        })))
    }
}

/// Cuts texts into words, and refines the words.
pub(super) struct WordReader(Option<OfPieces>);

/// Takes the pieces of a model as words.
struct OfPieces {
    model: PieceReader,
    known: PieceMemo<Piece>,
}

/// The facts about a piece that don't depend on the text.
#[derive(Clone, Copy)]
struct Piece {
    /// The hash of the lowercased and refined piece.
    hash: Option<u64>,
    /// True if anything is left of the piece when it is refined alone.
    is_word: bool,
}

/// The words that the pieces of a text make.
pub(super) struct PieceWords {
    lowered: WordHashes,
    /// The number of words if they aren't lowercased.
    count: u64,
}

/// The hashes of the lowercased words of a text.
pub(super) enum Lowered {
    Words(Arc<WordHashes>),
    Pieces(Arc<PieceWords>),
}

impl std::ops::Deref for Lowered {
    type Target = WordHashes;

    fn deref(&self) -> &WordHashes {
        match self {
            Self::Words(words) => words,
            Self::Pieces(pieces) => &pieces.lowered,
        }
    }
}

impl WordReader {
    /// Returns the number of words in the text of the record's first field.
    pub(super) fn count(&mut self, record: &Record<'_>) -> Result<u64, RecordError> {
        match &mut self.0 {
            None => Ok(count_words(record.text(0)?)),
            Some(pieces) => Ok(pieces.words(record)?.count),
        }
    }

    /// Returns the hashes of the lowercased words. They are computed once for all operators that need them.
    pub(super) fn lowered(&mut self, record: &Record<'_>) -> Result<Lowered, RecordError> {
        match &mut self.0 {
            None => record.derived(0, 0, lowered_hashes).map(Lowered::Words),
            Some(pieces) => pieces.words(record).map(Lowered::Pieces),
        }
    }

    /// Calls `visit` with each lowercased word.
    pub(super) fn each_lowered(
        &mut self,
        record: &Record<'_>,
        visit: impl FnMut(&str),
    ) -> Result<(), RecordError> {
        let mut lowered = words::LoweredWords::new(visit);
        match &mut self.0 {
            None => python::words(record.text(0)?).for_each(|word| lowered.push(word)),
            Some(pieces) => pieces
                .model
                .pieces(record)?
                .each(|piece| lowered.push(piece)),
        }
        Ok(())
    }
}

impl OfPieces {
    fn words(&mut self, record: &Record<'_>) -> Result<Arc<PieceWords>, RecordError> {
        let pieces = self.model.pieces(record)?;
        record.derived(0, self.model.key(), |_| {
            let mut hashes = vec![0; pieces.len()];
            let (mut length, mut count) = (0, 0);
            let piece = |piece: &str| Piece {
                hash: WordHashes::of_word(piece),
                is_word: !refined(piece).is_empty(),
            };
            // A branch would often be mispredicted here, so the code has none.
            pieces.each_known(&mut self.known, piece, |piece| {
                hashes[length] = piece.hash.unwrap_or_default();
                length += usize::from(piece.hash.is_some());
                count += u64::from(piece.is_word);
            });
            hashes.truncate(length);
            PieceWords {
                lowered: WordHashes(hashes),
                count,
            }
        })
    }
}
