//! A store for the files of jobs: the objects below a prefix of a bucket.

mod reader;
mod writer;

use std::fmt;

use coldpress_storage::{
    Error, ObjectMeta, ObjectName, ObjectStore, Result, StorageOptions, StoreReader, StoreWriter,
};
use futures_util::StreamExt;
use object_store::path::Path;

use crate::address::Address;
use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::runtime;
use reader::RemoteReader;
use writer::RemoteWriter;

/// What the names of unfinished objects begin with. No [`ObjectName`] has a `=`, so they are in no listing.
const UNFINISHED: &str = "unfinished=";

/// The objects below a URL.
///
/// # What it asks of the server
///
/// An object becomes one by a conditional request: a `PUT` with `If-None-Match: *`, or the completion of a multipart upload
/// with the same header (S3), or a conditional copy of what was uploaded under another name (Google, Azure), which begins
/// with `unfinished=`. Every object carries a number that its writer drew, so that a request whose answer was lost and that
/// was made again is not taken for another writer's.
#[derive(Clone)]
pub struct RemoteStore {
    bucket: Bucket,
    /// What all keys begin with: empty, or with a `/` at its end.
    prefix: String,
}

impl RemoteStore {
    /// Opens the store below this URL: `s3://bucket/prefix`, `gs://…`, `az://…`, `abfs(s)://…`. No request is made.
    ///
    /// # Errors
    /// [`Error::Store`] when the URL or the options are wrong.
    pub fn open(url: &str, options: &StorageOptions) -> Result<Self> {
        let address = Address::parse(url)?;
        let bucket = Bucket::open(&address, options)?;
        let prefix = address.key.trim_end_matches('/');
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        let store = Self { bucket, prefix };
        // A prefix that cannot be part of a key is found here, not at the first object.
        store
            .path("x")
            .map_err(|failure| store.error("open", "", failure))?;
        Ok(store)
    }

    fn path(&self, name: &str) -> Result<Path, Failure> {
        Bucket::path(&format!("{}{name}", self.prefix))
    }

    fn error(&self, action: &'static str, name: &str, failure: Failure) -> Error {
        self.bucket.error(self.to_string(), action, name, failure)
    }

    /// All objects below the prefix.
    fn listed(&self, prefix: &str) -> Result<Vec<ObjectMeta>, Failure> {
        let (bucket, start) = (self.bucket.clone(), format!("{}{prefix}", self.prefix));
        let own = self.prefix.len();
        let mut objects = runtime::run(async move {
            let mut objects = Vec::new();
            let mut token = None;
            loop {
                let page = bucket.page(start.clone(), token).await?;
                let named = page.result.objects.into_iter().filter_map(|object| {
                    let name = object.location.as_ref().get(own..)?.to_owned();
                    Some(ObjectMeta {
                        name: ObjectName::new(name).ok()?,
                        length: object.size,
                    })
                });
                objects.extend(named);
                token = page.page_token;
                if token.is_none() {
                    return Ok(objects);
                }
            }
        })?;
        objects.sort_unstable();
        Ok(objects)
    }
}

impl ObjectStore for RemoteStore {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        // That the name is taken is found when the object is finished: asking now would be a request more for each object.
        Ok(Box::new(RemoteWriter::new(self.clone(), name.clone())))
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let opened = RemoteReader::open(self.clone(), name.clone());
        let reader = opened.map_err(|failure| self.error("open", name.as_str(), failure))?;
        Ok(Box::new(reader))
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.listed(prefix)
            .map_err(|failure| self.error("list", prefix, failure))
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        match self.delete_all(&[name]).pop() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        let failed = |failure: Failure| {
            vec![self.error(
                "delete",
                names.first().map_or("", |name| name.as_str()),
                failure,
            )]
        };
        let paths: Result<Vec<Path>, Failure> =
            names.iter().map(|name| self.path(name.as_str())).collect();
        let paths = match paths {
            Ok(paths) => paths,
            Err(failure) => return failed(failure),
        };
        let bucket = self.bucket.clone();
        let deleted = runtime::run(async move {
            let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
            let answers = bucket
                .objects()
                .delete_stream(paths)
                .map(|answer| answer.map_err(Failure::of));
            Ok(answers.collect::<Vec<_>>().await)
        });
        let answers = match deleted {
            Ok(answers) => answers,
            Err(failure) => return failed(failure),
        };
        // Answers come in the order of the names, unless a whole request failed.
        let failures = answers
            .into_iter()
            .zip(names)
            .filter_map(|(answer, name)| match answer {
                Ok(_) => None,
                Err(failure) if failure.is_not_found() => None,
                Err(failure) => Some(self.error("delete", name.as_str(), failure)),
            });
        failures.collect()
    }
}

impl fmt::Display for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}`",
            self.bucket.url(&self.prefix).trim_end_matches('/')
        )
    }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteStore")
            .field(&self.bucket.url(&self.prefix))
            .finish()
    }
}
