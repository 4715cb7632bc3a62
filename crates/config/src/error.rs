//! The errors of recipes, with their places.

use std::fmt;
use std::path::PathBuf;

use crate::node::Span;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a recipe or an override was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The recipe file could not be read.
    #[error("cannot read the recipe `{}`", path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The recipe is too large, in bytes or after its aliases are expanded.
    #[error("{place}: the recipe is too large: more than {limit}")]
    TooLarge {
        /// The place where the limit was exceeded.
        place: Place,
        /// The limit with its unit.
        limit: String,
    },
    /// The text is not YAML, or uses a part of YAML that recipes don't support.
    #[error("{place}: {message}")]
    Syntax {
        /// The place of the error.
        place: Place,
        /// A description of the error.
        message: String,
    },
    /// A map has the same key twice.
    #[error("{place}: duplicate key `{key}`, first given at line {}, column {}", first.line, first.column)]
    Duplicate {
        /// The key.
        key: String,
        /// The second place.
        place: Place,
        /// The first place.
        first: Span,
    },
    /// There is no such key.
    #[error("{place}: unknown key `{key}`{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// The key as written, with its section.
        key: String,
        /// The place in the recipe.
        place: Place,
        /// The closest known key.
        suggestion: Option<String>,
    },
    /// A value has the wrong type.
    #[error("{place}: `{key}` must be {expected}, found {found}")]
    WrongType {
        /// The key as written.
        key: String,
        /// The place of the value.
        place: Place,
        /// The accepted values.
        expected: String,
        /// The value that was found.
        found: String,
    },
    /// A value has the right type but is not allowed.
    #[error("{place}: `{key}` must be {expected}, found {found}")]
    OutOfRange {
        /// The key as written.
        key: String,
        /// The place of the value.
        place: Place,
        /// The accepted values.
        expected: String,
        /// The value that was found.
        found: String,
    },
    /// A required key is missing.
    #[error("{origin}: `{key}` is missing")]
    Missing {
        /// The key.
        key: String,
        /// The recipe.
        origin: String,
    },
    /// An entry of a list lacks a required part.
    #[error("{place}: this entry of `{key}` has no `{part}`")]
    Incomplete {
        /// The key of the list.
        key: String,
        /// The place of the entry.
        place: Place,
        /// The missing key.
        part: String,
    },
    /// The weights leave no records in the dataset.
    #[error("{place}: all weights of `{key}` are 0, so no records come in")]
    NothingComesIn {
        /// The key of the weights.
        key: String,
        /// The place in the recipe.
        place: Place,
    },
    /// This release doesn't support a value, and ignoring it would change the result.
    #[error("{place}: `{key}: {value}` is not available yet: {note}")]
    NotAvailable {
        /// The key as written.
        key: String,
        /// The value as written.
        value: String,
        /// The place of the value.
        place: Place,
        /// The available alternative.
        note: String,
    },
    /// Two keys contradict each other.
    #[error("{place}: `{key}` contradicts `{other}`: {note}")]
    Conflict {
        /// The first key.
        key: String,
        /// The second key.
        other: String,
        /// The place of the first key.
        place: Place,
        /// A way to resolve the conflict.
        note: String,
    },
    /// An override has an empty value.
    #[error("{place}: `{argument}` needs a value; to unset the recipe's value, give `null`")]
    EmptyValue {
        /// The place, which is always the command line.
        place: Place,
        /// The argument as given, without the value.
        argument: String,
    },
    /// A command-line argument is not an override.
    #[error("{place}: {message}: `{argument}`")]
    Argument {
        /// The place, which is always the command line.
        place: Place,
        /// The argument as given.
        argument: String,
        /// A description of the error.
        message: String,
    },
}

impl Error {
    /// Returns the error as a message with a place, for printing next to a snippet of the recipe.
    pub fn diagnostic(&self) -> Diagnostic {
        let place = match self {
            Self::Unreadable { path, .. } => Place::whole(path.display().to_string()),
            Self::Missing { origin, .. } => Place::whole(origin.clone()),
            Self::TooLarge { place, .. }
            | Self::Syntax { place, .. }
            | Self::Duplicate { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::WrongType { place, .. }
            | Self::OutOfRange { place, .. }
            | Self::Incomplete { place, .. }
            | Self::NothingComesIn { place, .. }
            | Self::NotAvailable { place, .. }
            | Self::Conflict { place, .. }
            | Self::EmptyValue { place, .. }
            | Self::Argument { place, .. } => place.clone(),
        };
        let text = self.to_string();
        let prefix = format!("{place}: ");
        let message = text
            .strip_prefix(&prefix)
            .map_or(text.clone(), str::to_string);
        Diagnostic {
            message,
            span: place.span,
            origin: place.origin,
            help: self.help(),
        }
    }

    /// Returns the error without a line and column. Those of an argument could be mistaken for the recipe's.
    pub(crate) fn without_span(mut self) -> Self {
        if let Self::Syntax { place, .. }
        | Self::TooLarge { place, .. }
        | Self::Duplicate { place, .. } = &mut self
        {
            place.span = Span::default();
        }
        self
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey {
                suggestion: None, ..
            } => Some("docs/reference/recipe-keys.md lists every key".to_string()),
            Self::Missing { key, .. } => Some(format!(
                "add `{key}: …` to the recipe, or give `--{key} …` on the command line"
            )),
            _ => None,
        }
    }
}

/// A place in a recipe, on the command line or in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The recipe's name, or `command line`.
    pub origin: String,
    /// The line and column; line 0 if the origin has no lines.
    pub span: Span,
}

impl Place {
    /// Returns a place in `origin`.
    pub(crate) fn new(origin: impl Into<String>, span: Span) -> Self {
        Self {
            origin: origin.into(),
            span,
        }
    }

    /// Returns the origin as a whole.
    pub(crate) fn whole(origin: impl Into<String>) -> Self {
        Self::new(origin, Span::default())
    }

    pub(crate) fn command_line() -> Self {
        Self::whole("command line")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.span.line == 0 {
            formatter.write_str(&self.origin)
        } else {
            write!(
                formatter,
                "{}:{}:{}",
                self.origin, self.span.line, self.span.column
            )
        }
    }
}

/// A message with its place: a warning of a [`Recipe`](crate::Recipe), or an [`Error`] to be printed
/// with a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The message, without the place.
    pub message: String,
    /// The line and column; line 0 if the origin has no lines.
    pub span: Span,
    /// The recipe's name, or `command line`.
    pub origin: String,
    /// Advice on what to do.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place::new(self.origin.as_str(), self.span);
        write!(formatter, "{place}: {}", self.message)
    }
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}
