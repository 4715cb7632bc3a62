//! Replaces the model in a program without readers of model files, where none is ever used.

use coldpress_operator::{Asset, LoadError, RecordError, Shared};

/// A model that cannot exist.
pub(super) enum Model {}

impl Model {
    pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
        Err(LoadError::new(
            "this program was built without the feature `models`",
        ))
    }

    pub(super) fn detect(&mut self, _: &str) -> Result<(&str, f64), RecordError> {
        match *self {}
    }
}
