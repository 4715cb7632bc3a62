//! Why a request failed, in words that name no secret.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::io;

use coldpress_storage::NoBucket;

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
    /// True if the server may explain it in the answer to another request.
    pub(crate) is_wordless: bool,
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            is_wordless: false,
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
        Self::new(kind, text_of(&error))
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

/// What `object_store` found wrong before there was any request, in the words of a recipe.
fn text_of(error: &object_store::Error) -> String {
    let text = match error {
        object_store::Error::Generic { source, .. } => source.to_string(),
        object_store::Error::InvalidPath { source } => return text_of_path(source).to_owned(),
        error => error.to_string(),
    };
    let told = match text.as_str() {
        "Missing SecretAccessKey" => {
            "there is an access key without its secret: set `secret_access_key`, or `AWS_SECRET_ACCESS_KEY` in the environment"
        }
        "Missing AccessKeyId" => {
            "there is a secret without its access key: set `access_key_id`, or `AWS_ACCESS_KEY_ID` in the environment"
        }
        "Account must be specified" => {
            "it is not said whose container it is: set `account_name`, or `AZURE_STORAGE_ACCOUNT_NAME` in the environment"
        }
        "One of service account path or service account key may be provided." => {
            "there are two accounts: set `service_account` or `service_account_key`, not both"
        }
        _ => return text,
    };
    told.to_owned()
}

fn text_of_path(error: &object_store::path::Error) -> &'static str {
    match error {
        object_store::path::Error::EmptySegment { .. } => {
            "no part of a key can be empty, as in `a//b`"
        }
        _ => "no part of a key can be `.` or `..` or have control characters in it",
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
        Self {
            is_wordless: refusal.is_wordless(),
            ..Self::new(refusal.kind(), refusal.to_string())
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            Kind::NotFound => io::ErrorKind::NotFound,
            Kind::Exists => io::ErrorKind::AlreadyExists,
            Kind::Changed => io::ErrorKind::InvalidData,
            Kind::OutOfRange => io::ErrorKind::UnexpectedEof,
            // No other request would get another answer.
            Kind::NoBucket => {
                let answer = NoBucket(failure.to_string());
                return Self::new(io::ErrorKind::InvalidInput, answer);
            }
            Kind::Other(kind) => kind,
        };
        Self::new(kind, failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_object_store_refuses_is_told_in_the_words_of_recipes() {
        for (key, expected) in [
            ("al/../x", "no part of a key can be `.` or `..`"),
            ("al//x", "no part of a key can be empty"),
        ] {
            let error = object_store::path::Path::parse(key).unwrap_err();
            let text = Failure::of(error.into()).to_string();
            assert!(text.starts_with(expected), "{text}");
        }
        let half = coldpress_storage::StorageOptions::default().with("", "access_key_id", "a");
        let error = crate::RemoteStore::open("s3://b", &half).unwrap_err();
        let text = error.source().unwrap().to_string();
        assert!(text.contains("set `secret_access_key`"), "{text}");
    }

    #[test]
    fn a_missing_bucket_is_an_obstacle() {
        let missing = io::Error::from(Failure::new(Kind::NoBucket, "it answered 404"));
        let obstacle = coldpress_storage::Obstacle::of_io(&missing);
        assert_eq!(obstacle, Some(coldpress_storage::Obstacle::NoBucket));
        assert_eq!(missing.to_string(), "it answered 404");
        let refused = Kind::Other(io::ErrorKind::PermissionDenied);
        let refused = io::Error::from(Failure::new(refused, "it answered 403"));
        let obstacle = coldpress_storage::Obstacle::of_io(&refused);
        assert_eq!(obstacle, Some(coldpress_storage::Obstacle::Forbidden));
    }
}
