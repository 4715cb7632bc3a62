//! Why a request failed, in words that name no secret.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::io;

pub(crate) use crate::refusal::Kind;
use crate::refusal::Refusal;

tokio::task_local! {
    /// How the last request of this task was refused. What `object_store` says of it is prose with URLs in it; this is not.
    pub(crate) static REFUSED: RefCell<Option<Refusal>>;
}

/// Remembers how a request of this task was refused.
pub(crate) fn refused(refusal: Refusal) {
    // Nobody asks outside of `runtime::start`.
    let _ = REFUSED.try_with(|last| last.replace(Some(refusal)));
}

/// Why something remote could not be done.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    text: String,
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::new(Kind::Other(io::ErrorKind::Other), text)
    }

    pub(crate) fn io(source: &io::Error, what: &str) -> Self {
        Self::new(Kind::Other(source.kind()), format!("{what}: {source}"))
    }

    /// How this task's last request was refused.
    pub(crate) fn refused() -> Option<Self> {
        let refusal = REFUSED.try_with(|last| last.borrow_mut().take()).ok()?;
        refusal.map(Self::from)
    }

    /// What `object_store` reports, told by how this task's last request was refused, if one was.
    pub(crate) fn of(error: object_store::Error) -> Self {
        if let Some(failure) = Self::refused() {
            return failure;
        }
        let kind = match &error {
            object_store::Error::NotFound { .. } => Kind::NotFound,
            object_store::Error::AlreadyExists { .. } => Kind::Exists,
            object_store::Error::Precondition { .. } => Kind::Changed,
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => {
                Kind::Other(io::ErrorKind::PermissionDenied)
            }
            object_store::Error::NotSupported { .. }
            | object_store::Error::NotImplemented { .. } => Kind::Other(io::ErrorKind::Unsupported),
            _ => Kind::Other(io::ErrorKind::Other),
        };
        Self::new(kind, error.to_string())
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }

    /// The same without these texts.
    pub(crate) fn without(mut self, secrets: &[String]) -> Self {
        for secret in secrets {
            self.text = self.text.replace(secret.as_str(), "***");
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Failure {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.kind(), refusal.to_string())
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            Kind::NotFound => io::ErrorKind::NotFound,
            Kind::Exists => io::ErrorKind::AlreadyExists,
            Kind::Changed => io::ErrorKind::InvalidData,
            Kind::OutOfRange => io::ErrorKind::UnexpectedEof,
            Kind::Other(kind) => kind,
        };
        Self::new(kind, failure)
    }
}
