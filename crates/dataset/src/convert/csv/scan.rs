//! A scanner that finds where the cells of a row begin and end.

use memchr::{memchr, memchr2, memchr3};

use crate::format::CsvDialect;

/// The characters that separate cells and quote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// The character between two cells.
    pub(crate) delimiter: u8,
    /// True if a cell that begins with a quote extends to the next one. Otherwise a quote is an ordinary character.
    pub(crate) quoting: bool,
    /// The character, besides a second quote, that escapes a quote inside quotes.
    pub(crate) escape: Option<u8>,
}

impl Syntax {
    pub(super) fn of(dialect: &CsvDialect) -> Self {
        Self {
            delimiter: dialect.delimiter,
            quoting: dialect.quoting,
            escape: dialect.escape,
        }
    }

    /// Returns RFC 4180 with this delimiter.
    #[cfg(test)]
    pub(crate) fn quoted(delimiter: u8) -> Self {
        Self {
            delimiter,
            quoting: true,
            escape: None,
        }
    }
}

/// The place of a cell in its row.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_quoted: bool,
    /// True if removing the quotes is enough to get the content.
    pub(super) is_simple: bool,
}

impl Span {
    fn plain(start: usize, end: usize) -> Self {
        Self {
            start,
            end,
            is_quoted: false,
            is_simple: true,
        }
    }
}

/// The scanner: how far the current row was read, and its cells.
pub(super) struct Scan {
    syntax: Syntax,
    kept: usize,
    state: State,
    pub(super) cells: Vec<Span>,
    /// The number of cells so far, kept or not.
    pub(super) count: u64,
    /// The current cell.
    cell: Span,
    /// The bytes of the row so far.
    pub(super) length: usize,
    /// True if a cell of the row is in quotes.
    pub(super) has_quotes: bool,
    /// True if text follows a closing quote in its cell.
    pub(super) is_stray: bool,
    /// The number of cells after which a row pauses, once, at the next quoted cell.
    pauses_after: u64,
    /// The same limit for the current row. It becomes unreachable once the row has paused.
    limit: u64,
}

/// The reason why a scan stopped, and the place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The input is used up.
    More,
    /// At the row's line end.
    End(usize),
    /// Before a quoted cell of a row that has more cells than it should.
    Pause(usize),
}

#[derive(Clone, Copy)]
enum State {
    /// A cell begins.
    Start,
    /// In a cell without quotes, or after the closing quote.
    Plain,
    Quoted,
    /// After a quote in quotes: the closing one, or the first of two.
    Quote,
    /// In quotes, after the escape character.
    Escaped,
    /// At the line end.
    Ended,
    /// Before a quoted cell of a row that has more cells than it should.
    Paused,
}

impl Scan {
    pub(super) fn new(syntax: Syntax, kept: usize) -> Self {
        let cell = Span::plain(0, 0);
        Self {
            syntax,
            kept,
            state: State::Start,
            cells: Vec::new(),
            count: 0,
            cell,
            length: 0,
            has_quotes: false,
            is_stray: false,
            pauses_after: u64::MAX,
            limit: u64::MAX,
        }
    }

    /// Pauses in rows of more than `cells` cells, from now on.
    pub(super) fn pause_after(&mut self, cells: u64) {
        (self.pauses_after, self.limit) = (cells, cells);
    }

    pub(super) fn begin_row(&mut self) {
        self.cells.clear();
        (self.state, self.count, self.length) = (State::Start, 0, 0);
        (self.has_quotes, self.is_stray) = (false, false);
        self.limit = self.pauses_after;
    }

    /// Continues with `input`.
    pub(super) fn run(&mut self, input: &[u8]) -> Stop {
        let mut at = 0;
        while let Some(next) = self.step(input, at) {
            if let State::Ended = self.state {
                self.length += next;
                return Stop::End(next);
            }
            if let State::Paused = self.state {
                self.length += next;
                (self.state, self.limit) = (State::Start, u64::MAX);
                return Stop::Pause(next);
            }
            at = next;
        }
        self.length += input.len();
        Stop::More
    }

    /// Makes one step from `at` and returns the place after it; `None` if the input is used up.
    fn step(&mut self, input: &[u8], at: usize) -> Option<usize> {
        match self.state {
            State::Start => {
                let at = self.plain_cells(input, at);
                if let State::Ended = self.state {
                    return Some(at);
                }
                let is_quoted = *input.get(at)? == b'"' && self.syntax.quoting;
                if is_quoted && self.count > self.limit {
                    self.state = State::Paused;
                    return Some(at);
                }
                self.has_quotes |= is_quoted;
                self.cell = Span {
                    start: self.length + at,
                    end: 0,
                    is_quoted,
                    is_simple: true,
                };
                self.state = if is_quoted {
                    State::Quoted
                } else {
                    State::Plain
                };
                Some(at + usize::from(is_quoted))
            }
            State::Plain => {
                let end = at + self.plain_length(&input[at..])?;
                self.add_cell(Span {
                    end: self.length + end,
                    ..self.cell
                });
                let goes_on = input[end] == self.syntax.delimiter;
                self.state = if goes_on { State::Start } else { State::Ended };
                Some(end + usize::from(goes_on))
            }
            State::Quoted => {
                let found = match self.syntax.escape {
                    None => memchr(b'"', &input[at..]),
                    Some(escape) => memchr2(b'"', escape, &input[at..]),
                };
                let end = at + found?;
                self.state = match input[end] {
                    b'"' => State::Quote,
                    _ => State::Escaped,
                };
                // The escape character must be removed, too.
                self.cell.is_simple &= input[end] == b'"';
                Some(end + 1)
            }
            State::Escaped => {
                let _ = input.get(at)?;
                self.state = State::Quoted;
                Some(at + 1)
            }
            State::Quote => {
                let byte = *input.get(at)?;
                let is_doubled = byte == b'"';
                let ends = byte == self.syntax.delimiter || byte == b'\n' || byte == b'\r';
                self.cell.is_simple &= ends;
                self.is_stray |= !ends && !is_doubled;
                self.state = if is_doubled {
                    State::Quoted
                } else {
                    State::Plain
                };
                Some(at + usize::from(is_doubled))
            }
            State::Ended | State::Paused => None,
        }
    }

    /// Skips whole cells without quotes, which are the most common. Returns where the row ends or the next cell begins.
    fn plain_cells(&mut self, input: &[u8], start: usize) -> usize {
        let mut at = start;
        let quoting = self.syntax.quoting;
        while input.get(at).is_some_and(|byte| *byte != b'"' || !quoting) {
            let Some(length) = self.plain_length(&input[at..]) else {
                break;
            };
            let end = at + length;
            self.add_cell(Span::plain(self.length + at, self.length + end));
            if input[end] != self.syntax.delimiter {
                self.state = State::Ended;
                return end;
            }
            at = end + 1;
        }
        at
    }

    /// Returns the distance to the end of a cell without quotes. Most cells are short, and a search pays off only for long ones.
    fn plain_length(&self, input: &[u8]) -> Option<usize> {
        const SHORT: usize = 32;
        let (words, _) = input[..input.len().min(SHORT)].as_chunks::<8>();
        for (at, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let ends = has(word, self.syntax.delimiter) | has(word, b'\n') | has(word, b'\r');
            if ends != 0 {
                return Some(at * 8 + (ends.trailing_zeros() / 8) as usize);
            }
        }
        let passed = words.len() * 8;
        memchr3(self.syntax.delimiter, b'\n', b'\r', &input[passed..]).map(|length| passed + length)
    }

    fn add_cell(&mut self, cell: Span) {
        self.count += 1;
        if self.cells.len() < self.kept {
            self.cells.push(cell);
        }
    }

    /// Ends the last row. Returns whether a quote is open.
    pub(super) fn finish(&mut self) -> bool {
        if self.length == 0 {
            return false;
        }
        if let State::Start = self.state {
            self.cell = Span::plain(self.length, 0);
        }
        self.add_cell(Span {
            end: self.length,
            ..self.cell
        });
        matches!(self.state, State::Quoted | State::Escaped)
    }
}

/// Sets the high bit of each byte of `word` that equals `byte`. Bits above the lowest set bit may be wrong.
fn has(word: u64, byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let difference = word ^ (ONES * u64::from(byte));
    difference.wrapping_sub(ONES) & !difference & HIGH
}
