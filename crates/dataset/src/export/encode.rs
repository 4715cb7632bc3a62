//! Packing rows as they are written, and unpacking them again.

use std::io::{self, Read, Write};

use crate::decode::decompress;
use crate::sniff::Compression;

/// Writes rows in the form of the export. The same rows always give the same bytes.
pub struct RowsEncoder<W: Write> {
    encoder: Encoder<W>,
    plain_bytes: u64,
}

enum Encoder<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> RowsEncoder<W> {
    /// An encoder onto `out`.
    ///
    /// # Errors
    /// When the compressor cannot be set up.
    pub fn new(out: W, compression: Compression) -> io::Result<Self> {
        const ZSTD_LEVEL: i32 = 3;
        let encoder = match compression {
            Compression::None => Encoder::Plain(out),
            Compression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(
                out,
                flate2::Compression::new(6),
            )),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        };
        Ok(Self {
            encoder,
            plain_bytes: 0,
        })
    }

    /// Bytes written so far, before they were packed.
    pub fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    /// Where the packed rows go.
    pub(super) fn get_ref(&self) -> &W {
        match &self.encoder {
            Encoder::Plain(out) => out,
            Encoder::Gzip(encoder) => encoder.get_ref(),
            Encoder::Zstd(encoder) => encoder.get_ref(),
        }
    }

    /// Ends the member or frame and gives the writer back. Of no rows, a member or frame without content is left.
    ///
    /// # Errors
    /// When the end cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.encoder {
            Encoder::Plain(out) => Ok(out),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for RowsEncoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.encoder {
            Encoder::Plain(out) => out.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }?;
        self.plain_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::Plain(out) => out.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// The plain rows of a file that a [`RowsEncoder`] wrote.
///
/// # Errors
/// When the decompressor cannot be set up.
pub fn decode_rows(
    rows: impl Read + Send + 'static,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send>> {
    decompress(Box::new(rows), compression)
}
