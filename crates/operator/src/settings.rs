//! What a recipe says to all of its operators.

use serde::{Deserialize, Serialize};

/// What the recipe says to all operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSettings {
    /// The text field of operators that name none.
    pub text_key: String,
    /// Every random choice begins here.
    pub seed: u64,
    /// Whether a record that an operator fails on goes to quarantine (true) or fails its partition.
    pub skip_op_error: bool,
    /// Whether operators keep the quirks of Data-Juicer.
    #[serde(default)]
    pub compat: bool,
    /// Whether filters only note what they would do, and drop nothing.
    #[serde(default)]
    pub keep_all: bool,
    /// Fields that come with the signatures of records, so that people can tell which ones were removed.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Fields that a record has to have. One in which one of them is missing or null is left out where it is read.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The Python interpreter of operators in Python, where the recipe names one.
    #[serde(default)]
    pub python: Option<String>,
}
