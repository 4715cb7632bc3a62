//! Detects the language of a text with a fastText model.

use std::sync::Arc;

use coldpress_models::fasttext::{FastText, Scratch};
use coldpress_operator::{Asset, LoadError, RecordError, Shared};

/// The prefix of the labels of languages.
const PREFIX: &str = "__label__";

/// The model, and the memory of one thread.
pub(super) struct Model {
    model: Arc<FastText>,
    scratch: Scratch,
}

impl Model {
    pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
        let open = |asset: &Asset| {
            FastText::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
        };
        Ok(Self {
            model: shared.model(asset, open)?,
            scratch: Scratch::default(),
        })
    }

    /// Returns the language of a lowercased text, and its probability.
    pub(super) fn detect(&mut self, text: &str) -> Result<(&str, f64), RecordError> {
        let prediction = self.model.predict_joined(text, &mut self.scratch);
        let prediction = prediction
            .ok_or_else(|| RecordError::new("the language model knows nothing in the text"))?;
        let language = prediction.label.strip_prefix(PREFIX);
        let language = language.unwrap_or(prediction.label);
        Ok((language, f64::from(prediction.probability)))
    }
}
