//! Gives operators the pieces that SentencePiece models make of texts, instead of words.

use coldpress_operator::{
    Asset, LoadError, ParamError, Record, RecordError, ResolveContext, Shared,
};
pub(crate) use reader::{PieceMemo, PieceReader, RecordPieces};

/// A model that was found, and is loaded when an operator is made ready.
#[derive(Clone, Debug)]
pub(crate) struct PieceModel(Asset);

impl PieceModel {
    /// Finds the model of a language.
    pub(crate) fn of_language(
        lang: &str,
        context: &mut ResolveContext<'_>,
    ) -> Result<Self, ParamError> {
        Self::find("tokenization", &format!("{lang}.sp.model"), context)
    }

    /// Finds the model that the parameter `param` asks for.
    pub(crate) fn find(
        param: &str,
        name: &str,
        context: &mut ResolveContext<'_>,
    ) -> Result<Self, ParamError> {
        if cfg!(not(feature = "models")) {
            let message = "needs a SentencePiece model, and this program was built without the feature `models`";
            return Err(ParamError::new(param, message));
        }
        context.asset(param, name).map(Self)
    }

    /// Makes the model ready for one thread. It is loaded once per process.
    pub(crate) fn load(&self, shared: &Shared) -> Result<PieceReader, LoadError> {
        PieceReader::load(&self.0, shared)
    }
}

#[cfg(feature = "models")]
mod reader {
    use std::sync::Arc;

    use coldpress_models::sentencepiece::{Pieces, Scratch, SentencePiece, TooLong};
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    /// A model with the scratch memory of one thread.
    pub(crate) struct PieceReader {
        model: Arc<SentencePiece>,
        /// Distinguishes pieces of this model from those of others.
        key: u64,
        scratch: Scratch,
    }

    impl PieceReader {
        pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
            let model = shared.model(asset, |asset| {
                SentencePiece::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
            });
            Ok(Self {
                model: model?,
                key: xxh3_64(asset.digest.as_bytes()),
                scratch: Scratch::default(),
            })
        }

        /// Returns a key that separates results made from this model's pieces from results made from other words.
        pub(crate) fn key(&self) -> u64 {
            self.key
        }

        /// Cuts any text. Returns the pieces without separators, and their ends.
        pub(crate) fn cut<'a>(
            &'a mut self,
            text: &str,
        ) -> Result<(&'a str, impl Iterator<Item = usize> + use<'a>), RecordError> {
            let pieces = self.model.cut(text, &mut self.scratch).map_err(too_long)?;
            Ok((pieces.text(), pieces.ranges().map(|range| range.end)))
        }

        /// Returns the pieces of the record's first field, cutting it only once for all operators with this model.
        pub(crate) fn pieces(&mut self, record: &Record<'_>) -> Result<RecordPieces, RecordError> {
            let pieces = record.derived(0, self.key, |text| {
                self.model.cut(text, &mut self.scratch).cloned()
            })?;
            match &*pieces {
                Ok(_) => Ok(RecordPieces {
                    pieces,
                    unknown: self.model.unknown(),
                }),
                Err(error) => Err(too_long(*error)),
            }
        }
    }

    /// An operator's results for the pieces of a model, by their ids. They are kept because the same pieces occur again and again.
    #[derive(Clone, Debug)]
    pub(crate) struct PieceMemo<T>(Vec<Option<T>>);

    impl<T> Default for PieceMemo<T> {
        fn default() -> Self {
            Self(Vec::new())
        }
    }

    impl<T: Copy> PieceMemo<T> {
        /// Returns the result for the piece with this id, calling `make` if there is none yet.
        #[inline]
        fn get(&mut self, id: u32, make: impl FnOnce() -> T) -> T {
            match self.0.get(id as usize) {
                Some(Some(known)) => *known,
                _ => self.keep(id as usize, make()),
            }
        }

        #[cold]
        fn keep(&mut self, id: usize, value: T) -> T {
            if self.0.len() <= id {
                self.0.resize(id + 1, None);
            }
            self.0[id] = Some(value);
            value
        }
    }

    /// The pieces of a field.
    pub(crate) struct RecordPieces {
        pieces: Arc<Result<Pieces, TooLong>>,
        /// The id of pieces that are not in the model.
        unknown: u32,
    }

    impl RecordPieces {
        #[cfg(test)]
        pub(crate) fn of(text: &str, model: &SentencePiece) -> Self {
            Self {
                pieces: Arc::new(model.cut(text, &mut Scratch::default()).cloned()),
                unknown: model.unknown(),
            }
        }

        /// Returns the number of pieces.
        pub(crate) fn len(&self) -> usize {
            self.pieces.as_ref().as_ref().map_or(0, Pieces::len)
        }

        /// Calls `visit` with each piece.
        pub(crate) fn each(&self, visit: impl FnMut(&str)) {
            self.pieces.iter().flat_map(Pieces::iter).for_each(visit);
        }

        /// Calls `visit` with the result of `make` for each piece. `memo` remembers the results, and belongs to one model and one
        /// `make`.
        pub(crate) fn each_known<T: Copy>(
            &self,
            memo: &mut PieceMemo<T>,
            make: impl Fn(&str) -> T,
            mut visit: impl FnMut(T),
        ) {
            let Ok(pieces) = &*self.pieces else {
                return;
            };
            for (range, &id) in pieces.ranges().zip(pieces.ids()) {
                let make = || make(&pieces.text()[range]);
                // All unknown pieces have the same id, but their texts differ.
                visit(match id == self.unknown {
                    true => make(),
                    false => memo.get(id, make),
                });
            }
        }
    }

    fn too_long(error: TooLong) -> RecordError {
        RecordError::new(error.to_string())
    }
}

#[cfg(not(feature = "models"))]
mod reader {
    use super::*;

    /// A reader that cannot exist, because no model is ever found.
    pub(crate) enum PieceReader {}

    impl PieceReader {
        pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
            Err(LoadError::new(
                "this program was built without the feature `models`",
            ))
        }

        pub(crate) fn key(&self) -> u64 {
            match *self {}
        }

        pub(crate) fn cut(
            &mut self,
            _: &str,
        ) -> Result<(&str, std::iter::Empty<usize>), RecordError> {
            match *self {}
        }

        pub(crate) fn pieces(&mut self, _: &Record<'_>) -> Result<RecordPieces, RecordError> {
            match *self {}
        }
    }

    pub(crate) struct PieceMemo<T>(std::marker::PhantomData<T>);

    impl<T> Default for PieceMemo<T> {
        fn default() -> Self {
            Self(std::marker::PhantomData)
        }
    }

    pub(crate) enum RecordPieces {}

    impl RecordPieces {
        pub(crate) fn len(&self) -> usize {
            match *self {}
        }

        pub(crate) fn each(&self, _: impl FnMut(&str)) {
            match *self {}
        }

        pub(crate) fn each_known<T: Copy>(
            &self,
            _: &mut PieceMemo<T>,
            _: impl Fn(&str) -> T,
            _: impl FnMut(T),
        ) {
            match *self {}
        }
    }
}
