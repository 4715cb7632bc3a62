//! Bytes on their way into an object: with a single request if they are few, in parts if they are not.

use std::io;
use std::mem;

use bytes::BytesMut;
use coldpress_storage::{Expected, FileStamp, Hasher, ObjectName};
use http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::parts::{Form, Parts};
use super::settle::{Target, marked};
use super::{RemoteStore, UNFINISHED};
use crate::bucket::{Bucket, Uploads};
use crate::failure::Failure;
use crate::ranged::io_error;
use crate::runtime;

/// The length of parts, and of what is written with a single request.
const PART_BYTES: usize = 8 << 20;
/// Uploads have at most 10,000 parts, so those of long objects are longer from here on.
const SHORT_PARTS: usize = 1_000;
const LONG_PART_BYTES: usize = 64 << 20;

/// Bytes that become an object when they are completed, and nothing before that.
pub(super) struct Outgoing {
    store: RemoteStore,
    name: ObjectName,
    /// The writer's number, which no other has.
    token: String,
    hasher: Hasher,
    filling: BytesMut,
    parts: Option<Parts>,
    /// A write failed, so that nothing is completed.
    failed: bool,
}

impl Outgoing {
    pub(super) fn new(store: RemoteStore, name: ObjectName) -> Self {
        Self {
            store,
            name,
            token: format!("{:032x}", rand::random::<u128>()),
            hasher: Hasher::new(),
            filling: BytesMut::new(),
            parts: None,
            failed: false,
        }
    }

    pub(super) fn store(&self) -> &RemoteStore {
        &self.store
    }

    pub(super) fn name(&self) -> &ObjectName {
        &self.name
    }

    pub(super) fn stamp(&self) -> FileStamp {
        self.hasher.stamp()
    }

    /// Takes some of the bytes, as [`io::Write::write`].
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::Error::other("an earlier write failed"));
        }
        // A full part is sent when it is known that it is not the last one.
        if !bytes.is_empty() && self.filling.len() >= self.part_bytes() {
            self.send_part().map_err(|failure| {
                self.failed = true;
                self.give_up();
                io_error(self.store.error("write", self.name.as_str(), failure))
            })?;
        }
        let room = self.part_bytes() - self.filling.len();
        let taken = bytes.len().min(room);
        self.filling.extend_from_slice(&bytes[..taken]);
        self.hasher.update(&bytes[..taken]);
        Ok(taken)
    }

    /// Hands the last bytes over, so that completing takes no time that depends on the length.
    pub(super) fn seal(&mut self) -> Result<(), Failure> {
        self.check()?;
        match (&self.parts, self.store.bucket.uploads()) {
            (None, Uploads::Copied) => {
                let (_, unfinished) = self.paths()?;
                let bytes = self.filling.split().freeze();
                let stored =
                    Parts::stored(&self.store.bucket, unfinished, marked(&self.token), bytes);
                self.parts = Some(stored?);
            }
            (None, Uploads::Conditional { .. }) => self.send_part()?,
            (Some(_), _) if !self.filling.is_empty() => self.send_part()?,
            (Some(_), _) => {}
        }
        match &mut self.parts {
            Some(parts) => parts.seal(&self.store.bucket, &self.token),
            None => Ok(()),
        }
    }

    /// Makes an object of the bytes, and gives its ETag.
    pub(super) fn complete(&mut self, expected: Expected) -> Result<String, Failure> {
        self.check()?;
        let target = Target {
            bucket: self.store.bucket.clone(),
            path: self.store.path(self.name.as_str())?,
            token: self.token.clone(),
            expected,
        };
        if self.parts.is_some() {
            self.seal()?;
        }
        // From here on there is nothing to give up: what is not completed is given up where that fails.
        let Some(parts) = self.parts.take() else {
            return put(target, mem::take(&mut self.filling).freeze().into());
        };
        let (path, length) = (parts.path.clone(), self.hasher.length());
        match parts.into_form() {
            (Form::Numbered(id), sent) => complete_numbered(target, id, sent),
            _ => complete_copied(target, path, length),
        }
    }

    /// Ends what is not to become an object.
    pub(super) fn give_up(&mut self) {
        if let Some(parts) = self.parts.take() {
            parts.abort(&self.store.bucket);
        }
    }

    fn check(&self) -> Result<(), Failure> {
        match self.failed {
            true => Err(Failure::other("a write to it failed before")),
            false => Ok(()),
        }
    }

    fn part_bytes(&self) -> usize {
        match &self.parts {
            Some(parts) if parts.begun() >= SHORT_PARTS => LONG_PART_BYTES,
            _ => PART_BYTES,
        }
    }

    /// Sends what was filled as a part.
    fn send_part(&mut self) -> Result<(), Failure> {
        if self.parts.is_none() {
            let (own, unfinished) = self.paths()?;
            let begun = Parts::begin(&self.store.bucket, own, unfinished, marked(&self.token));
            self.parts = Some(begun?);
        }
        let bytes = self.filling.split().freeze();
        match &mut self.parts {
            Some(parts) => parts.send(&self.store.bucket, bytes),
            None => Ok(()),
        }
    }

    /// The object's own path, and that of what is not finished.
    fn paths(&self) -> Result<(Path, Path), Failure> {
        let unfinished = format!("{UNFINISHED}{}={}", self.name, self.token);
        let own = self.store.path(self.name.as_str())?;
        Ok((own, self.store.path(&unfinished)?))
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("store", &self.store)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Puts an object with a single request.
fn put(target: Target, payload: PutPayload) -> Result<String, Failure> {
    runtime::run(async move {
        let mode = match &target.expected {
            Expected::Nothing => PutMode::Create,
            Expected::Anything => PutMode::Overwrite,
            Expected::Version(_) => PutMode::Update(update_of(&target).await?),
        };
        let put = || async {
            let options = PutOptions {
                attributes: marked(&target.token),
                mode: mode.clone(),
                ..Default::default()
            };
            let objects = target.bucket.objects();
            let put = objects
                .put_opts(&target.path, payload.clone(), options)
                .await;
            put.map(|put| put.e_tag).map_err(Failure::of)
        };
        target.settle(put).await
    })
}

/// What an update of the expected version is conditional on.
async fn update_of(target: &Target) -> Result<UpdateVersion, Failure> {
    let found = match target.bucket.head(&target.path).await {
        Ok((meta, _)) => Some(meta),
        Err(failure) if failure.is_not_found() => None,
        Err(failure) => return Err(failure),
    };
    let etag = found.as_ref().and_then(|meta| meta.e_tag.as_deref());
    target.check(etag.map(crate::etag::bare))?;
    // Google's condition is the number of the generation, which is of the ETag that was just seen.
    let meta = found.ok_or_else(|| Failure::other("it has no ETag"))?;
    Ok(UpdateVersion {
        e_tag: meta.e_tag,
        version: meta.version,
    })
}

/// Completes an upload that has conditions.
fn complete_numbered(
    target: Target,
    id: object_store::MultipartId,
    sent: Vec<object_store::multipart::PartId>,
) -> Result<String, Failure> {
    runtime::run(async move {
        let Uploads::Conditional {
            parts, completing, ..
        } = target.bucket.uploads()
        else {
            return Err(Failure::other("the upload has no number"));
        };
        if let Expected::Version(_) = target.expected {
            // Not every server that speaks like S3 heeds `If-Match` here; with this, only a rival at this very moment is
            // overlooked by those.
            update_of(&target).await?;
        }
        let completing = completing(condition(&target.expected)?).map_err(Failure::of)?;
        let complete = || async {
            let completed = completing
                .complete_multipart(&target.path, &id, sent.clone())
                .await;
            completed.map(|put| put.e_tag).map_err(Failure::of)
        };
        let completed = target.settle(complete).await;
        if completed.is_err() {
            // It takes up room until then. Where it was completed there is nothing to give up.
            let _ = parts.abort_multipart(&target.path, &id).await;
        }
        completed
    })
}

fn condition(expected: &Expected) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    match expected {
        Expected::Anything => {}
        Expected::Nothing => drop(headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"))),
        Expected::Version(etag) => {
            let etag = HeaderValue::from_str(&format!("\"{etag}\""));
            let etag = etag.map_err(|_| Failure::other("this is not an ETag"))?;
            headers.insert(IF_MATCH, etag);
        }
    }
    Ok(headers)
}

/// Copies what was uploaded under another name to its own.
fn complete_copied(target: Target, stored: Path, length: u64) -> Result<String, Failure> {
    runtime::run(async move {
        let bucket = &target.bucket;
        let copy = || async {
            bucket
                .copy_if(&stored, &target.path, &target.expected)
                .await?;
            copied_whole(bucket, &target.path, length).await
        };
        let completed = target.settle(copy).await;
        // It is in no listing; `abandon_uploads` removes what is left of it.
        let _ = bucket.objects().delete(&stored).await;
        completed
    })
}

/// Waits until a copy is whole, and gives its ETag. Within one account it is at once; nobody promises it.
async fn copied_whole(
    bucket: &Bucket,
    path: &Path,
    length: u64,
) -> Result<Option<String>, Failure> {
    let mut tries = crate::patience::Tries::new(bucket.patience());
    loop {
        let (meta, _) = bucket.head(path).await?;
        if meta.size == length {
            return Ok(meta.e_tag);
        }
        let pause = tries.pause(None);
        let pause =
            pause.ok_or_else(|| Failure::other("the copy of the upload did not end in time"))?;
        bucket.waiters().pause(pause).await;
    }
}
