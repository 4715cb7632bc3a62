//! From a file's bytes to UTF-8 text: decompression and transcoding.

use std::io::{self, BufRead, BufReader, Read};

use zstd::stream::raw::{InBuffer, Operation, OutBuffer};

use crate::sniff::{Compression, Encoding};

/// The bytes of a file, or what was made of them.
pub(crate) type Raw<'a> = Box<dyn Read + Send + 'a>;

const BUFFER_BYTES: usize = 128 * 1024;

/// The unpacked bytes of `raw`.
pub(crate) fn decompress(raw: Raw<'_>, compression: Compression) -> io::Result<Raw<'_>> {
    Ok(match compression {
        Compression::None => raw,
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(
            BufReader::with_capacity(BUFFER_BYTES, raw),
        )),
        Compression::Zstd => Box::new(ZstdBlocks::new(raw)?),
    })
}

/// The UTF-8 text of `bytes`, with lines that end in LF.
pub(crate) fn transcode(bytes: Raw<'_>, encoding: Encoding) -> Raw<'_> {
    match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Utf8CarriageReturn => Box::new(CarriageReturns(bytes)),
        Encoding::Utf16Le => Box::new(Utf16::new(bytes, u16::from_le_bytes)),
        Encoding::Utf16Be => Box::new(Utf16::new(bytes, u16::from_be_bytes)),
    }
}

/// Zstandard frames, decoded one block at a time.
///
/// A call of the library that fails drops what it decoded so far, so each call gets no more than one block: then only
/// what is damaged is lost, however the bytes are read.
struct ZstdBlocks<'a> {
    packed: BufReader<Raw<'a>>,
    decoder: zstd::stream::raw::Decoder<'static>,
    /// Bytes that the decoder wants next; 0 between frames.
    wanted: usize,
    /// Whether the decoder may hold text that had no room: it must come out before another block goes in.
    holds_text: bool,
}

impl<'a> ZstdBlocks<'a> {
    fn new(raw: Raw<'a>) -> io::Result<Self> {
        let packed = BufReader::with_capacity(BUFFER_BYTES, raw);
        Ok(Self {
            packed,
            decoder: zstd::stream::raw::Decoder::new()?,
            wanted: 0,
            holds_text: false,
        })
    }
}

impl Read for ZstdBlocks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const FRAME_START_BYTES: usize = 5;
        const BLOCK_HEAD_BYTES: usize = 3;
        while !buffer.is_empty() {
            let available = self.packed.fill_buf()?;
            let between_frames = self.wanted == 0;
            if available.is_empty() && between_frames {
                return Ok(0);
            }
            // The hint counts the head of the next block too, which may be what is damaged.
            let wanted = match self.wanted {
                0 => FRAME_START_BYTES,
                hint @ 1..=BLOCK_HEAD_BYTES => hint,
                hint => hint - BLOCK_HEAD_BYTES,
            };
            let fed = if self.holds_text {
                0
            } else {
                available.len().min(wanted)
            };
            let mut input = InBuffer::around(&available[..fed]);
            let mut output = OutBuffer::around(&mut *buffer);
            let ended = available.is_empty();
            self.wanted = self.decoder.run(&mut input, &mut output)?;
            let (taken, written) = (input.pos, output.pos());
            self.packed.consume(taken);
            let held_text = std::mem::replace(&mut self.holds_text, written == buffer.len());
            if written > 0 {
                return Ok(written);
            }
            if ended && !held_text {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the zstd frame breaks off",
                ));
            }
        }
        Ok(0)
    }
}

/// Turns each CR into LF.
struct CarriageReturns<'a>(Raw<'a>);

impl Read for CarriageReturns<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        buffer[..length]
            .iter_mut()
            .filter(|byte| **byte == b'\r')
            .for_each(|byte| *byte = b'\n');
        Ok(length)
    }
}

/// UTF-16 to UTF-8. What is no text becomes the byte FF, which no UTF-8 has, so that its record is rejected; a character
/// that the end cuts becomes F0, which begins a character and does not end it.
struct Utf16<'a> {
    bytes: Raw<'a>,
    unit: fn([u8; 2]) -> u16,
    /// Bytes read and not yet decoded: half a unit, or half a surrogate pair.
    pending: Vec<u8>,
    text: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<'a> Utf16<'a> {
    fn new(bytes: Raw<'a>, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            bytes,
            unit,
            pending: Vec::new(),
            text: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.taken = 0;
        let read = (&mut self.bytes)
            .take(BUFFER_BYTES as u64)
            .read_to_end(&mut self.pending)?;
        self.ended = read == 0;
        let (units, _) = self.pending.as_chunks::<2>();
        let mut units: Vec<u16> = units.iter().map(|unit| (self.unit)(*unit)).collect();
        let cut_pair = !self.ended && units.last().is_some_and(is_high_surrogate);
        if cut_pair {
            units.pop();
        }
        self.pending.drain(..units.len() * 2);
        let cut =
            self.ended && (!self.pending.is_empty() || units.last().is_some_and(is_high_surrogate));
        if cut && units.last().is_some_and(is_high_surrogate) {
            units.pop();
        }
        for decoded in char::decode_utf16(units) {
            match decoded {
                Ok(character) => self
                    .text
                    .extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(_) => self.text.push(0xFF),
            }
        }
        if cut {
            self.pending.clear();
            self.text.push(0xF0);
        }
        Ok(())
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !self.ended {
            self.refill()?;
        }
        let left = &self.text[self.taken..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.taken += length;
        Ok(length)
    }
}

fn is_high_surrogate(unit: &u16) -> bool {
    (0xD800..0xDC00).contains(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: Vec<u8>, encoding: Encoding) -> Vec<u8> {
        let mut text = Vec::new();
        transcode(Box::new(io::Cursor::new(bytes)), encoding)
            .read_to_end(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn utf16_becomes_utf8_and_what_is_no_text_shows() {
        let text = "\u{FEFF}aé中😀\n".repeat(20_000);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(bytes, Encoding::Utf16Le), text.as_bytes());
        let lone = [0x00, b'a', 0xD8, 0x3D, 0x00, b'b', 0x00];
        assert_eq!(decoded(lone.to_vec(), Encoding::Utf16Be), b"a\xFFb\xF0");
    }

    #[test]
    fn carriage_returns_become_line_ends() {
        assert_eq!(
            decoded(b"{}\r{}\r".to_vec(), Encoding::Utf8CarriageReturn),
            b"{}\n{}\n"
        );
    }
}
