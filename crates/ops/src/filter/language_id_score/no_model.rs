//! What stands for the model in a program without readers of model files.

use coldpress_operator::{Asset, LoadError, RecordError, Shared};

/// A model that cannot be had.
pub(super) enum Model {}

impl Model {
    pub(super) fn load(asset: &Asset, _: &Shared) -> Result<Self, LoadError> {
        Err(LoadError::new(format!(
            "cannot read `{}`: this program was built without its feature `models`",
            asset.path.display()
        )))
    }

    pub(super) fn detect(&mut self, _: &str) -> Result<(&str, f64), RecordError> {
        match *self {}
    }
}
