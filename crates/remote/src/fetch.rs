//! Ranges of objects, whole or not at all.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{Attributes, GetOptions, GetRange, ObjectMeta};

use crate::bucket::Bucket;
use crate::failure::{Failure, Kind};
use crate::patience::Tries;

/// Gives the bytes of a range of the version with this ETag. A connection that breaks is made again where it broke.
pub(crate) async fn range(
    bucket: Bucket,
    path: Path,
    range: Range<u64>,
    version: Option<String>,
) -> Result<Bytes, Failure> {
    let wanted = usize::try_from(range.end.saturating_sub(range.start))
        .map_err(|_| Failure::other("the range is too long"))?;
    let mut bytes = BytesMut::with_capacity(wanted);
    let mut tries = Tries::new(bucket.patience());
    while bytes.len() < wanted {
        let start = range.start + bytes.len() as u64;
        let options = GetOptions {
            if_match: version.clone(),
            range: Some(GetRange::Bounded(start..range.end)),
            ..Default::default()
        };
        let answer = bucket
            .objects()
            .get_opts(&path, options)
            .await
            .map_err(Failure::of)?;
        let mut body = answer.into_stream();
        let broke = loop {
            match body.next().await {
                Some(Ok(piece)) => {
                    let room = wanted - bytes.len();
                    bytes.extend_from_slice(&piece[..piece.len().min(room)]);
                    tries.reset();
                }
                Some(Err(error)) => break error.to_string(),
                None => break "the answer ended early".to_owned(),
            }
        };
        if bytes.len() < wanted {
            let pause = tries.pause(None);
            let pause = pause.ok_or_else(|| {
                let text = format!("the connection broke {} times: {broke}", tries.failed());
                Failure::new(Kind::Other(std::io::ErrorKind::ConnectionReset), text)
            })?;
            tokio::time::sleep(pause).await;
        }
    }
    Ok(bytes.freeze())
}

/// What a server tells of an object without giving it.
pub(crate) async fn head(
    bucket: &Bucket,
    path: &Path,
) -> Result<(ObjectMeta, Attributes), Failure> {
    let options = GetOptions {
        head: true,
        ..Default::default()
    };
    let answer = bucket
        .objects()
        .get_opts(path, options)
        .await
        .map_err(Failure::of)?;
    Ok((answer.meta, answer.attributes))
}
