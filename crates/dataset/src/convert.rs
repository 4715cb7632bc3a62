//! From the text of other formats to JSONL text, while it is read.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};

use crate::decode::Raw;

mod chunks;
pub(crate) mod csv;
mod joined;
mod json;
mod text;

pub(crate) use chunks::Chunks;
pub(crate) use joined::Joined;
pub(crate) use json::Elements;
pub(crate) use text::Texts;

/// What makes JSONL text, a piece at a time.
pub(crate) trait Make: Send {
    /// Appends a piece, as large as is convenient; `false` when nothing is left.
    ///
    /// # Errors
    /// When the source cannot be read further, or [`Torn`]. What was appended before counts.
    fn make(&mut self, out: &mut Out) -> io::Result<bool>;
}

/// What turns the bytes of one file into JSONL text.
pub(crate) trait Convert: Send {
    /// The first byte will be at `offset` in its file.
    fn begin(&mut self, offset: u64);

    /// Takes bytes from the front of `input` and appends text; returns how many. It may leave some where `out` is full,
    /// and takes at least one where it is not.
    fn feed(&mut self, input: &[u8], out: &mut Out) -> io::Result<usize>;

    /// The file has ended: appends what is left, as much as is convenient; returns whether there is more.
    fn finish(&mut self, out: &mut Out) -> io::Result<bool>;
}

/// The error of a text that breaks off, or goes on behind its end: all records before are good.
#[derive(Debug)]
pub(crate) struct Torn(String);

impl Torn {
    fn error(reason: String) -> io::Error {
        io::Error::other(Self(reason))
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Torn {}

/// Text that was made and not read yet, and where its records begin.
pub(crate) struct Out {
    pub(crate) text: Vec<u8>,
    /// Position of the first byte of `text` in all that is made.
    position: u64,
    /// Positions of records, each with its place in the file; `None` = nobody asked for them.
    seeks: Option<VecDeque<(u64, u64)>>,
}

impl Out {
    const FULL_BYTES: usize = 256 * 1024;

    /// No text; the first byte will be at `position`.
    pub(crate) fn new(position: u64) -> Self {
        Self {
            text: Vec::new(),
            position,
            seeks: None,
        }
    }

    fn is_full(&self) -> bool {
        self.text.len() >= Self::FULL_BYTES
    }

    /// A record begins here, which begins at `place` in the file.
    fn begin_record(&mut self, place: u64) {
        if let Some(seeks) = &mut self.seeks {
            seeks.push_back((self.position + self.text.len() as u64, place));
        }
    }

    fn clear(&mut self) {
        self.position += self.text.len() as u64;
        self.text.clear();
    }
}

/// JSONL text made of another format, as a stream of bytes.
pub(crate) struct Converter {
    make: Box<dyn Make>,
    out: Out,
    /// Bytes of the text in hand that were read.
    taken: usize,
    /// What ends the stream once the text in hand is read.
    error: Option<io::Error>,
    ended: bool,
}

impl Converter {
    /// A stream of what `make` makes; its first byte counts as `position`.
    pub(crate) fn new(make: Box<dyn Make>, position: u64) -> Self {
        Self {
            make,
            out: Out::new(position),
            taken: 0,
            error: None,
            ended: false,
        }
    }

    /// A stream of what `convert` makes of `raw`, whose first byte is at `offset` in its file.
    pub(crate) fn over(
        raw: Raw<'static>,
        offset: u64,
        convert: impl Convert + 'static,
        position: u64,
    ) -> Self {
        let fed = Fed {
            chunks: Chunks::new(raw, offset),
            convert,
            has_begun: false,
        };
        Self::new(Box::new(fed), position)
    }

    /// From now on remembers where records begin.
    pub(crate) fn track_seeks(&mut self) {
        self.out.seeks.get_or_insert_default();
    }

    /// Passes over the text before `position`. Where the records behind it begin is remembered: some are made by then.
    pub(crate) fn skip_to(&mut self, position: u64) -> io::Result<()> {
        const STEP_BYTES: u64 = 1024 * 1024;
        let mut left = position.saturating_sub(self.out.position);
        if left > 0 {
            self.track_seeks();
        }
        while left > 0 {
            let step = left.min(STEP_BYTES);
            let passed = io::copy(&mut self.by_ref().take(step), &mut io::sink())?;
            if passed == 0 {
                break;
            }
            left -= passed;
            self.forget_before(position - left);
        }
        Ok(())
    }

    /// Forgets the records before `position`.
    pub(crate) fn forget_before(&mut self, position: u64) {
        if let Some(seeks) = &mut self.out.seeks {
            while seeks.front().is_some_and(|(at, _)| *at < position) {
                seeks.pop_front();
            }
        }
    }

    /// Returns where the record at `position` begins in the file; forgets those before.
    pub(crate) fn seek_of(&mut self, position: u64) -> Option<u64> {
        self.forget_before(position);
        let (at, place) = *self.out.seeks.as_ref()?.front()?;
        (at == position).then_some(place)
    }
}

impl Read for Converter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = &self.out.text[self.taken..];
            if !left.is_empty() || buffer.is_empty() {
                let length = left.len().min(buffer.len());
                buffer[..length].copy_from_slice(&left[..length]);
                self.taken += length;
                return Ok(length);
            }
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.ended {
                return Ok(0);
            }
            self.out.clear();
            self.taken = 0;
            match self.make.make(&mut self.out) {
                Ok(more) => self.ended = !more,
                Err(error) => (self.ended, self.error) = (true, Some(error)),
            }
        }
    }
}

/// A converter and the file that feeds it.
struct Fed<C> {
    chunks: Chunks<'static>,
    convert: C,
    has_begun: bool,
}

impl<C: Convert> Make for Fed<C> {
    fn make(&mut self, out: &mut Out) -> io::Result<bool> {
        while !out.is_full() {
            self.chunks.fill()?;
            if !std::mem::replace(&mut self.has_begun, true) {
                self.convert.begin(self.chunks.offset());
            }
            let input = self.chunks.fill()?;
            if input.is_empty() {
                return self.convert.finish(out);
            }
            let taken = self.convert.feed(input, out)?;
            self.chunks.consume(taken);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
