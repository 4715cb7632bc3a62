//! Requests that create or replace an object under a condition, and what became of them.

use coldpress_storage::Expected;
use object_store::path::Path;
use object_store::{Attribute, Attributes};

use crate::bucket::Bucket;
use crate::etag::bare;
use crate::failure::{Failure, Kind};
use crate::patience::Tries;

/// The entry of an object's metadata that says which writer it is of.
const WRITER: &str = "coldpress_writer";

/// The metadata of what a writer writes.
pub(super) fn marked(token: &str) -> Attributes {
    Attributes::from_iter([(Attribute::Metadata(WRITER.into()), token.to_owned())])
}

/// An object that is to be created or replaced.
pub(super) struct Target {
    pub(super) bucket: Bucket,
    pub(super) path: Path,
    /// The number of the writer.
    pub(super) token: String,
    pub(super) expected: Expected,
}

impl Target {
    /// Makes a request until it is known what became of it, and gives the ETag of the object. The request gives it too, if
    /// the answer tells it.
    ///
    /// That something is in the way may be the answer to a request that was made twice, because the answer to the first was
    /// lost; so it is looked at whose object that is.
    pub(super) async fn settle<F>(&self, request: impl Fn() -> F) -> Result<String, Failure>
    where
        F: Future<Output = Result<Option<String>, Failure>>,
    {
        let mut tries = Tries::new(self.bucket.patience());
        loop {
            let failure = match request().await {
                Ok(Some(etag)) => return Ok(bare(&etag).to_owned()),
                Ok(None) => None,
                Err(failure) => Some(failure),
            };
            // What is not found is an upload that was completed before, or abandoned.
            let kinds = [Kind::Exists, Kind::Changed, Kind::NotFound];
            if let Some(failure) = failure
                .as_ref()
                .filter(|failure| !kinds.contains(&failure.kind))
            {
                return Err(failure.clone());
            }
            let found = match self.bucket.head(&self.path).await {
                Ok((meta, attributes)) if is_of(&attributes, &self.token) => {
                    return Ok(etag(meta.e_tag.as_deref()));
                }
                Ok((meta, _)) => Some(etag(meta.e_tag.as_deref())),
                Err(missing) if missing.is_not_found() => None,
                Err(other) => return Err(other),
            };
            self.check(found.as_deref())?;
            // Nothing is in the way: the upload is gone, or two writers were in each other's way and neither was done.
            let failure = failure.unwrap_or_else(|| Failure::other("it was deleted at once"));
            if failure.kind == Kind::NotFound {
                return Err(Failure::other("its upload is gone: it was abandoned"));
            }
            let pause = tries.pause(None).ok_or(failure)?;
            self.bucket.waiters().pause(pause).await;
        }
    }

    /// Compares what is there with what is expected.
    pub(super) fn check(&self, found: Option<&str>) -> Result<(), Failure> {
        match (&self.expected, found) {
            (Expected::Nothing, Some(_)) => Err(Failure::new(
                Kind::Exists,
                "there is an object of this name",
            )),
            (Expected::Version(_), None) => Err(Failure::new(Kind::Changed, "it was deleted")),
            (Expected::Version(expected), Some(found)) if expected != found => {
                Err(Failure::new(Kind::Changed, "it was written anew"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether these are the metadata of what this writer wrote.
pub(super) fn is_of(attributes: &Attributes, token: &str) -> bool {
    let writer = attributes.get(&Attribute::Metadata(WRITER.into()));
    writer.is_some_and(|writer| writer.as_ref() == token)
}

fn etag(etag: Option<&str>) -> String {
    etag.map(bare).unwrap_or_default().to_owned()
}
