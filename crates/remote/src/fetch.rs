//! Ranges of objects, whole or not at all.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta};

use crate::bucket::Bucket;
use crate::etag::bare;
use crate::failure::{Failure, Kind};
use crate::patience::Tries;
use crate::ranged::Fetch;

/// A version of an object.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) bucket: Bucket,
    pub(crate) path: Path,
    pub(crate) length: u64,
    /// As [`bare`] gives it.
    pub(crate) etag: Option<String>,
}

impl Version {
    /// What gives the ranges of this version.
    pub(crate) fn fetch(self) -> Fetch {
        Arc::new(move |range| Box::pin(self.clone().range(range)))
    }

    /// Gives the bytes of a range. A connection that breaks is made again where it broke.
    async fn range(self, range: Range<u64>) -> Result<Bytes, Failure> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start));
        let wanted = wanted.map_err(|_| Failure::other("the range is too long"))?;
        let mut bytes = BytesMut::with_capacity(wanted);
        let mut tries = Tries::new(self.bucket.patience());
        while bytes.len() < wanted {
            let start = range.start + bytes.len() as u64;
            let broke = self
                .append(start..range.end, &mut bytes, &mut tries)
                .await?;
            if bytes.len() < wanted {
                let waiters = self.bucket.waiters();
                tries.pause_after_break(&broke, waiters).await?;
            }
        }
        Ok(bytes.freeze())
    }

    /// Appends as much of a range as one answer gives, and says why that was not all.
    async fn append(
        &self,
        range: Range<u64>,
        bytes: &mut BytesMut,
        tries: &mut Tries,
    ) -> Result<String, Failure> {
        let options = GetOptions {
            if_match: self.etag.as_ref().map(|etag| format!("\"{etag}\"")),
            range: Some(GetRange::Bounded(range.clone())),
            ..Default::default()
        };
        let answer = self
            .bucket
            .objects()
            .get_opts(&self.path, options)
            .await
            .map_err(Failure::of)?;
        self.check(&answer.meta)?;
        let mut body = answer.into_stream();
        let mut left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        while left > 0 {
            match body.next().await {
                Some(Ok(piece)) => {
                    let piece = &piece[..piece.len().min(left)];
                    bytes.extend_from_slice(piece);
                    left -= piece.len();
                    tries.reset();
                }
                Some(Err(error)) => return Ok(Failure::of(error).to_string()),
                None => return Ok("the answer ended early".to_owned()),
            }
        }
        Ok(String::new())
    }

    /// Checks that an answer is of this version: not every server heeds the condition.
    fn check(&self, found: &ObjectMeta) -> Result<(), Failure> {
        if found.size != self.length {
            let text = format!("it has {} bytes, and had {}", found.size, self.length);
            return Err(Failure::new(Kind::Changed, text));
        }
        let found = found.e_tag.as_deref().map(bare);
        if self.etag.is_some() && found.is_some() && self.etag.as_deref() != found {
            return Err(Failure::new(Kind::Changed, "its ETag is another one"));
        }
        Ok(())
    }
}
