//! The members of a gzip file, one after another, with zeros between and after them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::window::Window;
use super::{Raw, lost};
use crate::error::is_of_reading;

const HEADER_BYTES: usize = 10;
const TEXT_BYTES: usize = 64 * 1024;

/// The members of a gzip file, unpacked.
pub(super) struct Members<'a> {
    /// The current member, or the bytes before the next.
    state: Option<State<'a>>,
    /// True if reading goes on with the next member after a damaged one.
    goes_on: bool,
    /// The offset in the file of the current member.
    start: u64,
    text: Vec<u8>,
    given: usize,
}

enum State<'a> {
    Between(Window<'a>),
    Inside(Box<GzDecoder<Window<'a>>>),
}

impl<'a> Members<'a> {
    pub(super) fn new(raw: Raw<'a>, goes_on: bool) -> Self {
        Self {
            state: Some(State::Between(Window::new(raw))),
            goes_on,
            start: 0,
            text: Vec::new(),
            given: 0,
        }
    }

    /// Replaces the current text, with nothing at the end.
    ///
    /// The decoder gets the same buffer each time, so that how much of a damaged part is lost does not depend on the caller.
    fn refill(&mut self) -> io::Result<()> {
        self.given = 0;
        self.text.clear();
        while self.text.is_empty() {
            match self.state.take() {
                None => return Ok(()),
                Some(State::Between(mut window)) => {
                    if pass_zeros(&mut window)? {
                        self.start = window.position();
                        let member = GzDecoder::new(window);
                        self.state = Some(State::Inside(Box::new(member)));
                    }
                }
                Some(State::Inside(mut member)) => {
                    self.text.resize(TEXT_BYTES, 0);
                    let read = member.read(&mut self.text);
                    self.text.truncate(*read.as_ref().unwrap_or(&0));
                    self.state = match read {
                        Ok(0) => Some(State::Between(member.into_inner())),
                        Ok(_) => Some(State::Inside(member)),
                        Err(error) => Some(self.after(error, member.into_inner())?),
                    };
                }
            }
        }
        Ok(())
    }

    /// Looks for the next member after a damaged one, and notes the damage in the text.
    fn after(&mut self, error: io::Error, mut window: Window<'a>) -> io::Result<State<'a>> {
        let is_damage = self.goes_on && !is_of_reading(&error);
        if !is_damage || !window.find(self.start + 1, HEADER_BYTES, begins)? {
            return Err(error);
        }
        let (start, next) = (self.start, window.position());
        lost("gzip member", start, next, &error, &mut self.text);
        Ok(State::Between(window))
    }
}

/// Skips zeros, with which tapes and other devices pad. Returns whether anything follows.
fn pass_zeros(window: &mut Window<'_>) -> io::Result<bool> {
    loop {
        let available = window.fill_buf()?;
        if available.is_empty() {
            return Ok(false);
        }
        let zeros = available.iter().take_while(|byte| **byte == 0).count();
        let is_all = zeros == available.len();
        window.consume(zeros);
        if !is_all {
            return Ok(true);
        }
    }
}

/// Returns whether these bytes begin a member (RFC 1952): the magic, deflate, no reserved flags, a known level and system.
fn begins(header: &[u8]) -> bool {
    matches!(
        header,
        [0x1F, 0x8B, 8, 0..=31, _, _, _, _, 0 | 2 | 4, 0..=13 | 255]
    )
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.refill()?;
        }
        let left = &self.text[self.given..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.given += length;
        Ok(length)
    }
}
