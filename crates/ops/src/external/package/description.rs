//! What the package says of its operators.

use coldpress_external::{Code, Interpreter, Python};
use coldpress_operator::{ParamError, nearest};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the package says of an operator.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    /// Its version; none if it is not installed.
    pub(super) package: Option<String>,
    /// None if it has no operator of this name.
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) summary: String,
    /// Whether a mapper makes one record of each.
    #[serde(default)]
    pub(super) keeps_rows: bool,
    /// The statistics of a filter, as far as its source names them.
    #[serde(default)]
    pub(super) stats: Vec<String>,
    #[serde(default)]
    pub(super) parameters: Vec<String>,
    /// What is wrong with the custom operators.
    pub(super) custom_error: Option<String>,
    /// All operators that it has, if none was asked for.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// Whether it is one of the custom operators.
    #[serde(default)]
    pub(super) is_custom: bool,
    /// Whether it may have parameters that it does not name.
    #[serde(default)]
    pub(super) takes_any: bool,
    /// The digest of all custom operators.
    #[serde(default)]
    pub(super) custom: String,
}

pub(super) fn describe(interpreter: &Interpreter, code: &Code) -> Result<Description, String> {
    let description = Python::describe(interpreter, code);
    let description = description.map_err(|failure| failure.to_string())?;
    serde_json::from_value(description).map_err(|error| error.to_string())
}

/// Refuses parameters that the operator does not have. One that takes any may have misspelt ones, which is told.
pub(super) fn check_parameters(
    parameters: &Map<String, Value>,
    description: &Description,
) -> Result<Option<String>, ParamError> {
    let known = || description.parameters.iter().map(String::as_str);
    let mut unknown = parameters
        .keys()
        .filter(|name| !description.parameters.contains(name));
    if description.takes_any {
        let note = |name: &String| {
            let near = nearest(name, known())?;
            Some(format!(
                "names no parameter `{name}` in its source, did you mean `{near}`?"
            ))
        };
        return Ok(unknown.find_map(note));
    }
    match unknown.next() {
        Some(name) => Err(ParamError::unknown(name, known())),
        None => Ok(None),
    }
}
