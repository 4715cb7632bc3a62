//! The file that tells other hosts that a driver lives.

use std::path::{Path, PathBuf};

use coldpress_storage::{read_small, replace_unsynced};
use serde::{Deserialize, Serialize};

use crate::driver::DriverIdentity;
use crate::{Error, Result};

/// The schema version of `job.heartbeat` that this release writes.
pub const HEARTBEAT_SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) schema_version: u32,
    #[serde(flatten)]
    pub(crate) driver: DriverIdentity,
    /// Raised with every beat.
    pub(crate) counter: u64,
    /// Whether the driver ended properly.
    #[serde(default)]
    pub(crate) released: bool,
}

#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// Reads a heartbeat; none if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Heartbeat>> {
    match read_bytes(path)? {
        Some(bytes) => parse(path, &bytes).map(Some),
        None => Ok(None),
    }
}

/// The bytes of a heartbeat, whatever they are; none if there is none.
pub(super) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    /// A hundred times what one has.
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
    path: PathBuf,
    heartbeat: Heartbeat,
}

impl Beat {
    pub(crate) fn new(path: PathBuf, driver: DriverIdentity) -> Self {
        let heartbeat = Heartbeat {
            schema_version: HEARTBEAT_SCHEMA,
            driver,
            counter: 0,
            released: false,
        };
        Self { path, heartbeat }
    }

    pub(crate) fn write(&mut self) -> Result<()> {
        self.heartbeat.counter += 1;
        let json = serde_json::to_vec(&self.heartbeat).map_err(|source| {
            coldpress_storage::Error::Encode {
                path: self.path.clone(),
                source,
            }
        })?;
        // It says who is alive now. After a power cut nobody is.
        Ok(replace_unsynced(&self.path, &json)?)
    }

    pub(crate) fn release(&mut self) -> Result<()> {
        self.heartbeat.released = true;
        self.write()
    }

    /// Returns whether the file names another driver, which must not be overwritten then.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(read(&self.path), Ok(Some(found)) if found.driver != self.heartbeat.driver)
    }
}
