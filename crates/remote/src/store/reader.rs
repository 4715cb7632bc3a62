//! Reading objects of jobs.

use bytes::Bytes;
use coldpress_storage::{ObjectName, Result, StoreReader};
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use super::RemoteStore;
use crate::blocks::Blocks;
use crate::bucket::Bucket;
use crate::failure::{Failure, Kind};
use crate::{fetch, runtime};

/// What opening an object brings of it: all of a small one.
const OPENING_BYTES: u64 = 128 << 10;

/// An object that is open for reading.
#[derive(Debug)]
pub(super) struct RemoteReader {
    store: RemoteStore,
    name: ObjectName,
    path: Path,
    length: u64,
    /// The version that was opened. Every answer is of it.
    version: Option<String>,
    blocks: Blocks,
}

impl RemoteReader {
    pub(super) fn open(store: RemoteStore, name: ObjectName) -> Result<Self, Failure> {
        let path = store.path(name.as_str())?;
        let (bucket, of) = (store.bucket.clone(), path.clone());
        let (length, version, first) = runtime::run(async move { open(&bucket, &of).await })?;
        let blocks = Blocks::default();
        blocks.keep(0, first);
        Ok(Self {
            store,
            name,
            path,
            length,
            version,
            blocks,
        })
    }

    fn fill(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Failure> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(Failure::new(
                Kind::OutOfRange,
                format!("it has {} bytes", self.length),
            ));
        }
        while !buffer.is_empty() {
            let read = self.blocks.read(offset, buffer);
            if read == 0 {
                let range = self.blocks.next_range(offset, buffer.len(), self.length);
                let start = range.start;
                let (bucket, path) = (self.store.bucket.clone(), self.path.clone());
                let bytes = runtime::run(fetch::range(bucket, path, range, self.version.clone()))?;
                self.blocks.keep(start, bytes);
            }
            offset += read as u64;
            buffer = &mut buffer[read..];
        }
        Ok(())
    }
}

/// The length and the version of an object, and its first bytes.
async fn open(bucket: &Bucket, path: &Path) -> Result<(u64, Option<String>, Bytes), Failure> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(0..OPENING_BYTES)),
        ..Default::default()
    };
    let answer = match bucket
        .objects()
        .get_opts(path, options)
        .await
        .map_err(Failure::of)
    {
        Ok(answer) => answer,
        // An object without bytes has no ranges.
        Err(failure) if failure.kind == Kind::OutOfRange => {
            let (meta, _) = fetch::head(bucket, path).await?;
            return Ok((meta.size, meta.e_tag, Bytes::new()));
        }
        Err(failure) => return Err(failure),
    };
    let (length, version) = (answer.meta.size, answer.meta.e_tag.clone());
    // A connection that breaks here is made again when the bytes are asked for.
    let first = answer.bytes().await.unwrap_or_default();
    Ok((length, version, first))
}

impl StoreReader for RemoteReader {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let filled = self.fill(offset, buffer);
        filled.map_err(|failure| self.store.error("read", self.name.as_str(), failure))
    }
}
