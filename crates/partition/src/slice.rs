//! The partitions of a plan, and the slices of sources with their records.

use coldpress_dataset::Source;
use coldpress_storage::{Digest, ObjectRef};
use serde::{Deserialize, Serialize};

/// One partition: the unit of work, of checkpoints and of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPartition {
    /// Its number, from 0, in dataset order.
    pub index: u32,
    /// The number of records in the dataset before it.
    pub first_record: u64,
    /// The place of its records.
    pub slice: Slice,
}

/// A part of a source: whole lines of a text, or rows of a columnar file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The index of the source in plan order.
    pub source: u32,
    /// The first byte in the source's text (unpacked, and as JSON lines), or its first row in a columnar file.
    pub start: u64,
    /// One past its last byte, or row.
    pub end: u64,
    /// The number of lines that aren't blank, or of rows.
    pub records: u64,
    /// The hash of its bytes (for a columnar file, of everything that its rows are made of). What was planned is what must be read.
    pub digest: Digest,
    /// The hash of the metadata of a columnar file, which the digest covers too. Plans of earlier releases lack it; there the
    /// digest is that of the row groups that the slice touches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Digest>,
    /// The place in the file where the record at `start` begins, for a source whose text is converted from another format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seek: Option<u64>,
    /// The approximate bytes of its rows when decoded; none means `end - start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded_bytes: Option<u64>,
    /// The positions of its records whose number in the dataset is a multiple of [`MARK_RECORDS`]. The share of errors is judged
    /// there, wherever the cuts are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u64>,
    /// The copy of its bytes in the job's directory, for a source that cannot be sought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Box<ObjectRef>>,
}

impl Slice {
    /// Returns the bytes of its records: of their text, or about those of their decoded columns.
    pub fn bytes(&self) -> u64 {
        self.decoded_bytes.unwrap_or(self.end - self.start)
    }

    /// Describes its part of `source` for people: `bytes 0 to 40` or `rows 0 to 10`.
    pub fn describe(&self, source: &Source) -> String {
        let unit = if source.is_columnar() {
            "rows"
        } else {
            "bytes"
        };
        format!("{unit} {} to {}", self.start, self.end)
    }
}

/// The number of records in the dataset between two judgements of the share of errors.
pub const MARK_RECORDS: u64 = 1000;

impl PlannedPartition {
    /// Returns the numbers in the dataset of the records at the slice's marks.
    pub fn mark_numbers(&self) -> impl Iterator<Item = u64> {
        let first = self.first_record.max(1).next_multiple_of(MARK_RECORDS);
        (0..self.slice.marks.len() as u64).map(move |at| first + at * MARK_RECORDS)
    }
}
