//! The file that shows other hosts that a driver is alive.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use coldpress_storage::{read_small, replace_unsynced};
use serde::{Deserialize, Serialize};

use crate::bucket::Bucket;
use crate::civil::now_millis;
use crate::driver::DriverIdentity;
use crate::layout::Layout;
use crate::{Error, Result};

/// The schema version of `job.heartbeat` that this release writes.
pub const HEARTBEAT_SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) schema_version: u32,
    #[serde(flatten)]
    pub(crate) driver: DriverIdentity,
    /// Incremented with every beat.
    pub(crate) counter: u64,
    /// The time when it was written, in milliseconds since 1970, by the driver's clock; 0 in files of earlier releases.
    #[serde(default)]
    pub(crate) beat_at_millis: u64,
    /// True if the driver ended properly.
    #[serde(default)]
    pub(crate) released: bool,
}

#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// The place of a job's heartbeat.
#[derive(Clone, Debug)]
pub(crate) enum Pulse {
    /// A file.
    File(PathBuf),
    /// An object, for a job in an object store.
    Object(Arc<Bucket>),
}

/// The name of the object.
const OBJECT: &str = "job.heartbeat";

impl Pulse {
    pub(crate) fn of(layout: &Layout) -> Self {
        match layout.bucket() {
            Some(bucket) => Self::Object(Arc::clone(bucket)),
            None => Self::File(layout.heartbeat()),
        }
    }

    /// Returns its name for errors.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Object(bucket) => bucket.shown(OBJECT),
        }
    }

    /// Reads the heartbeat; none if it does not exist.
    pub(crate) fn read(&self) -> Result<Option<Heartbeat>> {
        match self.read_bytes()? {
            Some(bytes) => parse(&self.path(), &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the bytes of the heartbeat, whatever they are; none if it does not exist.
    pub(super) fn read_bytes(&self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::File(path) => read_file(path),
            Self::Object(bucket) => bucket.read(OBJECT),
        }
    }

    fn write(&self, json: &[u8]) -> Result<()> {
        match self {
            Self::File(path) => Ok(replace_unsynced(path, json)?),
            Self::Object(bucket) => bucket.replace(OBJECT, json),
        }
    }

    /// Returns whether it is younger than this, by the clocks of the two hosts.
    pub(super) fn is_younger(&self, heartbeat: &Heartbeat, age: Duration) -> bool {
        match self {
            Self::File(path) => {
                let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
                // A time in the future comes from a clock that is ahead, and counts as now.
                modified.is_ok_and(|time| time.elapsed().unwrap_or_default() < age)
            }
            Self::Object(_) => {
                let elapsed = now_millis().saturating_sub(heartbeat.beat_at_millis);
                u128::from(elapsed) < age.as_millis()
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    /// The largest heartbeat that is read: a hundred times the usual size.
    const MAX_BYTES: u64 = 64 << 10;
    match read_small(path, MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error @ coldpress_storage::Error::Io { .. }) => Err(error.into()),
        Err(error) => Err(Error::UnreadableHeartbeat {
            path: path.to_path_buf(),
            reason: format!("is not a heartbeat: {error}"),
        }),
    }
}

pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Heartbeat> {
    let unreadable = |error: serde_json::Error| Error::UnreadableHeartbeat {
        path: path.to_path_buf(),
        reason: format!("is not a heartbeat: {error}"),
    };
    let version: Version = serde_json::from_slice(bytes).map_err(unreadable)?;
    if version.schema_version > HEARTBEAT_SCHEMA {
        return Err(Error::NewerSchema {
            path: path.to_path_buf(),
            found: version.schema_version,
            supported: HEARTBEAT_SCHEMA,
        });
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

/// Writes the heartbeat of one driver.
#[derive(Debug)]
pub(crate) struct Beat {
    pulse: Pulse,
    heartbeat: Heartbeat,
}

impl Beat {
    pub(crate) fn new(pulse: Pulse, driver: DriverIdentity) -> Self {
        let heartbeat = Heartbeat {
            schema_version: HEARTBEAT_SCHEMA,
            driver,
            counter: 0,
            beat_at_millis: 0,
            released: false,
        };
        Self { pulse, heartbeat }
    }

    pub(crate) fn write(&mut self) -> Result<()> {
        self.heartbeat.counter += 1;
        self.heartbeat.beat_at_millis = now_millis();
        let json = serde_json::to_vec(&self.heartbeat).map_err(|source| {
            coldpress_storage::Error::Encode {
                path: self.pulse.path(),
                source,
            }
        })?;
        // It isn't synced, because it says who is alive now, and after a power cut nobody is.
        self.pulse.write(&json)
    }

    pub(crate) fn release(&mut self) -> Result<()> {
        self.heartbeat.released = true;
        self.write()
    }

    /// Returns whether the file names another driver, so that it must not be overwritten.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self.pulse.read(), Ok(Some(found)) if found.driver != self.heartbeat.driver)
    }
}
