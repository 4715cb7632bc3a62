//! Reading objects of jobs.

use bytes::Bytes;
use coldpress_storage::{ObjectName, Result, StoreReader};
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use super::RemoteStore;
use crate::bucket::Bucket;
use crate::etag::bare;
use crate::failure::{Failure, Kind};
use crate::fetch::Version;
use crate::ranged::Ranged;
use crate::runtime;

/// What opening an object brings of it: all of a small one.
const OPENING_BYTES: u64 = 128 << 10;

/// An object that is open for reading. Every answer is of the version that was opened.
#[derive(Debug)]
pub(super) struct RemoteReader {
    store: RemoteStore,
    name: ObjectName,
    ranged: Ranged,
}

impl RemoteReader {
    pub(super) fn open(store: RemoteStore, name: ObjectName) -> Result<Self, Failure> {
        let path = store.path(name.as_str())?;
        let bucket = store.bucket.clone();
        let (version, first) = runtime::run(open(bucket, path))?;
        let ranged = Ranged::new(version.length, version.fetch());
        ranged.blocks.keep(0, first);
        Ok(Self {
            store,
            name,
            ranged,
        })
    }
}

/// The version of an object, and its first bytes.
async fn open(bucket: Bucket, path: Path) -> Result<(Version, Bytes), Failure> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(0..OPENING_BYTES)),
        ..Default::default()
    };
    let answer = bucket.objects().get_opts(&path, options).await;
    let (meta, first) = match answer.map_err(Failure::of) {
        Ok(answer) => {
            let meta = answer.meta.clone();
            // A connection that breaks here is made again when the bytes are asked for.
            (meta, answer.bytes().await.unwrap_or_default())
        }
        // An object without bytes has no ranges.
        Err(failure) if failure.kind == Kind::OutOfRange => {
            (bucket.head(&path).await?.0, Bytes::new())
        }
        Err(failure) => return Err(failure),
    };
    let version = Version {
        bucket,
        path,
        length: meta.size,
        etag: meta.e_tag.as_deref().map(bare).map(str::to_owned),
    };
    Ok((version, first))
}

impl StoreReader for RemoteReader {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.ranged.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let filled = self.ranged.read_at(offset, buffer);
        filled.map_err(|failure| self.store.error("read", self.name.as_str(), failure))
    }
}
