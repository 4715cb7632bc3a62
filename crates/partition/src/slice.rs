//! What a plan consists of: partitions, and the slices of sources that their records are in.

use coldpress_dataset::Source;
use coldpress_storage::{Digest, ObjectRef};
use serde::{Deserialize, Serialize};

/// One partition: the unit of work, of checkpoints and of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPartition {
    /// Its number, from 0, in dataset order.
    pub index: u32,
    /// How many records of the dataset come before it.
    pub first_record: u64,
    /// Where its records are.
    pub slice: Slice,
}

/// A part of a source: whole lines of a text, or rows of a columnar file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Index of the source in plan order.
    pub source: u32,
    /// First byte in the source's text (unpacked, and as JSON lines), or its first row in a columnar file.
    pub start: u64,
    /// One past its last byte, or row.
    pub end: u64,
    /// Lines that are not blank, or rows.
    pub records: u64,
    /// Hash of its bytes (of a columnar file: of everything that its rows are made of): what was planned is what must be
    /// read.
    pub digest: Digest,
    /// Hash of the metadata of a columnar file, which the digest covers too. Plans of earlier releases lack it: there the
    /// digest is that of the row groups that the slice touches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Digest>,
    /// Where in the file the record at `start` begins, for a source whose text is made of another format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<u64>,
    /// Bytes of its rows when decoded, about; none = `end - start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded_bytes: Option<u64>,
    /// Positions of the records inside whose number in the dataset is a multiple of [`MARK_RECORDS`]: where the share
    /// of errors is judged, whatever the cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u64>,
    /// A copy of its bytes in the job's directory, for a source that cannot be sought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Box<ObjectRef>>,
}

impl Slice {
    /// Bytes of its records: of their text, or about those of their decoded columns.
    pub fn bytes(&self) -> u64 {
        self.decoded_bytes.unwrap_or(self.end - self.start)
    }

    /// Which part of `source` it is, for people: `bytes 0 to 40` or `rows 0 to 10`.
    pub fn describe(&self, source: &Source) -> String {
        let unit = if source.is_columnar() {
            "rows"
        } else {
            "bytes"
        };
        format!("{unit} {} to {}", self.start, self.end)
    }
}

/// Records of the dataset between two judgements of the share of errors.
pub const MARK_RECORDS: u64 = 1000;

impl PlannedPartition {
    /// The numbers in the dataset of the records at the slice's marks.
    pub fn mark_numbers(&self) -> impl Iterator<Item = u64> {
        let first = self.first_record.max(1).next_multiple_of(MARK_RECORDS);
        (0..self.slice.marks.len() as u64).map(move |at| first + at * MARK_RECORDS)
    }
}
