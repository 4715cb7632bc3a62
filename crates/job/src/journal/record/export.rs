//! The export while it is moved to its final place.

use coldpress_operator::ChainHash;
use coldpress_storage::Digest;
use serde::{Deserialize, Serialize};

use super::traced::TraceIntent;

/// An export that is complete and waits for its final name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportIntent {
    /// Its current path.
    pub temporary: String,
    /// Its final path.
    pub path: String,
    /// True if it is a folder of shards.
    pub directory: bool,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The number of its records.
    pub records: u64,
    /// The operators that were applied.
    pub chain: ChainHash,
    /// The failed partitions, whose records it lacks.
    #[serde(default)]
    pub partitions_left_out: Vec<u32>,
    /// The suffix of the export's files and their internal compression, as `.jsonl.gz` or `.parquet+zstd`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// The bytes of JSONL in a shard, for a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_bytes: Option<u64>,
    /// The files beside it: statistics, and the records that filters dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<OutputIntent>,
    /// The fields by which the list of duplicates among them identifies records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The traces, if records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceIntent>,
    /// The identity of the key of encrypted outputs; none if they are not encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

impl ExportIntent {
    /// Returns all outputs: the export first, then the files beside it, and the traces last.
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

/// An output that is complete and waits for its final name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputIntent {
    /// Its current path.
    pub temporary: String,
    /// Its final path.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}
