//! Replaces the language model in a program without readers of model files, where none is ever found.

use coldpress_operator::{Asset, LoadError, Shared};

use crate::pieces::RecordPieces;

/// A model that cannot exist.
pub(super) enum LanguageModel {}

impl LanguageModel {
    pub(super) fn load(_: &Asset, _: bool, _: &Shared) -> Result<Self, LoadError> {
        Err(LoadError::new(
            "this program was built without the feature `models`",
        ))
    }

    pub(super) fn perplexity(&mut self, _: &RecordPieces) -> f64 {
        match *self {}
    }
}
