//! What can be wrong with a recipe, and where.

use std::fmt;
use std::path::PathBuf;

use crate::node::Span;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a recipe or an override was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The recipe file could not be read.
    #[error("cannot read the recipe `{}`", path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The recipe is larger than a recipe may be, in bytes or after its aliases are expanded.
    #[error("{place}: the recipe is too large: more than {limit}")]
    TooLarge {
        /// Where the limit was passed.
        place: Place,
        /// The limit with its unit.
        limit: String,
    },
    /// The text is not YAML, or uses a part of YAML that recipes do not have.
    #[error("{place}: {message}")]
    Syntax {
        /// Where it was seen.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// A map has one key twice.
    #[error("{place}: duplicate key `{key}`, first given at line {}, column {}", first.line, first.column)]
    Duplicate {
        /// The key.
        key: String,
        /// The second place.
        place: Place,
        /// The first place.
        first: Span,
    },
    /// No such key.
    #[error("{place}: unknown key `{key}`{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// The key as written, with its section.
        key: String,
        /// The place in the recipe.
        place: Place,
        /// The nearest known key.
        suggestion: Option<String>,
    },
    /// A value of the wrong type.
    #[error("{place}: `{key}` must be {expected}, found {found}")]
    WrongType {
        /// The key as written.
        key: String,
        /// Where the value is.
        place: Place,
        /// What is accepted.
        expected: String,
        /// What was there.
        found: String,
    },
    /// A value of the right type that is not allowed.
    #[error("{place}: `{key}` must be {expected}, found {found}")]
    OutOfRange {
        /// The key as written.
        key: String,
        /// Where the value is.
        place: Place,
        /// What is accepted.
        expected: String,
        /// What was there.
        found: String,
    },
    /// A key that every recipe needs is not there.
    #[error("{origin}: `{key}` is missing")]
    Missing {
        /// The key.
        key: String,
        /// The recipe.
        origin: String,
    },
    /// An entry of a list that lacks what every entry has.
    #[error("{place}: this entry of `{key}` has no `{part}`")]
    Incomplete {
        /// The key of the list.
        key: String,
        /// The place of the entry.
        place: Place,
        /// The key that it lacks.
        part: String,
    },
    /// A dataset of which nothing comes in.
    #[error("{place}: all weights of `{key}` are 0, so no records come in")]
    NothingComesIn {
        /// The key of the weights.
        key: String,
        /// The place in the recipe.
        place: Place,
    },
    /// A value that this release cannot honour and whose absence would change the result.
    #[error("{place}: `{key}: {value}` is not available yet: {note}")]
    NotAvailable {
        /// The key as written.
        key: String,
        /// The value as written.
        value: String,
        /// Where the value is.
        place: Place,
        /// What is available instead.
        note: String,
    },
    /// Two keys that contradict each other.
    #[error("{place}: `{key}` contradicts `{other}`: {note}")]
    Conflict {
        /// One key.
        key: String,
        /// The other.
        other: String,
        /// Where the first is.
        place: Place,
        /// What to do.
        note: String,
    },
    /// An override without anything in it.
    #[error("{place}: `{argument}` needs a value; to unset the recipe's value, give `null`")]
    EmptyValue {
        /// Always the command line.
        place: Place,
        /// The argument as given, without the value.
        argument: String,
    },
    /// A command-line argument that is no override.
    #[error("{place}: {message}: `{argument}`")]
    Argument {
        /// Always the command line.
        place: Place,
        /// The argument as given.
        argument: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// The error as a message with a place, for printing beside a snippet of the recipe.
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

    /// The error of an argument, whose lines and columns would be taken for the recipe's.
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
    /// Line and column; line 0 where the origin has no lines.
    pub span: Span,
}

impl Place {
    /// A place in `origin`.
    pub(crate) fn new(origin: impl Into<String>, span: Span) -> Self {
        Self {
            origin: origin.into(),
            span,
        }
    }

    /// The origin as a whole.
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
    /// What is to be said, without the place.
    pub message: String,
    /// Line and column; line 0 where the origin has no lines.
    pub span: Span,
    /// The recipe's name, or `command line`.
    pub origin: String,
    /// What to do about it.
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
