//! The export on its way to its place.

use coldpress_operator::ChainHash;
use coldpress_storage::Digest;
use serde::{Deserialize, Serialize};

use super::traced::TraceIntent;

/// An export that is complete and waits for its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportIntent {
    /// Where it is now.
    pub temporary: String,
    /// Where it will be.
    pub path: String,
    /// Whether it is a folder of shards.
    pub directory: bool,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many records it holds.
    pub records: u64,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// Failed partitions, whose records it lacks.
    #[serde(default)]
    pub partitions_left_out: Vec<u32>,
    /// What the names of the export's files end in and how they are compressed inside, as `.jsonl.gz` or
    /// `.parquet+zstd`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// Bytes of JSONL in a shard, for a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_bytes: Option<u64>,
    /// The files beside it: statistics, and what filters dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<OutputIntent>,
    /// The fields by which the list of duplicates among them names records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The traces, where records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceIntent>,
    /// What tells the key of encrypted outputs from other keys; none if they are not encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

impl ExportIntent {
    /// All outputs: the export first, then the files beside it, and the traces last.
    pub fn outputs(&self) -> impl Iterator<Item = OutputIntent> {
        let export = OutputIntent {
            temporary: self.temporary.clone(),
            path: self.path.clone(),
            length: self.length,
            digest: self.digest,
        };
        let traces = self.trace.iter().map(|trace| OutputIntent {
            temporary: trace.temporary.clone(),
            path: trace.path.clone(),
            length: trace.length,
            digest: trace.digest,
        });
        let companions = self.companions.iter().cloned();
        std::iter::once(export).chain(companions).chain(traces)
    }
}

/// An output that is complete and waits for its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputIntent {
    /// Where it is now.
    pub temporary: String,
    /// Where it will be.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}
