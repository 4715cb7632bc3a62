//! The places of the groups of a container.

use coldpress_storage::Digest;
use serde::{Deserialize, Serialize};

use crate::{Compression, Error, Result};

/// The versions of containers. In the second, JSON lines are the records themselves.
pub(super) const PLAIN_VERSION: u32 = 1;
pub(super) const RECORD_LINES_VERSION: u32 = 2;
/// The newest version that this release reads.
const CONTAINER_VERSION: u32 = RECORD_LINES_VERSION;

/// A group of rows in a container, which is read and decoded as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerGroup {
    /// The number of its rows.
    pub rows: u64,
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes in the file.
    pub stored_bytes: u64,
    /// Its bytes before compression: of the arrays, or of the lines.
    pub plain_bytes: u64,
    /// The digest of its bytes in the file; files of the first release lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// All groups of a container, as stored in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Directory {
    version: u32,
    /// The compression that was asked for.
    pub(super) compression: Compression,
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    pub(super) groups: Vec<ContainerGroup>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Directory {
    pub(super) fn new(version: u32, compression: Compression, columns: Vec<String>) -> Self {
        Self {
            version,
            compression,
            columns,
            groups: Vec::new(),
        }
    }

    pub(super) fn to_json(&self, name: &str) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Precondition {
            name: name.to_owned(),
            reason: format!("its directory is not JSON: {error}"),
        })
    }

    /// Reads the version before anything else, because it is the only part that is the same in all versions.
    pub(super) fn from_json(name: &str, json: &str) -> Result<Self> {
        let bad = |error| Error::corrupt(name, format!("its directory cannot be read: {error}"));
        let Version { version } = serde_json::from_str(json).map_err(bad)?;
        if version > CONTAINER_VERSION {
            return Err(Error::Newer {
                name: name.to_owned(),
                found: version,
                supported: CONTAINER_VERSION,
            });
        }
        serde_json::from_str(json).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_container_is_refused_by_name_of_both_versions() {
        let mut directory = Directory::new(PLAIN_VERSION, Compression::Lz4, vec!["a".into()]);
        let json = directory.to_json("x").unwrap();
        assert_eq!(Directory::from_json("x", &json).unwrap(), directory);
        directory.version = 3;
        let error = Directory::from_json("x", &directory.to_json("x").unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`x` has schema version 3, this release reads versions up to 2; use the release that wrote it"
        );
        assert!(Directory::from_json("x", "{}").unwrap_err().is_unusable());
    }
}
