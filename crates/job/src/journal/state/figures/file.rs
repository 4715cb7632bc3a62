//! `metadata/figures.bin`: the figures as a view, with the place in the journal up to which they count.
//!
//! The file is a line with the digest of everything that follows, a line of JSON, and numbers of one to ten bytes each (LEB128):
//! one for each partition, which is twice the number of its records, plus 1 if it has a result of the stage at work; then three for
//! each file of checkpoints.

use std::collections::BTreeMap;

use coldpress_storage::{Digest, LogMark};
use serde::{Deserialize, Serialize};

use super::{CheckpointFile, Figures, Head, KnownPartition};

/// The version of the format and of the meaning of the figures. A view of another version is not used.
const FIGURES_SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Described<H> {
    schema_version: u32,
    mark: LogMark,
    head: H,
    partitions: u64,
    checkpoint_files: u64,
}

impl Figures {
    /// Encodes the figures, which count up to this place in the journal.
    pub(in crate::journal) fn to_view(&self, mark: &LogMark) -> serde_json::Result<Vec<u8>> {
        let described = Described {
            schema_version: FIGURES_SCHEMA,
            mark: mark.clone(),
            head: &self.head,
            partitions: self.partitions.len() as u64,
            checkpoint_files: self.checkpoints.len() as u64,
        };
        let mut rest = serde_json::to_vec(&described)?;
        rest.push(b'\n');
        for known in &self.partitions {
            put_number(
                &mut rest,
                known.records << 1 | u64::from(known.is_published),
            );
        }
        for (name, file) in &self.checkpoints {
            [*name, file.entries, file.bytes]
                .into_iter()
                .for_each(|number| put_number(&mut rest, number));
        }
        let mut view = format!("{}\n", Digest::of(&rest)).into_bytes();
        view.append(&mut rest);
        Ok(view)
    }

    /// Decodes a view, with the place up to which it counts. Returns none for bytes that are not a complete view of this version.
    pub(in crate::journal) fn from_view(view: &[u8]) -> Option<(Self, LogMark)> {
        let (digest, rest) = split_line(view)?;
        if digest != Digest::of(rest).to_string().as_bytes() {
            return None;
        }
        let (described, mut numbers) = split_line(rest)?;
        let described: Described<Head> = serde_json::from_slice(described).ok()?;
        // Each number has at least one byte, so this also bounds the memory.
        let counted = described.partitions.max(described.checkpoint_files);
        if described.schema_version != FIGURES_SCHEMA || counted > numbers.len() as u64 {
            return None;
        }
        let mut partitions = Vec::with_capacity(usize::try_from(described.partitions).ok()?);
        for _ in 0..described.partitions {
            let number = take_number(&mut numbers)?;
            partitions.push(KnownPartition {
                records: number >> 1,
                is_published: number & 1 == 1,
            });
        }
        let mut checkpoints = BTreeMap::new();
        for _ in 0..described.checkpoint_files {
            let name = take_number(&mut numbers)?;
            let entries = take_number(&mut numbers)?;
            let bytes = take_number(&mut numbers)?;
            checkpoints.insert(name, CheckpointFile { entries, bytes });
        }
        let figures = Self {
            head: described.head,
            partitions,
            checkpoints,
        };
        numbers.is_empty().then_some((figures, described.mark))
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_and_torn_ones_are_none() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            for end in 0..bytes.len() {
                assert_eq!(take_number(&mut &bytes[..end]), None);
            }
            let mut rest = bytes.as_slice();
            assert_eq!(take_number(&mut rest), Some(number));
            assert!(rest.is_empty());
        }
        assert_eq!(take_number(&mut [0xff; 11].as_slice()), None);
    }
}
