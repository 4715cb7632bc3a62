//! JSON arrays and pretty-printed JSON: one line for each element.

use std::io;

use memchr::memchr3;

use super::{Convert, Out, Torn};

/// Puts each element of a JSON array, or each of several JSON values, on a line of its own.
///
/// It keeps no element and nothing of its nesting but the depth, so that neither a long nor a deep one costs memory. It
/// does not judge either: what it cannot make sense of becomes part of a line, which is rejected where lines are read.
/// All that it changes are line breaks and the indentation after them; no change makes JSON of what is none.
pub(crate) struct Elements {
    within: Within,
    state: State,
    /// Offset in the file of the next byte.
    offset: u64,
    /// Offset in the file of the element in hand.
    element: u64,
    /// Brackets open in the element.
    depth: u64,
    /// The last byte that was written of the element; `None` at its start.
    last: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The elements of an array: a comma or the closing bracket ends each.
    Array,
    /// Values one after another: each ends with its own closing bracket.
    Values,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the array.
    Before,
    /// Before an element.
    Between,
    /// In an element, outside of strings.
    Inside,
    /// In an element, after white space that is left out.
    Gap,
    String,
    /// In a string, after a backslash.
    Escape,
    /// After the array.
    After,
}

/// What a byte outside of strings can be, other than part of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Token,
    Blank,
    Break,
    Open,
    Close,
    Comma,
    Quote,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Token; 256];
    classes[b' ' as usize] = Class::Blank;
    classes[b'\t' as usize] = Class::Blank;
    classes[b'\n' as usize] = Class::Break;
    classes[b'\r' as usize] = Class::Break;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes[b',' as usize] = Class::Comma;
    classes[b'"' as usize] = Class::Quote;
    classes
};

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

impl Elements {
    /// The elements of one array.
    pub(crate) fn of_array() -> Self {
        Self::new(Within::Array, State::Before)
    }

    /// Values one after another.
    pub(crate) fn of_values() -> Self {
        Self::new(Within::Values, State::Between)
    }

    /// The same from where an element begins.
    pub(crate) fn resumed(self) -> Self {
        Self::new(self.within, State::Between)
    }

    fn new(within: Within, state: State) -> Self {
        Self {
            within,
            state,
            offset: 0,
            element: 0,
            depth: 0,
            last: None,
        }
    }

    /// Before an element: white space and commas are passed over.
    fn between(&mut self, input: &[u8], at: usize, out: &mut Out) -> io::Result<usize> {
        let byte = input[at];
        match class(byte) {
            Class::Blank | Class::Break => return Ok(at + 1),
            Class::Comma if self.state == State::Between => return Ok(at + 1),
            _ => {}
        }
        let place = self.offset + at as u64;
        match (self.state, byte, self.within) {
            (State::Before, b'[', _) => {
                self.state = State::Between;
                Ok(at + 1)
            }
            (State::Before, ..) => Err(Torn::error(format!(
                "the JSON array does not begin with `[` (byte {place})"
            ))),
            (State::After, ..) => Err(Torn::error(format!(
                "the JSON array has ended and other text follows (byte {place})"
            ))),
            (_, b']', Within::Array) => {
                self.state = State::After;
                Ok(at + 1)
            }
            _ => {
                out.begin_record(place);
                (self.element, self.depth, self.last) = (place, 0, None);
                self.state = State::Inside;
                Ok(at)
            }
        }
    }

    /// Inside an element: copies up to a line break, to the element's end or to the end of the input.
    fn inside(&mut self, input: &[u8], start: usize, out: &mut Out) -> usize {
        let mut at = start;
        let mut goes_on = true;
        while goes_on {
            (at, goes_on) = match self.state {
                State::String => self.pass_string(input, at),
                State::Escape if at < input.len() => {
                    self.state = State::String;
                    // A line break stands to be replaced.
                    (at + usize::from(input[at] != b'\n'), true)
                }
                State::Inside => self.pass_tokens(input, at, at == start && self.last.is_none()),
                _ => (at, false),
            };
        }
        out.text.extend_from_slice(&input[start..at]);
        if at > start {
            self.last = Some(input[at - 1]);
        }
        if self.state == State::Between || self.state == State::After {
            return self.end_element(input, at, out);
        }
        if self.state == State::String && input.get(at) == Some(&b'\n') {
            // A string with a line break is no JSON. With a CR it is none either, and stays on its line.
            out.text.push(b'\r');
            return at + 1;
        }
        at
    }

    /// Passes over a string's inside; it stops at a line break.
    fn pass_string(&mut self, input: &[u8], at: usize) -> (usize, bool) {
        let Some(length) = memchr3(b'"', b'\\', b'\n', &input[at..]) else {
            return (input.len(), false);
        };
        let at = at + length;
        match input[at] {
            b'"' => {
                self.state = State::Inside;
                if self.depth == 0 && self.within == Within::Values {
                    self.state = State::Between;
                }
                (at + 1, self.state == State::Inside)
            }
            b'\\' => {
                self.state = State::Escape;
                (at + 1, true)
            }
            _ => (at, false),
        }
    }

    /// Passes over what is outside of strings. `is_first` says that no byte of the element was passed.
    fn pass_tokens(&mut self, input: &[u8], start: usize, is_first: bool) -> (usize, bool) {
        let is_array = self.within == Within::Array;
        let mut at = start;
        while let Some(byte) = input.get(at) {
            let inner = self.depth > 0;
            let is_first = is_first && at == start;
            match class(*byte) {
                Class::Token => {}
                Class::Blank | Class::Comma if inner => {}
                Class::Quote if inner || is_array || is_first => {
                    self.state = State::String;
                    return (at + 1, true);
                }
                Class::Open if inner || is_array || is_first => self.depth += 1,
                Class::Close if self.depth > 1 => self.depth -= 1,
                Class::Close if inner => {
                    self.depth = 0;
                    if !is_array {
                        self.state = State::Between;
                        return (at + 1, false);
                    }
                }
                Class::Close if is_array && *byte == b']' => {
                    self.state = State::After;
                    return (at, false);
                }
                Class::Close => {}
                Class::Break if inner => {
                    self.state = State::Gap;
                    return (at, false);
                }
                Class::Blank | Class::Break if is_array => {
                    self.state = State::Gap;
                    return (at, false);
                }
                // A comma ends an element; before anything else a bare value ends.
                _ => {
                    self.state = State::Between;
                    return (at, false);
                }
            }
            at += 1;
        }
        (at, false)
    }

    /// After a line break: a blank where one may stand between tokens, none next to a bracket.
    fn gap(&mut self, input: &[u8], at: usize, out: &mut Out) -> usize {
        let byte = input[at];
        if matches!(class(byte), Class::Blank | Class::Break) {
            return at + 1;
        }
        let needs_none = matches!(self.last, None | Some(b'{' | b'[' | b':' | b' ' | b'\t'))
            || matches!(byte, b'}' | b']' | b',' | b':');
        if !needs_none {
            out.text.push(b' ');
        }
        self.state = State::Inside;
        at
    }

    fn end_element(&mut self, input: &[u8], at: usize, out: &mut Out) -> usize {
        out.text.push(b'\n');
        let is_bracket = self.state == State::After && input.get(at) == Some(&b']');
        at + usize::from(is_bracket)
    }
}

impl Convert for Elements {
    fn begin(&mut self, offset: u64) {
        self.offset = offset;
    }

    fn feed(&mut self, input: &[u8], out: &mut Out) -> io::Result<usize> {
        let mut at = 0;
        while at < input.len() {
            at = match self.state {
                State::Before | State::Between | State::After => self.between(input, at, out)?,
                State::Gap => self.gap(input, at, out),
                State::Inside | State::String | State::Escape => self.inside(input, at, out),
            };
        }
        self.offset += at as u64;
        Ok(at)
    }

    fn finish(&mut self, out: &mut Out) -> io::Result<()> {
        let is_value = self.within == Within::Values && self.depth == 0;
        let reason = match self.state {
            State::Before | State::After => return Ok(()),
            State::Between if self.within == Within::Values => return Ok(()),
            State::Inside | State::Gap if is_value => {
                out.text.push(b'\n');
                return Ok(());
            }
            State::Between => format!(
                "the JSON array breaks off: the file ends at byte {} without its `]`",
                self.offset
            ),
            _ => format!(
                "the JSON breaks off in the record that begins at byte {}; the file ends at byte {}",
                self.element, self.offset
            ),
        };
        Err(Torn::error(reason))
    }
}
