//! The settings of a recipe for all of its operators.

use coldpress_config::Recipe;
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
    /// Settings of operators in Python.
    #[serde(default)]
    pub python: PythonSettings,
}

impl ChainSettings {
    /// The settings of a recipe whose filters drop records, without labels and needs.
    pub fn of(recipe: &Recipe) -> Self {
        let text_key = recipe.fields.text_keys.first();
        Self {
            text_key: text_key.map_or("text", String::as_str).to_owned(),
            seed: recipe.seed,
            skip_op_error: recipe.failure.skip_op_error,
            compat: recipe.compat.is_some(),
            keep_all: false,
            labels: Vec::new(),
            needs: Vec::new(),
            python: PythonSettings {
                interpreter: recipe.python.clone(),
                custom_operators: recipe.custom_operators.clone(),
                prefers_package: recipe.compat.as_deref() == Some("python"),
            },
        }
    }
}

/// What the recipe says to operators in Python.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonSettings {
    /// The interpreter, where the recipe names one.
    pub interpreter: Option<String>,
    /// Files and packages with operators for Data-Juicer.
    pub custom_operators: Vec<String>,
    /// If set, operators run in Data-Juicer's package instead of here, if it has them.
    pub prefers_package: bool,
}
