//! What stands for the models in a program without readers of model files.

use coldpress_operator::{Asset, LoadError, RecordError, Shared};

/// Models that cannot be had.
pub(super) enum Model {}

impl Model {
    pub(super) fn load(pieces: &Asset, _: &Asset, _: bool, _: &Shared) -> Result<Self, LoadError> {
        Err(LoadError::new(format!(
            "cannot read `{}`: this program was built without its feature `models`",
            pieces.path.display()
        )))
    }

    pub(super) fn perplexity(&mut self, _: &str) -> Result<f64, RecordError> {
        match *self {}
    }
}
