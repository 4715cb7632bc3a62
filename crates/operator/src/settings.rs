//! The settings of a recipe for all of its operators.

use serde::{Deserialize, Serialize};

/// The settings of a recipe for all of its operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSettings {
    /// The text field of operators that name none.
    pub text_key: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// If set, a record that an operator fails on goes to quarantine; otherwise it fails its partition.
    pub skip_op_error: bool,
    /// If set, operators keep Data-Juicer's quirks.
    #[serde(default)]
    pub compat: bool,
    /// If set, filters only note their decisions, and drop nothing.
    #[serde(default)]
    pub keep_all: bool,
    /// Fields that accompany the signatures of records, so that people can recognise the records that were removed.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Fields that a record has to have. A record in which one of them is missing or null is left out when it is read.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The Python interpreter for operators in Python, if the recipe names one.
    #[serde(default)]
    pub python: Option<String>,
}
