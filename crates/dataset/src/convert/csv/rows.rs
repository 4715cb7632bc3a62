//! Finding where rows and cells of delimited text begin and end (RFC 4180).

use std::mem;

use super::resync::{Trouble, next_row};
use super::scan::{Scan, Span, Stop, Syntax};

/// Finds the rows in a file that comes in pieces.
///
/// A cell that begins with a quote extends to the next quote that is not doubled; line breaks and delimiters inside it belong to
/// it. Anywhere else a quote is an ordinary character. LF, CR and CR LF end a row. If the quotes of a row of several lines do not
/// match, reading goes back to the first of its lines that is a row of its own.
pub(super) struct Rows {
    scan: Scan,
    syntax: Syntax,
    /// The number of cells that a row should have.
    columns: usize,
    /// True if rows whose quotes do not match are read again.
    goes_back: bool,
    /// The bytes of the row that came before the current input.
    held: Vec<u8>,
    /// True if `held` was handed out and belongs to an earlier row.
    is_stale: bool,
    /// Bytes that are read again before any input, and how many of them already were.
    again: Vec<u8>,
    again_at: usize,
    /// True if all bytes of the row come from `again`.
    is_again: bool,
    /// True if the row was handed out.
    is_done: bool,
    /// True if the row is too long to be held.
    is_long: bool,
    max_row_bytes: u64,
    /// The offset in the file of the current row.
    start: u64,
    /// True if the last row was handed out.
    has_ended: bool,
}

/// The result of [`Rows::next`].
pub(super) enum Event<'a> {
    /// The row continues past the input.
    More,
    /// A whole row, possibly an empty one.
    Row(Row<'a>),
    /// A piece of a row that is too long.
    Long(Long<'a>),
    /// Lines whose quotes do not match. The next row begins after them.
    Broken(Broken<'a>),
}

/// Lines that are not a row, because a quote in the first one is never closed.
pub(super) struct Broken<'a> {
    /// The bytes without the last line end.
    pub(super) bytes: &'a [u8],
    /// Offset in the file.
    pub(super) start: u64,
    /// Offset in the file of the next row.
    pub(super) end: u64,
}

pub(super) struct Row<'a> {
    /// Its bytes without the line end.
    pub(super) bytes: &'a [u8],
    /// Offset in the file.
    pub(super) start: u64,
    /// The number of its cells.
    pub(super) count: u64,
    /// True if the file ends inside quotes.
    pub(super) is_open: bool,
    /// True if text follows a closing quote in its cell.
    pub(super) is_stray: bool,
    pub(super) escape: Option<u8>,
    cells: &'a [Span],
}

/// A piece of a row that is too long: `held`, then `piece`.
pub(super) struct Long<'a> {
    /// Offset in the file of the row, if this is its first piece.
    pub(super) start: Option<u64>,
    pub(super) held: &'a [u8],
    pub(super) piece: &'a [u8],
    pub(super) is_last: bool,
}

/// One cell, as it is written in the file.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    /// The text with its quotes.
    pub(super) text: &'a str,
    pub(super) is_quoted: bool,
    /// True if removing the quotes is enough to get the content.
    pub(super) is_simple: bool,
    /// The character that escapes a quote inside quotes.
    pub(super) escape: Option<u8>,
}

impl<'a> Row<'a> {
    /// Returns whether this is a blank line, which is not a row in a file with that many columns.
    pub(super) fn is_blank(&self, columns: usize) -> bool {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        self.bytes.is_empty() || columns != 1 && self.count == 1 && self.bytes.iter().all(is_blank)
    }

    /// Returns the cells; `text` are the bytes of the row.
    pub(super) fn cells(&self, text: &'a str) -> impl Iterator<Item = Cell<'a>> {
        self.cells.iter().map(move |span| Cell {
            // Cells end at ASCII characters, so the range is on character boundaries.
            text: text.get(span.start..span.end).unwrap_or_default(),
            is_quoted: span.is_quoted,
            is_simple: span.is_simple,
            escape: self.escape,
        })
    }
}

impl Rows {
    /// Creates a reader. Of each row, it keeps up to `columns` cells and only counts the others.
    pub(super) fn new(syntax: Syntax, columns: usize, max_row_bytes: u64) -> Self {
        Self {
            scan: Scan::new(syntax, columns),
            syntax,
            columns,
            goes_back: false,
            held: Vec::new(),
            is_stale: false,
            again: Vec::new(),
            again_at: 0,
            is_again: false,
            is_done: false,
            is_long: false,
            max_row_bytes,
            start: 0,
            has_ended: false,
        }
    }

    /// Reads rows again whose quotes do not match, from now on. This excludes the header, because the header defines what a row is.
    pub(super) fn go_back(&mut self) {
        self.goes_back = true;
        // A row that never ends is judged before its end. Otherwise each of many rows could run up to the limit of a record.
        self.scan.pause_after(self.columns as u64);
    }

    /// Sets the offset in the file of the next row.
    pub(super) fn set_offset(&mut self, offset: u64) {
        self.start = offset;
    }

    /// Reads up to the end of a row or of the input. Also returns the number of bytes taken.
    pub(super) fn next<'a>(&'a mut self, input: &'a [u8]) -> (usize, Event<'a>) {
        self.prepare();
        if self.again_at < self.again.len() {
            return (0, self.next_again());
        }
        (self.again, self.again_at) = (Vec::new(), 0);
        self.is_again = false;
        let mut passed = 0;
        let end = loop {
            match self.scan.run(&input[passed..]) {
                Stop::More => break None,
                Stop::End(at) => break Some(passed + at),
                Stop::Pause(at) => passed += at,
            }
            let so_far = &input[..passed];
            if let Some(next) = self.find_next(so_far, Trouble::Unended) {
                return (passed, self.broken(so_far, None, next));
            }
        };
        let piece = &input[..end.unwrap_or(input.len())];
        self.is_done = end.is_some();
        let taken = piece.len() + usize::from(self.is_done);
        (taken, self.event(piece, end.map(|end| input[end])))
    }

    /// Like [`Rows::next`], for the bytes that are read again, which are held.
    fn next_again(&mut self) -> Event<'_> {
        let again = mem::take(&mut self.again);
        let mut found = None;
        let line_end = loop {
            let rest = &again[self.again_at..];
            let stop = self.scan.run(rest);
            let length = match stop {
                Stop::More => rest.len(),
                Stop::End(at) | Stop::Pause(at) => at,
            };
            self.held.extend_from_slice(&rest[..length]);
            self.again_at += length;
            match stop {
                Stop::More => break None,
                Stop::End(at) => {
                    self.again_at += 1;
                    break Some(rest[at]);
                }
                Stop::Pause(_) => found = self.find_next(&[], Trouble::Unended),
            }
            if found.is_some() {
                break None;
            }
        };
        self.again = again;
        if let Some(next) = found {
            return self.broken(&[], None, next);
        }
        self.is_done = line_end.is_some();
        self.event(&[], line_end)
    }

    /// Returns the event for a row that `piece` completes and `line_end` ends.
    fn event<'a>(&'a mut self, piece: &'a [u8], line_end: Option<u8>) -> Event<'a> {
        let was_long = self.is_long;
        self.is_long |= self.scan.length as u64 > self.max_row_bytes;
        let can_be_judged = if self.is_long {
            !was_long
        } else {
            line_end.is_some()
        };
        let trouble = self.trouble(false);
        if can_be_judged && let Some(next) = self.find_next(piece, trouble) {
            return self.broken(piece, line_end, next);
        }
        if self.is_long {
            return Event::Long(Long {
                start: (!was_long).then_some(self.start),
                held: &self.held,
                piece,
                is_last: self.is_done,
            });
        }
        if line_end.is_none() {
            self.held.extend_from_slice(piece);
            return Event::More;
        }
        if !self.held.is_empty() {
            self.held.extend_from_slice(piece);
            return Event::Row(self.row(&self.held, false));
        }
        Event::Row(self.row(piece, false))
    }

    /// Returns what is left at the end of the file, event by event; `None` when nothing is left.
    pub(super) fn finish(&mut self) -> Option<Event<'_>> {
        self.prepare();
        if self.again_at < self.again.len() {
            return Some(self.next_again());
        }
        if self.has_ended {
            return None;
        }
        let is_open = self.scan.finish();
        if !self.is_long {
            let trouble = self.trouble(is_open);
            if let Some(next) = self.find_next(&[], trouble) {
                return Some(self.broken(&[], None, next));
            }
        }
        self.has_ended = true;
        Some(if self.is_long {
            Event::Long(Long {
                start: None,
                held: &[],
                piece: &[],
                is_last: true,
            })
        } else {
            Event::Row(self.row(&self.held, is_open))
        })
    }

    fn row<'a>(&'a self, bytes: &'a [u8], is_open: bool) -> Row<'a> {
        Row {
            bytes,
            start: self.start,
            count: self.scan.count,
            is_open,
            is_stray: self.scan.is_stray,
            escape: self.syntax.escape,
            cells: &self.scan.cells,
        }
    }

    /// Returns what is wrong with the current row.
    fn trouble(&self, is_open: bool) -> Trouble {
        match () {
            () if is_open => Trouble::Open,
            () if self.is_long => Trouble::Long,
            () if self.scan.is_stray => Trouble::Stray,
            () if self.scan.count != self.columns as u64 => Trouble::Count,
            () => Trouble::Nothing,
        }
    }

    /// Returns where in the row, which ends with `piece`, the next plausible row begins.
    fn find_next(&mut self, piece: &[u8], trouble: Trouble) -> Option<usize> {
        // Many tables with tabs were written without quotes in mind, so their quotes may match by accident.
        let is_suspect = trouble != Trouble::Nothing || self.syntax.delimiter == b'\t';
        // A long row is judged as soon as it gets too long.
        let is_long = self.scan.length as u64 > self.max_row_bytes;
        let was_judged = is_long && trouble == Trouble::Unended;
        if !self.goes_back || !self.scan.has_quotes || !is_suspect || was_judged {
            return None;
        }
        let whole: &[u8] = if self.held.is_empty() {
            piece
        } else {
            self.held.extend_from_slice(piece);
            &self.held
        };
        // The same bytes of a long row are judged, whatever pieces it comes in.
        let limit = usize::try_from(self.max_row_bytes).unwrap_or(usize::MAX);
        let judged = &whole[..whole.len().min(limit)];
        let next = next_row(judged, self.syntax, self.columns, trouble);
        if next.is_none() && !self.held.is_empty() {
            self.held.truncate(self.held.len() - piece.len());
        }
        next
    }

    /// Goes back to `next`, a place in the row that ends with `piece` and `line_end`.
    fn broken<'a>(&'a mut self, piece: &'a [u8], line_end: Option<u8>, next: usize) -> Event<'a> {
        let whole: &[u8] = if self.held.is_empty() {
            piece
        } else {
            &self.held
        };
        let rest = &whole[next..];
        if self.is_again {
            self.again_at -= rest.len() + usize::from(line_end.is_some());
        } else {
            self.again = [rest, line_end.as_slice()].concat();
            self.again_at = 0;
        }
        let start = self.start;
        self.start += next as u64;
        self.scan.begin_row();
        (self.is_done, self.is_long, self.is_again) = (false, false, true);
        self.is_stale = true;
        Event::Broken(Broken {
            bytes: &whole[..next - 1],
            start,
            end: self.start,
        })
    }

    /// Drops the row that was handed out.
    fn prepare(&mut self) {
        if self.is_done {
            self.start += self.scan.length as u64 + 1;
            self.scan.begin_row();
            (self.is_done, self.is_long) = (false, false);
            self.is_again = self.again_at < self.again.len();
            self.is_stale = true;
        }
        if mem::take(&mut self.is_stale) || self.is_long {
            self.held.clear();
        }
    }
}
