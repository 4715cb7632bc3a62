//! The codecs of JSON lines. A group is a frame that any tool for the codec can read.

use std::io::{Read, Write};

use crate::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression as Level, Crc};

/// The longest text that a frame can hold uncompressed here.
const MAX_VERBATIM_BYTES: usize = 255;
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A codec of JSON lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Plain,
    Gzip,
    Zstd,
}

impl Codec {
    /// All codecs in the order in which the end of a file must be tried, because a frame of Zstandard also ends with its text.
    pub(super) const ALL: [Self; 3] = [Self::Gzip, Self::Zstd, Self::Plain];

    /// Returns the codec of a compression that JSON lines support.
    pub(super) fn of(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::Plain,
            Compression::Gzip => Self::Gzip,
            _ => Self::Zstd,
        }
    }

    /// Returns a frame with these bytes.
    pub(super) fn pack(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(bytes.to_vec()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(bytes, 1),
        }
    }

    /// Returns the bytes of a frame, which must hold exactly `length`; `None` if it does not.
    pub(super) fn unpack(self, frame: Vec<u8>, length: usize) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Plain => frame,
            Self::Gzip => {
                let mut bytes = Vec::with_capacity(length);
                let limit = length as u64 + 1;
                let read = GzDecoder::new(&*frame).take(limit).read_to_end(&mut bytes);
                read.ok()?;
                bytes
            }
            Self::Zstd => zstd::bulk::decompress(&frame, length).ok()?,
        };
        (bytes.len() == length).then_some(bytes)
    }

    /// Returns how many more bytes a frame has than the uncompressed text in it.
    pub(super) fn verbatim_overhead(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Gzip => 10 + 5 + 8,
            Self::Zstd => 4 + 2 + 3,
        }
    }

    /// Returns a frame with these bytes, 255 at most, uncompressed, so that its length does not depend on their content.
    pub(super) fn verbatim(self, bytes: &[u8]) -> Vec<u8> {
        debug_assert!(
            bytes.len() <= MAX_VERBATIM_BYTES,
            "the length takes one byte"
        );
        let length = bytes.len() as u8;
        let mut frame = Vec::with_capacity(bytes.len() + self.verbatim_overhead());
        match self {
            Self::Plain => frame.extend_from_slice(bytes),
            Self::Gzip => {
                // No name, no time, unknown system; one stored block, the last.
                frame.extend_from_slice(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]);
                frame.extend_from_slice(&[1, length, 0, !length, 0xFF]);
                frame.extend_from_slice(bytes);
                let mut crc = Crc::new();
                crc.update(bytes);
                frame.extend_from_slice(&crc.sum().to_le_bytes());
                frame.extend_from_slice(&u32::from(length).to_le_bytes());
            }
            Self::Zstd => {
                frame.extend_from_slice(&ZSTD_MAGIC);
                // A single segment with a length of one byte; one raw block, the last.
                frame.extend_from_slice(&[0x20, length]);
                let block = u32::from(length) << 3 | 1;
                frame.extend_from_slice(&block.to_le_bytes()[..3]);
                frame.extend_from_slice(bytes);
            }
        }
        frame
    }

    /// Returns the text of a frame that [`verbatim`](Self::verbatim) made.
    pub(super) fn of_verbatim(self, frame: &[u8]) -> Option<&[u8]> {
        let (before, behind) = match self {
            Self::Plain => (0, 0),
            Self::Gzip => (15, 8),
            Self::Zstd => (9, 0),
        };
        let bytes = frame.get(before..frame.len().checked_sub(behind)?)?;
        let is_it = bytes.len() <= MAX_VERBATIM_BYTES && self.verbatim(bytes) == frame;
        is_it.then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_give_their_bytes_back_and_no_others() {
        for codec in Codec::ALL {
            for bytes in [&b""[..], b"{}\n", &[b'x'; 100_000]] {
                let frame = codec.pack(bytes).unwrap();
                assert_eq!(
                    codec.unpack(frame.clone(), bytes.len()).as_deref(),
                    Some(bytes)
                );
                assert_eq!(
                    codec.unpack(frame.clone(), bytes.len() + 1),
                    None,
                    "{codec:?}"
                );
                if let Some(less) = bytes.len().checked_sub(1) {
                    assert_eq!(codec.unpack(frame, less), None, "{codec:?}");
                }
            }
        }
    }

    #[test]
    fn verbatim_frames_have_a_known_length_and_any_tool_reads_them() {
        for codec in Codec::ALL {
            for length in [0, 1, 200, 255] {
                let bytes = vec![b'y'; length];
                let frame = codec.verbatim(&bytes);
                assert_eq!(frame.len(), length + codec.verbatim_overhead());
                assert_eq!(codec.of_verbatim(&frame), Some(&*bytes));
                assert_eq!(
                    codec.unpack(frame.clone(), length),
                    Some(bytes),
                    "{codec:?} {length}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_verbatim_frame_is_found() {
        for codec in [Codec::Gzip, Codec::Zstd] {
            let frame = codec.verbatim(b"some text");
            let first_of_text = if codec == Codec::Gzip { 15 } else { 9 };
            for at in 0..first_of_text {
                let mut changed = frame.clone();
                changed[at] ^= 1;
                assert_eq!(codec.of_verbatim(&changed), None, "{codec:?} {at}");
            }
            assert_eq!(codec.of_verbatim(&frame[..5]), None);
        }
    }
}
