//! Why a job cannot be run.

use std::fmt;

use coldpress_config::{Recipe, Span};
use coldpress_failure::full_message;
use coldpress_worker::obstacle;

/// The result of preparing or running a job.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a job cannot be run, or failed: the kind, what happened, where, and what it came from.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    span: Option<Span>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The recipe is wrong: nothing was begun.
    Recipe,
    /// The input cannot be read, or has no record.
    Input,
    /// Something that must not be touched: another driver's job, a changed input, an export that is not ours.
    Refused,
    /// There is no such job.
    NoSuchJob,
    /// The job failed; what was published stays good and a resume goes on from it.
    Failed,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            span: None,
            source: None,
        }
    }

    /// An error of this kind that came from another; an obstacle such as a full disk speaks for itself.
    pub fn because(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        if let Some(explanation) = obstacle(&*source) {
            return Self::new(ErrorKind::Failed, explanation);
        }
        Self {
            source: Some(source),
            ..Self::new(kind, message)
        }
    }

    /// A recipe that is wrong in a key, by its canonical name, with the key's place.
    pub(crate) fn of_key(recipe: &Recipe, key: &str, message: impl fmt::Display) -> Self {
        let spelling = recipe.spelling_of(key);
        let error = Self::new(ErrorKind::Recipe, format!("{spelling}: {message}"));
        match recipe.place_of(key) {
            Some(span) => error.at(span),
            None => error,
        }
    }

    /// The error with its place in the recipe.
    #[must_use]
    pub fn at(self, span: Span) -> Self {
        Self {
            span: Some(span),
            ..self
        }
    }

    /// Returns what a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns where in the recipe the error lies, if it lies there.
    pub fn span(&self) -> Option<Span> {
        self.span.filter(|span| span.line > 0)
    }

    /// The same for whoever only looks at a job. An input that changed is told to those who run the job, and what they can do
    /// about it is no use here.
    pub(crate) fn for_a_look(mut self) -> Self {
        const TO_A_RUN: [(&str, &str); 2] = [
            (
                "run with `--fresh` to process the new content",
                "what happened to its records can be shown while it is what it was",
            ),
            ("undo the change, or run with `--fresh`", "undo the change"),
        ];
        for (to_a_run, to_a_look) in TO_A_RUN {
            self.message = self.message.replace(to_a_run, to_a_look);
        }
        self
    }

    /// The message and those of everything it came from, in one line.
    pub fn full_message(&self) -> String {
        full_message(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<coldpress_operator::Error> for Error {
    fn from(error: coldpress_operator::Error) -> Self {
        Self::new(ErrorKind::Recipe, error.to_string()).at(error.span())
    }
}

impl From<coldpress_config::Error> for Error {
    fn from(error: coldpress_config::Error) -> Self {
        Self::new(ErrorKind::Recipe, error.to_string())
    }
}

impl From<coldpress_dataset::Error> for Error {
    fn from(error: coldpress_dataset::Error) -> Self {
        use coldpress_dataset::Error as Dataset;
        let kind = match &error {
            Dataset::Changed { .. } => ErrorKind::Refused,
            // The file is not what the recipe says.
            Dataset::Storage(coldpress_storage::Error::NotSealed { .. }) => ErrorKind::Input,
            Dataset::Storage(_) => ErrorKind::Failed,
            _ => ErrorKind::Input,
        };
        Self::of(kind, error)
    }
}

impl From<coldpress_export::Error> for Error {
    fn from(error: coldpress_export::Error) -> Self {
        use coldpress_export::Error as Export;
        let kind = match &error {
            Export::NotOurs { .. } => ErrorKind::Refused,
            _ => ErrorKind::Input,
        };
        match error {
            Export::Storage(error) => error.into(),
            other => Self::of(kind, other),
        }
    }
}

impl From<coldpress_storage::Error> for Error {
    fn from(error: coldpress_storage::Error) -> Self {
        Self::of(ErrorKind::Failed, error)
    }
}

impl Error {
    /// An error that is another one under our kind.
    fn of(kind: ErrorKind, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        if let Some(explanation) = obstacle(&error) {
            return Self::new(ErrorKind::Failed, explanation);
        }
        Self::new(kind, full_message(&error))
    }
}

impl From<coldpress_job::Error> for Error {
    fn from(error: coldpress_job::Error) -> Self {
        use coldpress_job::Error as Job;
        let error = match error {
            Job::Storage(error) => return error.into(),
            other => other,
        };
        let kind = match &error {
            Job::UnknownJob { .. } | Job::NothingToResume { .. } => ErrorKind::NoSuchJob,
            Job::InvalidJobId { .. } => ErrorKind::Recipe,
            Job::Folder { .. } => ErrorKind::Failed,
            _ => ErrorKind::Refused,
        };
        Self::of(kind, error)
    }
}
