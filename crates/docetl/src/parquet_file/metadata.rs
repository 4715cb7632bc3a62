//! What a Parquet file of this crate says of itself.

use serde::{Deserialize, Serialize};

use crate::columns::Kind;

/// The key of the metadata in the file's footer.
pub(super) const KEY: &str = "coldpress.docetl";
/// The newest version of the form, which is that of changes: a reader that does not know them would take them for records.
pub(crate) const VERSION: u32 = 2;
/// The version of files that hold whole records.
const WHOLE_VERSION: u32 = 1;

/// What a file says of itself, as JSON in its footer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Metadata {
    /// The version of the form.
    pub(super) version: u32,
    /// The folder and the name that the checkpoint was written for, so that files which were exchanged are found.
    pub(super) folder: String,
    pub(super) name: String,
    /// What the cells of each column are.
    pub(super) kinds: Vec<Kind>,
    /// A further column has the keys without columns.
    pub(super) has_rest: bool,
    pub(super) groups: Vec<Group>,
    /// The records are what changed since those of another file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<Base>,
    /// How many bytes each block has, but for the last one.
    pub(super) block_bytes: u64,
    /// The digests of all blocks before the footer, 16 hexadecimal digits each.
    pub(super) blocks: String,
}

/// The file that records are changes of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) folder: String,
    pub(crate) name: String,
    /// The seal of the file, which stands for all of its bytes.
    pub(crate) seal: String,
    /// How many bases are on top of each other, with this one.
    pub(crate) depth: u32,
}

impl Metadata {
    /// The version of a file with this base.
    pub(super) fn version_of(base: Option<&Base>) -> u32 {
        base.map_or(WHOLE_VERSION, |_| VERSION)
    }
}

/// A row group.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// Where the side begins, and how many bytes it has; none means that the columns say all.
    pub(super) side_offset: u64,
    pub(super) side_bytes: u64,
}
