//! From the bytes of a file to UTF-8 text: decompression and transcoding.

use std::io::{self, Read};

use coldpress_record::lost_line;

use crate::format::{Encoding, FileCompression};

mod gzip;
mod window;
mod zstandard;

/// The bytes of a file, raw or decoded.
pub(crate) type Raw<'a> = Box<dyn Read + Send + 'a>;

const BUFFER_BYTES: usize = 128 * 1024;

/// Returns the unpacked bytes of `raw`, up to any damage.
pub(crate) fn decompress(raw: Raw<'_>, compression: FileCompression) -> io::Result<Raw<'_>> {
    unpack(raw, compression, false)
}

/// Returns the unpacked lines of `raw`. After a damaged gzip member or zstd frame, reading goes on with the next one, and a line
/// that is not a record stands for the lost part.
pub(crate) fn decompress_lines(raw: Raw<'_>, compression: FileCompression) -> io::Result<Raw<'_>> {
    unpack(raw, compression, true)
}

fn unpack(raw: Raw<'_>, compression: FileCompression, goes_on: bool) -> io::Result<Raw<'_>> {
    Ok(match compression {
        FileCompression::None => raw,
        FileCompression::Gzip => Box::new(gzip::Members::new(raw, goes_on)),
        FileCompression::Zstd => Box::new(zstandard::Frames::new(raw, goes_on)?),
    })
}

/// Appends the line that stands for the lost `part` that begins at `start`; the next part begins at `next`.
fn lost(part: &str, start: u64, next: u64, error: &io::Error, text: &mut Vec<u8>) {
    let reason = format!(
        "the {part} that begins at byte {start} of the packed file is damaged ({error}); what was read of it may be \
         altered, the rest is lost, and reading goes on with the one at byte {next}"
    );
    text.push(b'\n');
    lost_line(&reason, text);
    text.push(b'\n');
}

/// Returns the UTF-8 text of `bytes`, with lines that end in LF.
pub(crate) fn transcode(bytes: Raw<'_>, encoding: Encoding) -> Raw<'_> {
    match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Utf8CarriageReturn => Box::new(CarriageReturns(bytes)),
        Encoding::Utf16Le => Box::new(Utf16::new(bytes, u16::from_le_bytes)),
        Encoding::Utf16Be => Box::new(Utf16::new(bytes, u16::from_be_bytes)),
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

/// Decodes UTF-16 to UTF-8. An invalid unit becomes the byte FF, which never occurs in UTF-8, so that its record is rejected. A
/// character that the end cuts becomes F0, which begins a character and does not end it.
struct Utf16<'a> {
    bytes: Raw<'a>,
    unit: fn([u8; 2]) -> u16,
    /// Bytes that were read but not decoded yet: half a unit, or half a surrogate pair.
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
