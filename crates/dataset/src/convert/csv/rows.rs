//! Where rows and cells of delimited text begin and end (RFC 4180).

use super::scan::{Scan, Span};

/// Finds the rows in a file that comes in pieces.
///
/// A cell that begins with a quote goes on to the quote that is not doubled; line breaks and delimiters in it are part
/// of it. Anywhere else a quote is a character. LF, CR and CR LF end a row.
pub(super) struct Rows {
    scan: Scan,
    /// The row's bytes that came before the input in hand.
    held: Vec<u8>,
    /// Whether `held` was handed out.
    is_done: bool,
    /// Whether the row is too long to be held.
    is_long: bool,
    max_row_bytes: u64,
    /// Offset in the file of the row in hand.
    start: u64,
}

/// What [`Rows::next`] found.
pub(super) enum Event<'a> {
    /// The row goes on behind the input.
    More,
    /// A whole row, maybe an empty one.
    Row(Row<'a>),
    /// A piece of a row that is too long.
    Long(Long<'a>),
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
}

impl<'a> Row<'a> {
    /// Whether it is a blank line: no row of a file with that many columns.
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
        })
    }
}

impl Rows {
    /// Of each row, up to `columns` cells are told apart; further ones are counted.
    pub(super) fn new(delimiter: u8, columns: usize, max_row_bytes: u64) -> Self {
        Self {
            scan: Scan::new(delimiter, columns),
            held: Vec::new(),
            is_done: false,
            is_long: false,
            max_row_bytes,
            start: 0,
        }
    }

    /// The next row begins `offset` bytes into the file.
    pub(super) fn set_offset(&mut self, offset: u64) {
        self.start = offset;
    }

    /// Reads up to the end of a row or of the input; returns the bytes taken, too.
    pub(super) fn next<'a>(&'a mut self, input: &'a [u8]) -> (usize, Event<'a>) {
        if self.is_done {
            self.begin_row();
        }
        let end = self.scan.run(input);
        let piece = &input[..end.unwrap_or(input.len())];
        let was_long = self.is_long;
        self.is_long |= self.scan.length as u64 > self.max_row_bytes;
        let start = self.start;
        self.is_done = end.is_some();
        let taken = piece.len() + usize::from(self.is_done);
        if self.is_long {
            if was_long {
                self.held.clear();
            }
            let long = Long {
                start: (!was_long).then_some(start),
                held: &self.held,
                piece,
                is_last: self.is_done,
            };
            return (taken, Event::Long(long));
        }
        if !self.is_done {
            self.held.extend_from_slice(piece);
            return (taken, Event::More);
        }
        let bytes = if self.held.is_empty() {
            piece
        } else {
            self.held.extend_from_slice(piece);
            &self.held
        };
        let row = Row {
            bytes,
            start,
            count: self.scan.count,
            is_open: false,
            cells: &self.scan.cells,
        };
        (taken, Event::Row(row))
    }

    /// The last row, if no line end follows it.
    pub(super) fn finish(&mut self) -> Event<'_> {
        if self.is_done {
            self.begin_row();
        }
        if self.is_long {
            return Event::Long(Long {
                start: None,
                held: &[],
                piece: &[],
                is_last: true,
            });
        }
        let is_open = self.scan.finish();
        Event::Row(Row {
            bytes: &self.held,
            start: self.start,
            count: self.scan.count,
            is_open,
            cells: &self.scan.cells,
        })
    }

    fn begin_row(&mut self) {
        self.start += self.scan.length as u64 + 1;
        self.scan.begin_row();
        self.held.clear();
        (self.is_done, self.is_long) = (false, false);
    }
}
