//! Where rows and cells of delimited text begin and end (RFC 4180).

use std::mem;

use super::resync::{Trouble, next_row};
use super::scan::{Scan, Span, Stop, Syntax};

/// Finds the rows in a file that comes in pieces.
///
/// A cell that begins with a quote goes on to the quote that is not doubled; line breaks and delimiters in it are part
/// of it. Anywhere else a quote is a character. LF, CR and CR LF end a row. Where the quotes of a row of several lines
/// do not match, reading goes back to the first of its lines that is a row of its own.
pub(super) struct Rows {
    scan: Scan,
    syntax: Syntax,
    /// The number of cells that a row should have.
    columns: usize,
    /// Whether rows whose quotes do not match are read again.
    goes_back: bool,
    /// The row's bytes that came before the input in hand.
    held: Vec<u8>,
    /// Whether `held` was handed out, and belongs to an earlier row.
    is_stale: bool,
    /// Bytes that are read again, before any input, and how many of them were.
    again: Vec<u8>,
    again_at: usize,
    /// Whether all bytes of the row come from `again`.
    is_again: bool,
    /// Whether the row was handed out.
    is_done: bool,
    /// Whether the row is too long to be held.
    is_long: bool,
    max_row_bytes: u64,
    /// Offset in the file of the row in hand.
    start: u64,
    /// Whether the last row was handed out.
    has_ended: bool,
}

/// What [`Rows::next`] found.
pub(super) enum Event<'a> {
    /// The row goes on behind the input.
    More,
    /// A whole row, maybe an empty one.
    Row(Row<'a>),
    /// A piece of a row that is too long.
    Long(Long<'a>),
    /// Lines whose quotes do not match; the next row begins after them.
    Broken(Broken<'a>),
}

/// Lines that are no row: a quote in the first one has no second.
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
    /// How many cells it has.
    pub(super) count: u64,
    /// Whether the file ends inside of quotes.
    pub(super) is_open: bool,
    /// Whether text follows a closing quote in its cell.
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

/// One cell as it stands in the file.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    /// With its quotes.
    pub(super) text: &'a str,
    pub(super) is_quoted: bool,
    /// Whether the quotes are all that has to go.
    pub(super) is_simple: bool,
    /// The escape character before a quote in quotes.
    pub(super) escape: Option<u8>,
}

impl<'a> Row<'a> {
    /// Returns whether it is a blank line: no row of a file with that many columns.
    pub(super) fn is_blank(&self, columns: usize) -> bool {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        self.bytes.is_empty() || columns != 1 && self.count == 1 && self.bytes.iter().all(is_blank)
    }

    /// The cells; `text` are the row's bytes.
    pub(super) fn cells(&self, text: &'a str) -> impl Iterator<Item = Cell<'a>> {
        self.cells.iter().map(move |span| Cell {
            // Cells end at ASCII characters.
            text: text.get(span.start..span.end).unwrap_or_default(),
            is_quoted: span.is_quoted,
            is_simple: span.is_simple,
            escape: self.escape,
        })
    }
}

impl Rows {
    /// Of each row, up to `columns` cells are told apart; further ones are counted.
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

    /// From now on reads rows again whose quotes do not match. The header is not one of them: it says what a row is.
    pub(super) fn go_back(&mut self) {
        self.goes_back = true;
        // A row that goes on and on is judged before its end: else each of many could go on to the limit of a record.
        self.scan.pause_after(self.columns as u64);
    }

    /// The next row begins `offset` bytes into the file.
    pub(super) fn set_offset(&mut self, offset: u64) {
        self.start = offset;
    }

    /// Reads up to the end of a row or of the input; returns the bytes taken, too.
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

    /// The same of the bytes that are read again, which are held.
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

    /// Returns what `piece` makes of the row, which `line_end` ends.
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

    /// Returns what is left at the end of the file, event by event; `None` when nothing is.
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

    /// Returns what is wrong with the row in hand.
    fn trouble(&self, is_open: bool) -> Trouble {
        match () {
            () if is_open => Trouble::Open,
            () if self.is_long => Trouble::Long,
            () if self.scan.is_stray => Trouble::Stray,
            () if self.scan.count != self.columns as u64 => Trouble::Count,
            () => Trouble::Nothing,
        }
    }

    /// Returns where in the row, which ends with `piece`, the next one begins that makes sense.
    fn find_next(&mut self, piece: &[u8], trouble: Trouble) -> Option<usize> {
        // Of tables with tabs many were written without quotes in mind: theirs may match by accident.
        let is_suspect = trouble != Trouble::Nothing || self.syntax.delimiter == b'\t';
        // A long row is judged as such, where it gets too long.
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
        // Of a long row the same bytes are judged in whatever pieces it comes.
        let limit = usize::try_from(self.max_row_bytes).unwrap_or(usize::MAX);
        let judged = &whole[..whole.len().min(limit)];
        let next = next_row(judged, self.syntax, self.columns, trouble);
        if next.is_none() && !self.held.is_empty() {
            self.held.truncate(self.held.len() - piece.len());
        }
        next
    }

    /// Goes back to `next`, a place in the row, which ends with `piece` and `line_end`.
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

    /// Leaves what was handed out behind.
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
