//! A path of a dataset.

use std::borrow::Cow;

use crate::addresses::shown_address;
use crate::codec::{Mismatch, UrlOptions};
use crate::node::Node;

/// A path of the dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// A file, a directory, a glob, or a URL of one of them.
    pub path: String,
    /// The number of times that each of its records is taken, or its share of `dataset.max_sample_num`; 1 by default.
    pub weight: f64,
    /// The options for reaching it, if it is a URL: those beside the path in Data-Juicer's recipes.
    pub options: UrlOptions,
}

impl Input {
    /// Takes all records of a path, once.
    pub fn whole(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            weight: 1.0,
            options: UrlOptions::default(),
        }
    }

    /// Returns the path in the form that may be shown and written down, without secrets in a web address.
    #[must_use]
    pub fn shown_path(&self) -> Cow<'_, str> {
        shown_address(&self.path)
    }
}

pub(super) fn read_weight(node: &Node) -> Result<f64, Mismatch> {
    // No sensible weight is larger, and sums of such weights stay finite.
    const MOST: f64 = 1e9;
    let expected = match node.as_f64() {
        // Adding zero turns -0.0 into 0.0.
        Some(weight) if (0.0..=MOST).contains(&weight) => return Ok(weight + 0.0),
        Some(weight) if weight > MOST => "a number of at most 1,000,000,000",
        _ => "a number of 0 or more",
    };
    Err(Mismatch::wrong_part("weight", expected, node))
}
