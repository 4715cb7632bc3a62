//! Packing rows as they are written, and unpacking them again.

use std::io::{self, Read, Write};

use crate::decode::decompress;
use crate::format::FileCompression;

/// Writes rows in the form of the export. The same rows always give the same bytes, however they are divided into parts.
pub struct RowsEncoder<W: Write> {
    encoder: Encoder<W>,
    /// Rows that wait to fill a block. Compressors only see blocks of one length, because the places where their input is divided
    /// show in their output.
    block: Vec<u8>,
    plain_bytes: u64,
}

/// The length of the blocks that the compressor gets.
const BLOCK_BYTES: usize = 64 << 10;

enum Encoder<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> RowsEncoder<W> {
    /// Creates an encoder that writes to `out`.
    ///
    /// # Errors
    /// Fails when the compressor cannot be set up.
    pub fn new(out: W, compression: FileCompression) -> io::Result<Self> {
        const ZSTD_LEVEL: i32 = 3;
        let encoder = match compression {
            FileCompression::None => Encoder::Plain(out),
            FileCompression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(
                out,
                flate2::Compression::new(6),
            )),
            FileCompression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        };
        Ok(Self {
            encoder,
            block: Vec::new(),
            plain_bytes: 0,
        })
    }

    /// Returns the number of bytes written so far, before they were packed.
    pub fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    fn write_block(&mut self) -> io::Result<()> {
        let written = match &mut self.encoder {
            Encoder::Plain(out) => out.write_all(&self.block),
            Encoder::Gzip(encoder) => encoder.write_all(&self.block),
            Encoder::Zstd(encoder) => encoder.write_all(&self.block),
        };
        self.block.clear();
        written
    }

    /// Returns the writer of the packed rows.
    pub fn get_ref(&self) -> &W {
        match &self.encoder {
            Encoder::Plain(out) => out,
            Encoder::Gzip(encoder) => encoder.get_ref(),
            Encoder::Zstd(encoder) => encoder.get_ref(),
        }
    }

    /// Ends the member or frame and returns the writer. Without rows, a member or frame without content is left.
    ///
    /// # Errors
    /// Fails when the end cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_block()?;
        match self.encoder {
            Encoder::Plain(out) => Ok(out),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for RowsEncoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match &mut self.encoder {
            Encoder::Plain(out) => out.write(bytes)?,
            Encoder::Gzip(_) | Encoder::Zstd(_) => {
                let taken = bytes.len().min(BLOCK_BYTES - self.block.len());
                self.block.extend_from_slice(&bytes[..taken]);
                if self.block.len() == BLOCK_BYTES {
                    self.write_block()?;
                }
                taken
            }
        };
        self.plain_bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_block()?;
        match &mut self.encoder {
            Encoder::Plain(out) => out.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Returns the plain rows of a file that a [`RowsEncoder`] wrote.
///
/// # Errors
/// Fails when the decompressor cannot be set up.
pub fn decode_rows(
    rows: impl Read + Send + 'static,
    compression: FileCompression,
) -> io::Result<Box<dyn Read + Send>> {
    decompress(Box::new(rows), compression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_parts_end_does_not_show() {
        let mut state = 1_u32;
        let rows: Vec<u8> = (0..300_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"abcdefgh ijkl mno\n"[(state >> 27) as usize % 18]
            })
            .collect();
        for compression in [
            FileCompression::None,
            FileCompression::Gzip,
            FileCompression::Zstd,
        ] {
            let written = |sizes: &[usize]| {
                let mut encoder = RowsEncoder::new(Vec::new(), compression).unwrap();
                let (mut rest, mut sizes) = (&rows[..], sizes.iter().cycle());
                while !rest.is_empty() {
                    let size = rest.len().min(*sizes.next().unwrap());
                    encoder.write_all(&rest[..size]).unwrap();
                    rest = &rest[size..];
                }
                assert_eq!(encoder.plain_bytes(), rows.len() as u64);
                encoder.finish().unwrap()
            };
            let whole = written(&[rows.len()]);
            for sizes in [&[1][..], &[100, 7, 70_000], &[BLOCK_BYTES], &[4096]] {
                assert!(written(sizes) == whole, "{compression:?} in {sizes:?}");
            }
            let mut read = Vec::new();
            let mut decoder = decode_rows(io::Cursor::new(whole), compression).unwrap();
            decoder.read_to_end(&mut read).unwrap();
            assert!(read == rows);
        }
    }
}
