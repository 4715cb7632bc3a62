//! The frames of a Zstandard file, one after another.

use std::io::{self, BufRead, Read};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::window::Window;
use super::{Raw, lost};
use crate::error::is_of_reading;

const MAGIC: &[u8] = b"\x28\xB5\x2F\xFD";

/// Zstandard frames, decoded one block at a time.
///
/// A failing call of the library drops everything it decoded so far. Each call therefore gets at most one block, so that only the
/// damaged part is lost, however the bytes are read.
pub(super) struct Frames<'a> {
    packed: Window<'a>,
    decoder: Decoder<'static>,
    /// The number of bytes that the decoder wants next; 0 between frames.
    wanted: usize,
    /// True if the decoder may hold text that did not fit. It must come out before another block goes in.
    holds_text: bool,
    /// True if reading goes on with the next frame after a damaged one.
    goes_on: bool,
    /// The offset in the file of the current frame.
    start: u64,
    /// The line about a damaged frame, as far as it was not given out.
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

    /// Looks for the next frame after a damaged one, and notes the damage in the text.
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

    /// Decodes some of the current frame into `buffer`. Returns `None` at the end of the file, and 0 bytes when more must be read.
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
        // The hint includes the head of the next block, which may be damaged.
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
    // This is the largest window of the format, that of `zstd --long=31`. Memory is used only as far as the window is filled.
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
