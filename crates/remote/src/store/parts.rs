//! Uploads of several parts, which are under way while the next one is filled.

use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{
    Attributes, MultipartId, MultipartUpload, ObjectStoreExt, PutMultipartOptions, PutOptions,
    PutPayload,
};

use super::settle::is_of;
use crate::bucket::{Bucket, Uploads};
use crate::failure::Failure;
use crate::runtime::{self, Started};

/// How many parts are under way at most.
const UNDER_WAY: usize = 3;

/// An upload that was begun.
pub(super) struct Parts {
    /// Where they go: the object's own path, or another that is copied from.
    pub(super) path: Path,
    form: Form,
    under_way: VecDeque<Started<Option<PartId>>>,
    sent: Vec<PartId>,
    begun: usize,
}

/// What an upload is completed and given up by.
pub(super) enum Form {
    /// A number, and conditions when it is completed.
    Numbered(MultipartId),
    /// Itself, and no conditions.
    Whole(Box<dyn MultipartUpload>),
    /// It is an object of another name, and copied.
    Stored,
}

impl Parts {
    /// Begins an upload: to `own` if there are conditions when it is completed, else to `unfinished`.
    pub(super) fn begin(
        bucket: &Bucket,
        own: Path,
        unfinished: Path,
        attributes: Attributes,
    ) -> Result<Self, Failure> {
        let options = PutMultipartOptions {
            attributes,
            ..Default::default()
        };
        let bucket = bucket.clone();
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
        Ok(Self::new(path, form))
    }

    /// Uploads a few bytes to `unfinished`, to be copied.
    pub(super) fn stored(
        bucket: &Bucket,
        unfinished: Path,
        attributes: Attributes,
        bytes: Bytes,
    ) -> Result<Self, Failure> {
        let (bucket, path) = (bucket.clone(), unfinished.clone());
        runtime::run(async move {
            let options = PutOptions {
                attributes,
                ..Default::default()
            };
            let put = bucket
                .objects()
                .put_opts(&path, bytes.into(), options)
                .await;
            put.map(drop).map_err(Failure::of)
        })?;
        Ok(Self::new(unfinished, Form::Stored))
    }

    fn new(path: Path, form: Form) -> Self {
        Self {
            path,
            form,
            under_way: VecDeque::new(),
            sent: Vec::new(),
            begun: 0,
        }
    }

    /// How many parts were begun.
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    /// Starts to send a part, and waits until not too many are under way.
    pub(super) fn send(&mut self, bucket: &Bucket, bytes: Bytes) -> Result<(), Failure> {
        self.wait_for(UNDER_WAY - 1)?;
        let payload = PutPayload::from(bytes);
        let started = match &mut self.form {
            Form::Numbered(id) => {
                let (bucket, path) = (bucket.clone(), self.path.clone());
                let (id, number) = (id.clone(), self.begun);
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
            Form::Stored => return Err(Failure::other("the upload is sealed")),
        };
        self.begun += 1;
        self.under_way.push_back(started?);
        Ok(())
    }

    /// Waits until all parts were sent, and leaves nothing to do whose time depends on the length.
    pub(super) fn seal(&mut self, bucket: &Bucket, token: &str) -> Result<(), Failure> {
        self.wait_for(0)?;
        let Form::Whole(_) = self.form else {
            return Ok(());
        };
        if let Form::Whole(upload) = mem::replace(&mut self.form, Form::Stored) {
            let (bucket, path) = (bucket.clone(), self.path.clone());
            runtime::run(stored(bucket, path, upload, token.to_owned()))?;
        }
        Ok(())
    }

    /// Waits until no more than so many parts are under way.
    fn wait_for(&mut self, room: usize) -> Result<(), Failure> {
        while self.under_way.len() > room {
            let Some(oldest) = self.under_way.pop_front() else {
                break;
            };
            self.sent.extend(oldest.wait()?);
        }
        Ok(())
    }

    /// What the upload is completed by, and the parts that were sent.
    pub(super) fn into_form(self) -> (Form, Vec<PartId>) {
        (self.form, self.sent)
    }

    /// Gives the upload up. What cannot be given up is an upload that nobody completes.
    pub(super) fn abort(mut self, bucket: &Bucket) {
        self.under_way.clear();
        let (bucket, path) = (bucket.clone(), self.path);
        let _ = runtime::run(async move {
            match (self.form, bucket.uploads()) {
                (Form::Numbered(id), Uploads::Conditional { parts, .. }) => {
                    parts.abort_multipart(&path, &id).await.map_err(Failure::of)
                }
                (Form::Whole(mut upload), _) => upload.abort().await.map_err(Failure::of),
                (Form::Stored, _) => bucket.objects().delete(&path).await.map_err(Failure::of),
                (Form::Numbered(_), Uploads::Copied) => Ok(()),
            }
        });
    }
}

/// Completes an upload that has no conditions.
async fn stored(
    bucket: Bucket,
    path: Path,
    mut upload: Box<dyn MultipartUpload>,
    token: String,
) -> Result<(), Failure> {
    let Err(failure) = upload.complete().await.map_err(Failure::of) else {
        return Ok(());
    };
    // Its parts are gone when it was completed by a request whose answer was lost.
    match bucket.head(&path).await {
        Ok((_, attributes)) if is_of(&attributes, &token) => Ok(()),
        _ => Err(failure),
    }
}
