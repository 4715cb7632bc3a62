//! Converts the text of other formats to JSONL while it is read.

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

/// A producer of JSONL text, a piece at a time.
pub(crate) trait Make: Send {
    /// Appends a piece of any convenient size. Returns `false` when nothing is left.
    ///
    /// # Errors
    /// Fails when the source cannot be read any further, or with [`Torn`]. Text that was appended before the error counts.
    fn make(&mut self, out: &mut Out) -> io::Result<bool>;
}

/// A converter of the bytes of one file to JSONL text.
pub(crate) trait Convert: Send {
    /// Sets the offset in the file of the first byte that will be fed.
    fn begin(&mut self, offset: u64);

    /// Takes bytes from the front of `input`, appends text, and returns how many bytes it took. It may leave some of them when
    /// `out` is full, and takes at least one when it isn't.
    fn feed(&mut self, input: &[u8], out: &mut Out) -> io::Result<usize>;

    /// Appends what is left once the file has ended, as much as is convenient. Returns whether there is more.
    fn finish(&mut self, out: &mut Out) -> io::Result<bool>;
}

/// The error of a text that breaks off, or that goes on after its end. All records before it are good.
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

/// Text that was made and not read yet, with the places where its records begin.
pub(crate) struct Out {
    pub(crate) text: Vec<u8>,
    /// The position of the first byte of `text` in everything that is made.
    position: u64,
    /// The positions of records, each with its place in the file; `None` if nobody asked for them.
    seeks: Option<VecDeque<(u64, u64)>>,
}

impl Out {
    /// The size from which the output counts as full.
    const FULL_BYTES: usize = 256 * 1024;

    /// Creates an empty output whose first byte will be at `position`.
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

    /// Notes that a record begins here, which is at `place` in the file.
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
    /// The number of bytes of the current text that were read.
    taken: usize,
    /// The error that ends the stream once the current text is read.
    error: Option<io::Error>,
    ended: bool,
}

impl Converter {
    /// Returns a stream of the text that `make` makes; its first byte counts as `position`.
    pub(crate) fn new(make: Box<dyn Make>, position: u64) -> Self {
        Self {
            make,
            out: Out::new(position),
            taken: 0,
            error: None,
            ended: false,
        }
    }

    /// Returns a stream of the text that `convert` makes of `raw`, whose first byte is at `offset` in its file.
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

    /// Remembers where records begin, from now on.
    pub(crate) fn track_seeks(&mut self) {
        self.out.seeks.get_or_insert_default();
    }

    /// Skips the text before `position`. It also remembers where the records after it begin, because some of them are made by then.
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

    /// Returns where the record at `position` begins in the file, and forgets the records before it.
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
