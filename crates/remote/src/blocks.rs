//! What was read of an object lately, so that many small reads are few requests.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// What the first request for something small brings.
const FIRST_BLOCK_BYTES: u64 = 256 << 10;
/// What later requests bring at most, when a reader goes on where it was.
const LONGEST_BLOCK_BYTES: u64 = 4 << 20;
/// How many blocks are kept: columns of a Parquet file are read from several places in turn.
const BLOCKS: usize = 4;

/// The last blocks of an object that were read, the latest one last.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    kept: Mutex<Vec<(u64, Bytes)>>,
}

impl Blocks {
    /// Keeps a block that begins at `start`.
    pub(crate) fn keep(&self, start: u64, bytes: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // The block that this one goes on from has been read to its end.
        kept.retain(|(other, bytes)| other + bytes.len() as u64 != start);
        if kept.len() >= BLOCKS {
            kept.remove(0);
        }
        kept.push((start, bytes));
    }

    /// Fills the beginning of `buffer` with what is kept from `offset` on, and gives how much that is.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (start, bytes) in kept.iter() {
            let Some(at) = offset
                .checked_sub(*start)
                .and_then(|at| usize::try_from(at).ok())
            else {
                continue;
            };
            if let Some(there) = bytes.get(at..).filter(|there| !there.is_empty()) {
                let length = there.len().min(buffer.len());
                buffer[..length].copy_from_slice(&there[..length]);
                return length;
            }
        }
        0
    }

    /// Whether somebody has read up to here for a while.
    pub(crate) fn is_run(&self, offset: u64) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept
            .iter()
            .find(|(start, bytes)| start + bytes.len() as u64 == offset);
        before.is_some_and(|(_, bytes)| bytes.len() as u64 > FIRST_BLOCK_BYTES)
    }

    /// The range to ask for where the bytes from `offset` on are wanted next.
    pub(crate) fn next_range(&self, offset: u64, wanted: usize, length: u64) -> Range<u64> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept
            .iter()
            .find(|(start, bytes)| start + bytes.len() as u64 == offset);
        // Whoever goes on reading reads on; whoever begins somewhere may want no more than this.
        let block = before.map_or(FIRST_BLOCK_BYTES, |(_, bytes)| {
            (bytes.len() as u64 * 4).clamp(FIRST_BLOCK_BYTES, LONGEST_BLOCK_BYTES)
        });
        let end = offset.saturating_add(block.max(wanted as u64)).min(length);
        let is_near_end = length - offset.min(length) < FIRST_BLOCK_BYTES;
        if before.is_none() && is_near_end {
            // What is at the end of a file tells where the rest is, and is read from the end on.
            return length.saturating_sub(FIRST_BLOCK_BYTES).min(offset)..length;
        }
        offset..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_on_takes_longer_blocks_and_forgets_what_is_behind() {
        let blocks = Blocks::default();
        let length = 100 << 20;
        let (mut offset, mut requests) = (0, 0);
        while offset < length {
            let range = blocks.next_range(offset, 1000, length);
            assert_eq!(range.start, offset);
            blocks.keep(
                range.start,
                Bytes::from(vec![0; (range.end - range.start) as usize]),
            );
            assert_eq!(blocks.kept.lock().unwrap().len(), 1);
            (offset, requests) = (range.end, requests + 1);
        }
        assert_eq!(requests, 27);
    }

    #[test]
    fn the_end_of_a_file_is_read_at_once() {
        let blocks = Blocks::default();
        assert_eq!(
            blocks.next_range((1 << 20) - 8, 8, 1 << 20),
            (1 << 20) - (256 << 10)..1 << 20
        );
        assert_eq!(blocks.next_range(5, 8, 10), 0..10);
        blocks.keep(0, Bytes::from_static(b"0123456789"));
        let mut buffer = [0; 4];
        assert_eq!(blocks.read(8, &mut buffer), 2);
        assert_eq!(&buffer[..2], b"89");
        assert_eq!(blocks.read(10, &mut buffer), 0);
    }
}
