//! Zstandard: one frame after another.

use std::io::{self, BufRead, Read};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::window::Window;
use super::{Raw, lost};
use crate::error::is_of_reading;

const MAGIC: &[u8] = b"\x28\xB5\x2F\xFD";

/// Zstandard frames, decoded one block at a time.
///
/// A call of the library that fails drops what it decoded so far, so each call gets no more than one block: then only
/// what is damaged is lost, however the bytes are read.
pub(super) struct Frames<'a> {
    packed: Window<'a>,
    decoder: Decoder<'static>,
    /// Bytes that the decoder wants next; 0 between frames.
    wanted: usize,
    /// Whether the decoder may hold text that had no room: it must come out before another block goes in.
    holds_text: bool,
    /// Whether reading goes on after a damaged frame with the next one.
    goes_on: bool,
    /// Offset in the file of the frame in hand.
    start: u64,
    /// What is said of a damaged frame, as far as it was not given out.
    told: Vec<u8>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(raw: Raw<'a>, goes_on: bool) -> io::Result<Self> {
        Ok(Self {
            packed: Window::new(raw),
            decoder: decoder()?,
            wanted: 0,
            holds_text: false,
            goes_on,
            start: 0,
            told: Vec::new(),
        })
    }

    /// Looks for the next frame after one that is damaged, and says so in the text.
    fn after(&mut self, error: io::Error) -> io::Result<()> {
        let is_damage = self.goes_on && !is_of_reading(&error);
        if !is_damage
            || !self
                .packed
                .find(self.start + 1, MAGIC.len(), |bytes| bytes == MAGIC)?
        {
            return Err(error);
        }
        let next = self.packed.position();
        lost("zstd frame", self.start, next, &error, &mut self.told);
        (self.decoder, self.wanted, self.holds_text) = (decoder()?, 0, false);
        Ok(())
    }

    /// Decodes some of the frame in hand into `buffer`; `None` at the end of the file, 0 bytes where more must be read.
    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        const FRAME_START_BYTES: usize = 5;
        const BLOCK_HEAD_BYTES: usize = 3;
        if self.wanted == 0 {
            self.start = self.packed.position();
        }
        let available = self.packed.fill_buf()?;
        if available.is_empty() && self.wanted == 0 {
            return Ok(None);
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
        let ended = available.is_empty();
        let mut input = InBuffer::around(&available[..fed]);
        let mut output = OutBuffer::around(&mut *buffer);
        self.wanted = self.decoder.run(&mut input, &mut output)?;
        let (taken, written) = (input.pos, output.pos());
        self.packed.consume(taken);
        let held_text = std::mem::replace(&mut self.holds_text, written == buffer.len());
        if written == 0 && ended && !held_text {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the zstd frame breaks off",
            ));
        }
        Ok(Some(written))
    }
}

fn decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    // The largest window of the format, that of `zstd --long=31`; memory is taken as far as it is filled.
    decoder.set_parameter(DParameter::WindowLogMax(31))?;
    Ok(decoder)
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.told.is_empty() {
                let length = self.told.len().min(buffer.len());
                buffer[..length].copy_from_slice(&self.told[..length]);
                self.told.drain(..length);
                return Ok(length);
            }
            match self.decode(buffer) {
                Ok(None) => return Ok(0),
                Ok(Some(0)) => {}
                Ok(Some(written)) => return Ok(written),
                Err(error) => self.after(error)?,
            }
        }
        Ok(0)
    }
}
