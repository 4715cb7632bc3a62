//! Writing objects: a single request for small ones, a multipart upload for others.

use std::collections::VecDeque;
use std::io;
use std::mem;

use bytes::{Bytes, BytesMut};
use coldpress_storage::{FileStamp, Hasher, ObjectName, Result, StoreWriter};
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, MultipartId, MultipartUpload, PutMode,
    PutMultipartOptions, PutOptions, PutPayload,
};

use super::{RemoteStore, UNFINISHED};
use crate::bucket::{Bucket, Uploads};
use crate::failure::{Failure, Kind};
use crate::patience::Tries;
use crate::ranged::io_error;
use crate::runtime::{self, Started};

/// The length of parts, and of what is written with a single request.
const PART_BYTES: usize = 8 << 20;
/// Uploads have at most 10,000 parts, so those of long objects are longer from here on.
const SHORT_PARTS: usize = 1_000;
const LONG_PART_BYTES: usize = 64 << 20;
/// How many parts are under way while the next one is filled.
const PARTS_UNDER_WAY: usize = 3;
/// The entry of an object's metadata that says which writer it is of.
const WRITER: &str = "coldpress_writer";

/// An object that is being written.
pub(super) struct RemoteWriter {
    store: RemoteStore,
    name: ObjectName,
    /// The writer's number, which no other has.
    token: String,
    hasher: Hasher,
    filling: BytesMut,
    upload: Option<Upload>,
    /// Why a write failed; then nothing is finished.
    failed: bool,
}

/// An upload of several parts.
struct Upload {
    /// Where the parts go: the object's own path, or another that is copied from.
    path: Path,
    form: Form,
    under_way: VecDeque<Started<Option<PartId>>>,
    parts: Vec<PartId>,
    begun: usize,
}

/// What an upload is completed and given up by.
enum Form {
    Numbered(MultipartId),
    Whole(Box<dyn MultipartUpload>),
}

impl RemoteWriter {
    pub(super) fn new(store: RemoteStore, name: ObjectName) -> Self {
        Self {
            store,
            name,
            token: format!("{:032x}", rand::random::<u128>()),
            hasher: Hasher::new(),
            filling: BytesMut::new(),
            upload: None,
            failed: false,
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::from_iter([(Attribute::Metadata(WRITER.into()), self.token.clone())])
    }

    fn part_bytes(&self) -> usize {
        match &self.upload {
            Some(upload) if upload.begun >= SHORT_PARTS => LONG_PART_BYTES,
            _ => PART_BYTES,
        }
    }

    /// Sends what was filled as a part.
    fn send_part(&mut self) -> Result<(), Failure> {
        if self.upload.is_none() {
            self.upload = Some(self.begin()?);
        }
        let Some(upload) = &mut self.upload else {
            return Err(Failure::other("the upload was not begun"));
        };
        upload.wait_for_room(PARTS_UNDER_WAY)?;
        let bytes = self.filling.split().freeze();
        upload.send(&self.store.bucket, bytes)
    }

    fn begin(&self) -> Result<Upload, Failure> {
        let options = PutMultipartOptions {
            attributes: self.attributes(),
            ..Default::default()
        };
        let own = self.store.path(self.name.as_str())?;
        let unfinished = self.store.path(&format!("{UNFINISHED}{}", self.token))?;
        let bucket = self.store.bucket.clone();
        let (path, form) = runtime::run(async move {
            match bucket.uploads() {
                Uploads::Conditional { parts, .. } => {
                    let id = parts.create_multipart_opts(&own, options).await;
                    Ok((own, Form::Numbered(id.map_err(Failure::of)?)))
                }
                Uploads::Copied => {
                    let upload = bucket
                        .objects()
                        .put_multipart_opts(&unfinished, options)
                        .await;
                    Ok((unfinished, Form::Whole(upload.map_err(Failure::of)?)))
                }
            }
        })?;
        Ok(Upload {
            path,
            form,
            under_way: VecDeque::new(),
            parts: Vec::new(),
            begun: 0,
        })
    }

    fn finished(&mut self) -> Result<(), Failure> {
        let path = self.store.path(self.name.as_str())?;
        let (bucket, token) = (self.store.bucket.clone(), self.token.clone());
        if self.upload.is_none() {
            let payload = PutPayload::from(mem::take(&mut self.filling).freeze());
            let options = PutOptions {
                attributes: self.attributes(),
                mode: PutMode::Create,
                ..Default::default()
            };
            return runtime::run(async move {
                let put = || async {
                    let put = bucket
                        .objects()
                        .put_opts(&path, payload.clone(), options.clone())
                        .await;
                    put.map(drop).map_err(Failure::of)
                };
                create(&bucket, &path, &token, put).await
            });
        }
        if !self.filling.is_empty() {
            self.send_part()?;
        }
        if let Some(upload) = &mut self.upload {
            upload.wait_for_room(0)?;
        }
        // From here on there is nothing to give up: it is completed, or was given up where that failed.
        match self.upload.take() {
            Some(upload) => upload.complete(&bucket, path, token, self.hasher.length()),
            None => Ok(()),
        }
    }

    /// Ends an upload that is not to become an object.
    fn give_up(&mut self) {
        if let Some(upload) = self.upload.take() {
            upload.abort(&self.store.bucket);
        }
    }
}

impl Upload {
    /// Waits until no more than so many parts are under way.
    fn wait_for_room(&mut self, room: usize) -> Result<(), Failure> {
        while self.under_way.len() > room.saturating_sub(1) {
            let Some(oldest) = self.under_way.pop_front() else {
                break;
            };
            self.parts.extend(oldest.wait()?);
        }
        Ok(())
    }

    fn send(&mut self, bucket: &Bucket, bytes: Bytes) -> Result<(), Failure> {
        let payload = PutPayload::from(bytes);
        let started = match &mut self.form {
            Form::Numbered(id) => {
                let (bucket, path, id, number) =
                    (bucket.clone(), self.path.clone(), id.clone(), self.begun);
                runtime::start(async move {
                    let Uploads::Conditional { parts, .. } = bucket.uploads() else {
                        return Ok(None);
                    };
                    let part = parts.put_part(&path, &id, number, payload).await;
                    part.map(Some).map_err(Failure::of)
                })
            }
            Form::Whole(upload) => {
                let part = upload.put_part(payload);
                runtime::start(async move { part.await.map(|()| None).map_err(Failure::of) })
            }
        };
        self.begun += 1;
        self.under_way.push_back(started?);
        Ok(())
    }

    fn complete(
        self,
        bucket: &Bucket,
        path: Path,
        token: String,
        length: u64,
    ) -> Result<(), Failure> {
        let (bucket, parts) = (bucket.clone(), self.parts);
        match self.form {
            Form::Numbered(id) => runtime::run(async move {
                let Uploads::Conditional {
                    parts: store,
                    completing,
                } = bucket.uploads()
                else {
                    return Err(Failure::other("the upload has no number"));
                };
                let complete = || async {
                    let completed = completing
                        .complete_multipart(&path, &id, parts.clone())
                        .await;
                    completed.map(drop).map_err(Failure::of)
                };
                let created = create(&bucket, &path, &token, complete).await;
                if created.is_err() {
                    // It takes up room until then. Where it was completed there is nothing to give up.
                    let _ = store.abort_multipart(&path, &id).await;
                }
                created
            }),
            Form::Whole(mut upload) => {
                let unfinished = self.path;
                runtime::run(async move {
                    if let Err(failure) = upload.complete().await.map_err(Failure::of)
                        // Its parts are gone when it was completed by a request whose answer was lost.
                        && !is_ours(&bucket, &unfinished, &token).await.unwrap_or(false)
                    {
                        return Err(failure);
                    }
                    let copy = || async {
                        let options = CopyOptions {
                            mode: CopyMode::Create,
                            ..Default::default()
                        };
                        let copied = bucket
                            .objects()
                            .copy_opts(&unfinished, &path, options)
                            .await;
                        copied.map_err(Failure::of)?;
                        copied_whole(&bucket, &path, length).await
                    };
                    let created = create(&bucket, &path, &token, copy).await;
                    // It is in no listing; `clean` removes what is left of it.
                    let _ =
                        object_store::ObjectStoreExt::delete(bucket.objects(), &unfinished).await;
                    created
                })
            }
        }
    }

    fn abort(mut self, bucket: &Bucket) {
        self.under_way.clear();
        let bucket = bucket.clone();
        let path = self.path;
        // What cannot be given up is an upload that nobody completes.
        let _ = match self.form {
            Form::Numbered(id) => runtime::run(async move {
                match bucket.uploads() {
                    Uploads::Conditional { parts, .. } => {
                        parts.abort_multipart(&path, &id).await.map_err(Failure::of)
                    }
                    Uploads::Copied => Ok(()),
                }
            }),
            Form::Whole(mut upload) => {
                runtime::run(async move { upload.abort().await.map_err(Failure::of) })
            }
        };
    }
}

/// Makes a request that creates an object where there is none, and tells this writer's object from another's when there is
/// one.
///
/// That it is there already may be the answer to a request that was made twice, because the answer to the first was lost.
async fn create<F>(
    bucket: &Bucket,
    path: &Path,
    token: &str,
    request: impl Fn() -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut tries = Tries::new(bucket.patience());
    loop {
        let failure = match request().await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        // An upload that was completed before is not found.
        if !matches!(failure.kind, Kind::Exists | Kind::Changed | Kind::NotFound) {
            return Err(failure);
        }
        match is_ours(bucket, path, token).await {
            Ok(true) => return Ok(()),
            Ok(false) => {
                return Err(Failure::new(
                    Kind::Exists,
                    "there is an object of this name",
                ));
            }
            // Two writers were in each other's way, and neither finished; or the object was deleted meanwhile.
            Err(missing) if missing.is_not_found() && failure.kind != Kind::NotFound => {
                let pause = tries.pause(None).ok_or(failure)?;
                tokio::time::sleep(pause).await;
            }
            Err(missing) if missing.is_not_found() => {
                return Err(Failure::other(format!("the upload is gone: {failure}")));
            }
            Err(other) => return Err(other),
        }
    }
}

/// Whether an object was written by the writer of this number.
async fn is_ours(bucket: &Bucket, path: &Path, token: &str) -> Result<bool, Failure> {
    let (_, attributes) = bucket.head(path).await?;
    let writer = attributes.get(&Attribute::Metadata(WRITER.into()));
    Ok(writer.is_some_and(|writer| writer.as_ref() == token))
}

/// Waits until a copy is whole. Within one account it is at once; nobody promises it.
async fn copied_whole(bucket: &Bucket, path: &Path, length: u64) -> Result<(), Failure> {
    let mut tries = Tries::new(bucket.patience());
    loop {
        let (meta, _) = bucket.head(path).await?;
        if meta.size == length {
            return Ok(());
        }
        let pause = tries.pause(None);
        let pause =
            pause.ok_or_else(|| Failure::other("the copy of the upload did not end in time"))?;
        tokio::time::sleep(pause).await;
    }
}

impl io::Write for RemoteWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::Error::other("an earlier write failed"));
        }
        // A full part is sent when it is known that it is not the last one.
        if !bytes.is_empty() && self.filling.len() >= self.part_bytes() {
            self.send_full_part()?;
        }
        let room = self.part_bytes() - self.filling.len();
        let taken = bytes.len().min(room);
        self.filling.extend_from_slice(&bytes[..taken]);
        self.hasher.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RemoteWriter {
    fn send_full_part(&mut self) -> io::Result<()> {
        self.send_part().map_err(|failure| {
            self.failed = true;
            self.give_up();
            io_error(self.store.error("write", self.name.as_str(), failure))
        })
    }
}

impl StoreWriter for RemoteWriter {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(mut self: Box<Self>) -> Result<FileStamp> {
        let name = self.name.to_string();
        if self.failed {
            let failure = Failure::other("a write to it failed before");
            return Err(self.store.error("create", &name, failure));
        }
        let finished = self.finished();
        finished.map_err(|failure| self.store.error("create", &name, failure))?;
        Ok(self.hasher.stamp())
    }
}

impl Drop for RemoteWriter {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl std::fmt::Debug for RemoteWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteWriter")
            .field("store", &self.store)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
