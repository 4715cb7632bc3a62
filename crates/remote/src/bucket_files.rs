//! Datasets in buckets.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use coldpress_storage::{
    Error, RemoteFile, RemoteFiles, RemoteMeta, Result, StorageOptions, Waits,
};
use object_store::ObjectMeta;
use object_store::list::PaginatedListResult;

use crate::address::Address;
use crate::bucket::Bucket;
use crate::etag::bare;
use crate::failure::{Failure, Kind};
use crate::fetch::Version;
use crate::ranged::{Explain, Ranged};
use crate::runtime;

/// The objects of a bucket, whoever wrote them.
#[derive(Debug)]
pub(crate) struct BucketFiles {
    root: String,
    bucket: Bucket,
}

impl BucketFiles {
    /// Opens the bucket of this URL. No request is made.
    pub(crate) fn open(url: &str, options: &StorageOptions, waits: &Waits) -> Result<Self> {
        let address = Address::parse(url)?;
        let bucket = Bucket::open(&address, options, waits)?;
        Ok(Self {
            root: address.root,
            bucket,
        })
    }

    /// The key of a URL of this bucket.
    fn key(&self, url: &str) -> Result<String> {
        let address = Address::parse(url)?;
        if address.root == self.root {
            return Ok(address.key);
        }
        let failure = Failure::new(
            Kind::Other(std::io::ErrorKind::InvalidInput),
            "it is in another bucket",
        );
        Err(error(&self.bucket, "open", url, failure))
    }

    fn meta(&self, object: ObjectMeta) -> RemoteMeta {
        RemoteMeta {
            url: self.bucket.url(object.location.as_ref()),
            length: object.size,
            version: object.e_tag.as_deref().map(bare).map(str::to_owned),
            modified_nanos: object
                .last_modified
                .timestamp_nanos_opt()
                .and_then(|nanos| nanos.try_into().ok())
                .unwrap_or(0),
            seekable: true,
        }
    }
}

impl RemoteFiles for BucketFiles {
    fn examine(&self, url: &str) -> Result<RemoteMeta> {
        let key = self.key(url)?;
        if key.is_empty() {
            let failure = Failure::new(Kind::NotFound, "a bucket is no object");
            return Err(error(&self.bucket, "examine", &key, failure));
        }
        let bucket = self.bucket.clone();
        let found = Bucket::path(&key)
            .and_then(|path| runtime::run(async move { bucket.head(&path).await }));
        match found {
            Ok((object, _)) => Ok(self.meta(object)),
            Err(failure) => Err(error(&self.bucket, "examine", &key, failure)),
        }
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(RemoteMeta) -> Result<()>) -> Result<()> {
        let start = self.key(prefix)?;
        let explain = |failure| error(&self.bucket, "list", &start, failure);
        let ask = |token: Option<String>| {
            let (bucket, start) = (self.bucket.clone(), start.clone());
            runtime::start(async move { bucket.page(start, token).await })
        };
        let mut asked = Some(ask(None).map_err(explain)?);
        let mut markers = Markers::default();
        while let Some(page) = asked.take() {
            let PaginatedListResult { result, page_token } = page.wait().map_err(explain)?;
            // The next page comes while this one is looked at.
            if page_token.is_some() {
                asked = Some(ask(page_token).map_err(explain)?);
            }
            for object in result.objects {
                // A folder that was made with a console is an object `folder/`, which is listed as `folder`.
                if !object.location.as_ref().starts_with(&start) {
                    continue;
                }
                for file in markers.pass(self.meta(object)) {
                    each(file)?;
                }
            }
        }
        match markers.held {
            Some(file) => each(file),
            None => Ok(()),
        }
    }

    fn open(&self, meta: &RemoteMeta) -> Result<Arc<dyn RemoteFile>> {
        let key = self.key(&meta.url)?;
        let path =
            Bucket::path(&key).map_err(|failure| error(&self.bucket, "open", &key, failure))?;
        let version = Version {
            bucket: self.bucket.clone(),
            path,
            length: meta.length,
            etag: meta.version.clone(),
        };
        Ok(Arc::new(BucketFile {
            bucket: self.bucket.clone(),
            key,
            meta: meta.clone(),
            ranged: Ranged::new(meta.length, version.fetch()),
        }))
    }
}

/// Objects without bytes are held back until the next one shows whether they only stand for a folder.
#[derive(Debug, Default)]
struct Markers {
    held: Option<RemoteMeta>,
}

impl Markers {
    /// Takes an object, and gives the files that are known to be some now.
    fn pass(&mut self, file: RemoteMeta) -> impl Iterator<Item = RemoteMeta> {
        let is_below = |folder: &RemoteMeta| {
            let rest = file.url.strip_prefix(&folder.url);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let before = self.held.take().filter(|held| !is_below(held));
        let ready = if file.length == 0 {
            self.held = Some(file);
            None
        } else {
            Some(file)
        };
        before.into_iter().chain(ready)
    }
}

/// An object that is open for reading.
#[derive(Debug)]
struct BucketFile {
    bucket: Bucket,
    key: String,
    meta: RemoteMeta,
    ranged: Ranged,
}

impl RemoteFile for BucketFile {
    fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let read = self.ranged.read_at(offset, buffer);
        read.map_err(|failure| error(&self.bucket, "read", &self.key, failure))
    }

    fn stream(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let explain: Explain = Arc::new(move |failure| error(&bucket, "read", &key, failure));
        Ok(Box::new(self.ranged.stream(range, explain)))
    }
}

/// What went wrong with an object of a dataset.
fn error(bucket: &Bucket, action: &'static str, key: &str, failure: Failure) -> Error {
    match failure.kind {
        Kind::Changed => Error::Changed {
            url: bucket.url(key),
            what: failure.to_string(),
        },
        _ => bucket.error(bucket.to_string(), action, key, failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_no_object() {
        let options = StorageOptions::default()
            .with("", "skip_signature", "true")
            .with("", "region", "eu-1");
        for url in ["s3://b", "s3a://b/"] {
            let files = BucketFiles::open(url, &options, &Waits::default()).unwrap();
            let error = files.examine(url).unwrap_err();
            assert!(error.is_not_found(), "{error}");
            assert_eq!(error.to_string(), "there is no `s3://b`");
        }
    }

    #[test]
    fn empty_objects_that_stand_for_folders_are_passed_over() {
        let file = |url: &str, length| RemoteMeta {
            url: url.to_owned(),
            length,
            version: None,
            modified_nanos: 0,
            seekable: true,
        };
        let listed = [
            ("s3://b/a", 0),
            ("s3://b/a/x", 1),
            ("s3://b/b", 0),
            ("s3://b/c", 2),
            ("s3://b/d", 0),
        ];
        let mut markers = Markers::default();
        let mut found = Vec::new();
        for (url, length) in listed {
            found.extend(markers.pass(file(url, length)));
        }
        found.extend(markers.held);
        let urls: Vec<&str> = found.iter().map(|file| file.url.as_str()).collect();
        assert_eq!(urls, ["s3://b/a/x", "s3://b/b", "s3://b/c", "s3://b/d"]);
    }
}
