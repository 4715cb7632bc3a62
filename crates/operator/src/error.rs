//! The errors of operator calls.

use coldpress_config::{Span, nearest};

/// The result of checking or building operators.
pub type Result<T> = std::result::Result<T, Error>;

/// The reason why a recipe's operators cannot be resolved, which is found when the recipe is read, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No operator has this name.
    #[error("unknown operator `{name}`{}", suggest(suggestion))]
    UnknownOperator {
        /// The name in the recipe.
        name: String,
        /// The place of the name.
        span: Span,
        /// The closest known name.
        suggestion: Option<String>,
    },
    /// A parameter is unknown, of the wrong type or out of range.
    #[error("{operator}: {message}")]
    Params {
        /// The operator's name.
        operator: String,
        /// A description of the error that names the parameter.
        message: String,
        /// The place of the parameter.
        span: Span,
    },
    /// A key of the recipe that is no parameter of an operator is wrong.
    #[error("{key}: {message}")]
    Setting {
        /// The key.
        key: &'static str,
        /// A description of the error.
        message: String,
    },
    /// The operator cannot be made ready to work: a file that it needs is damaged, or memory is short.
    #[error("{operator}: {message}")]
    Load {
        /// The operator's name.
        operator: String,
        /// A description of the error that names the file.
        message: String,
        /// The place of the call in the recipe.
        span: Span,
    },
}

impl Error {
    /// Returns the place of the error in the recipe; line 0 for a call that was made from code or the command line.
    pub fn span(&self) -> Span {
        match self {
            Self::UnknownOperator { span, .. }
            | Self::Params { span, .. }
            | Self::Load { span, .. } => *span,
            Self::Setting { .. } => Span::default(),
        }
    }
}

fn suggest(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!(", did you mean `{name}`?"),
        None => "; `coldpress ops` lists the operators".to_owned(),
    }
}

/// An error in the parameters of one operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamError {
    /// A description of the error that names the parameter.
    pub message: String,
    /// The parameter that is wrong, so that its place in the recipe can be shown.
    pub param: Option<String>,
    /// True if the name itself is wrong, and not the value.
    pub(crate) is_name: bool,
    /// The key of the recipe that is wrong, if it is no parameter.
    pub(crate) setting: Option<&'static str>,
}

impl ParamError {
    /// Makes an error about the parameter `param`. `expected` follows its name, as in "must be …".
    pub fn new(param: &str, expected: impl std::fmt::Display) -> Self {
        Self {
            message: format!("parameter `{param}` {expected}"),
            param: Some(param.to_owned()),
            is_name: false,
            setting: None,
        }
    }

    /// An error about a parameter that the operator does not have, with the nearest of those that it has.
    pub fn unknown<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        let suggestion = match nearest(name, known) {
            Some(near) => format!(", did you mean `{near}`?"),
            None => String::new(),
        };
        Self {
            message: format!("unknown parameter `{name}`{suggestion}"),
            param: Some(name.to_owned()),
            is_name: true,
            setting: None,
        }
    }

    /// An error about a key of the recipe that is no parameter.
    pub fn of_setting(key: &'static str, message: impl std::fmt::Display) -> Self {
        Self {
            setting: Some(key),
            ..Self::of_call(message)
        }
    }

    /// An error about the call as a whole.
    pub fn of_call(message: impl std::fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            param: None,
            is_name: false,
            setting: None,
        }
    }
}
