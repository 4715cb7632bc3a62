//! Base64 with the alphabet for URLs, written piece by piece.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

/// Writes the base64 of what it is given.
pub(super) struct Base64Writer<W> {
    out: W,
    /// Bytes that do not make a group of three yet.
    rest: Vec<u8>,
    text: String,
}

impl<W: Write> Base64Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            rest: Vec::new(),
            text: String::new(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() / 3 * 3;
        self.encode(whole)
    }

    /// Writes what is left, with its padding.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.encode(self.rest.len())
    }

    fn encode(&mut self, length: usize) -> io::Result<()> {
        self.text.clear();
        URL_SAFE.encode_string(&self.rest[..length], &mut self.text);
        self.rest.drain(..length);
        self.out.write_all(self.text.as_bytes())
    }
}
