//! A store for the files of jobs: the objects below a prefix of a bucket.

mod outgoing;
mod parts;
mod reader;
mod settle;
mod upload;
mod writer;

use std::fmt;
use std::sync::Arc;

use coldpress_storage::{
    Error, Expected, ObjectMeta, ObjectName, ObjectStore, ObjectVersion, Result, StorageOptions,
    StoreReader, StoreWriter, Upload, Waits,
};
use futures_util::StreamExt;
use object_store::path::Path;

use crate::address::Address;
use crate::bucket::{Bucket, Uploads};
use crate::etag::bare;
use crate::failure::Failure;
use crate::runtime;
use outgoing::Outgoing;
use reader::RemoteReader;
use upload::RemoteUpload;
use writer::RemoteWriter;

/// The folder of unfinished objects. No [`ObjectName`] has a `=`, so they are in no listing.
const UNFINISHED: &str = "unfinished=/";

/// The objects below a URL.
///
/// # What it asks of the server
///
/// An object becomes one by a conditional request: a `PUT` with `If-None-Match: *`, or the completion of a multipart upload
/// with the same header (S3), or a conditional copy of what was uploaded under another name (Google, Azure), which begins
/// in the folder `unfinished=`. Every object carries a number that its writer drew, so that a request whose answer was lost and that
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
        Self::open_with(url, options, &Waits::default())
    }

    /// Opens the same store, and says there what it waits for.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(url: &str, options: &StorageOptions, waits: &Waits) -> Result<Self> {
        let address = Address::parse(url)?;
        let bucket = Bucket::open(&address, options, waits)?;
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

    /// The URL of an object.
    fn url(&self, name: &str) -> String {
        self.bucket.url(&format!("{}{name}", self.prefix))
    }

    /// All objects whose keys begin with the prefix of this store and this text, by the rest of their keys.
    fn listed(&self, prefix: &str) -> Result<Vec<(String, object_store::ObjectMeta)>, Failure> {
        let (bucket, own) = (self.bucket.clone(), self.prefix.len());
        let start = format!("{}{prefix}", self.prefix);
        runtime::run(async move {
            let mut objects = Vec::new();
            let mut token = None;
            loop {
                let page = bucket.page(start.clone(), token).await?;
                let named = page.result.objects.into_iter().filter_map(|object| {
                    Some((object.location.as_ref().get(own..)?.to_owned(), object))
                });
                objects.extend(named);
                token = page.page_token;
                if token.is_none() {
                    return Ok(objects);
                }
            }
        })
    }

    /// Deletes objects by their keys below the prefix, and gives the answers.
    fn deleted(&self, names: &[&str]) -> Result<Vec<Result<(), Failure>>, Failure> {
        let paths: Result<Vec<Path>, Failure> = names.iter().map(|name| self.path(name)).collect();
        let (paths, bucket) = (paths?, self.bucket.clone());
        runtime::run(async move {
            let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
            let answers = bucket.objects().delete_stream(paths);
            // What is not there need not be deleted.
            let answers = answers.map(|answer| match answer.map_err(Failure::of) {
                Err(failure) if !failure.is_not_found() => Err(failure),
                _ => Ok(()),
            });
            Ok(answers.collect().await)
        })
    }

    /// Gives up what was not completed, and counts it.
    fn abandoned(&self, prefix: &str) -> Result<u64, Failure> {
        match self.bucket.uploads() {
            Uploads::Copied => {
                let found = self.listed(&format!("{UNFINISHED}{prefix}"))?;
                let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                let answers = self.deleted(&names)?;
                answers.into_iter().collect::<Result<Vec<()>, _>>()?;
                Ok(names.len() as u64)
            }
            Uploads::Conditional {
                unfinished, parts, ..
            } => {
                let (unfinished, parts) = (unfinished.clone(), Arc::clone(parts));
                let start = format!("{}{prefix}", self.prefix);
                runtime::run(async move {
                    let found = unfinished.list(&start).await?;
                    for upload in &found {
                        let path = Bucket::path(&upload.key)?;
                        let aborted = parts.abort_multipart(&path, &upload.id).await;
                        match aborted.map_err(Failure::of) {
                            Err(failure) if !failure.is_not_found() => return Err(failure),
                            _ => {}
                        }
                    }
                    Ok(found.len() as u64)
                })
            }
        }
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
        let listed = self.listed(prefix);
        let listed = listed.map_err(|failure| self.error("list", prefix, failure))?;
        let named = listed.into_iter().filter_map(|(name, object)| {
            Some(ObjectMeta {
                name: ObjectName::new(name).ok()?,
                length: object.size,
            })
        });
        let mut objects: Vec<_> = named.collect();
        objects.sort_unstable();
        Ok(objects)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        match self.delete_all(&[name]).pop() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        let mut outgoing = Outgoing::new(self.clone(), name.clone());
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = outgoing.write(rest);
            let taken =
                taken.map_err(|source| Error::store(self, "replace", name.as_str(), source))?;
            rest = &rest[taken..];
        }
        let completed = outgoing.complete(Expected::Anything);
        completed
            .map(drop)
            .map_err(|failure| self.error("replace", name.as_str(), failure))
    }

    fn folders(&self) -> Result<Vec<String>> {
        let (bucket, prefix) = (self.bucket.clone(), self.prefix.clone());
        let folders = runtime::run(async move { bucket.folders(prefix).await });
        let mut folders = folders.map_err(|failure| self.error("list", "", failure))?;
        folders.retain(|folder| ObjectName::new(folder.as_str()).is_ok());
        folders.sort_unstable();
        folders.dedup();
        Ok(folders)
    }

    fn check_place(&self) -> Result<()> {
        let (bucket, prefix) = (self.bucket.clone(), self.prefix.clone());
        let looked = runtime::run(async move { bucket.look(prefix).await });
        looked.map_err(|failure| self.error("find", "", failure))
    }

    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        let texts: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let answers = match self.deleted(&texts) {
            Ok(answers) => answers,
            Err(failure) => {
                return vec![self.error("delete", texts.first().unwrap_or(&""), failure)];
            }
        };
        // Answers come in the order of the names, unless a whole request failed.
        let failures = answers.into_iter().zip(texts);
        let failures = failures.filter_map(|(answer, name)| {
            let failure = answer.err()?;
            Some(self.error("delete", name, failure))
        });
        failures.collect()
    }

    fn upload(&self, name: &ObjectName) -> Result<Box<dyn Upload>> {
        Ok(Box::new(RemoteUpload::new(self.clone(), name.clone())))
    }

    fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>> {
        let listed = self.listed(prefix);
        let listed = listed.map_err(|failure| self.error("list", prefix, failure))?;
        let mut versions = Vec::new();
        for (name, object) in listed {
            let Ok(name) = ObjectName::new(name) else {
                continue;
            };
            // Some servers that speak like S3 list no ETags.
            let listed = version(name.clone(), object);
            let found = match listed {
                None => self.version_of(&name)?,
                found => found,
            };
            versions.extend(found);
        }
        versions.sort_unstable();
        Ok(versions)
    }

    fn version_of(&self, name: &ObjectName) -> Result<Option<ObjectVersion>> {
        let bucket = self.bucket.clone();
        let found = self
            .path(name.as_str())
            .and_then(|path| runtime::run(async move { bucket.head(&path).await }));
        match found {
            Ok((object, _)) => Ok(version(name.clone(), object)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(self.error("examine", name.as_str(), failure)),
        }
    }

    fn abandon_uploads(&self, prefix: &str) -> Result<u64> {
        let abandoned = self.abandoned(prefix);
        abandoned.map_err(|failure| self.error("abandon uploads of", prefix, failure))
    }
}

fn version(name: ObjectName, object: object_store::ObjectMeta) -> Option<ObjectVersion> {
    Some(ObjectVersion {
        name,
        version: object.e_tag.as_deref().map(bare)?.to_owned(),
        length: object.size,
    })
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
