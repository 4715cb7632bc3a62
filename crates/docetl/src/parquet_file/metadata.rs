//! The description in the footer of a Parquet file of this crate.

use serde::{Deserialize, Serialize};

use crate::columns::Kind;

/// The key of the metadata in the file's footer.
pub(super) const KEY: &str = "coldpress.docetl";
/// The newest version of the format, which is for files of changes. An older reader would mistake changes for records.
pub(crate) const VERSION: u32 = 2;
/// The version of files that hold whole records.
const WHOLE_VERSION: u32 = 1;

/// The description of a file, as JSON in its footer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Metadata {
    /// The version of the format.
    pub(super) version: u32,
    /// The folder and the name that the checkpoint was written for. They reveal files that were swapped.
    pub(super) folder: String,
    pub(super) name: String,
    /// The kinds of values in each column.
    pub(super) kinds: Vec<Kind>,
    /// True if a further column has the keys without columns.
    pub(super) has_rest: bool,
    pub(super) groups: Vec<Group>,
    /// The file whose records these are changes of, if they are changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<Base>,
    /// The number of bytes in each block except the last.
    pub(super) block_bytes: u64,
    /// The digests of all blocks before the footer, 16 hexadecimal digits each.
    pub(super) blocks: String,
}

/// The file that the records are changes of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) folder: String,
    pub(crate) name: String,
    /// The seal of the file, which identifies all of its bytes.
    pub(crate) seal: String,
    /// The number of bases on top of each other, including this one.
    pub(crate) depth: u32,
}

impl Metadata {
    /// Returns the version of a file with this base.
    pub(super) fn version_of(base: Option<&Base>) -> u32 {
        base.map_or(WHOLE_VERSION, |_| VERSION)
    }
}

/// A row group.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// The offset of the side and its length in bytes; `None` if the columns express everything.
    pub(super) side_offset: u64,
    pub(super) side_bytes: u64,
}
