//! Converts JSON arrays and pretty-printed JSON to one line for each element.

use std::io;

use coldpress_record::rejected_line;

use super::{Convert, Out, Torn};

mod class;
mod field;
mod grammar;
mod inside;
mod seek;

use class::{Class, class};
use field::{Field, Looked};
use grammar::Grammar;
use seek::{Head, Seek, Sought};

/// Puts each element of a JSON array, or each of several JSON values, on a line of its own.
///
/// It keeps no element, and of its nesting only the depth, so neither a long nor a deep element costs memory. It does not validate
/// either: anything that it cannot parse becomes part of a line, which is rejected when lines are read. It only changes line breaks
/// and the indentation after them, and no such change turns invalid JSON into valid JSON.
///
/// An element with a quote or a bracket too many or too few would swallow the elements that follow. Once that shows, everything up
/// to the next place where an element begins the way this one did becomes part of its line.
pub(crate) struct Elements {
    within: Within,
    state: State,
    /// The offset in the file of the next byte.
    offset: u64,
    /// The offset in the file of the current element.
    element: u64,
    /// The open brackets of the element, and what may follow.
    grammar: Grammar,
    /// The last byte that was written of the element; `None` at its start.
    last: Option<u8>,
    /// Its first bytes.
    head: Head,
    /// True if the element has line breaks between its tokens.
    has_breaks: bool,
    /// The token before the next element of an array.
    before: Before,
    /// The search for the next element.
    seek: Option<Box<Seek>>,
    /// The field that holds the array, if the array isn't all of the text. Everything around it is skipped.
    field: Option<Field>,
}

/// The token before the next element of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The opening bracket.
    Bracket,
    Comma,
    Element,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The elements of an array. A comma or the closing bracket ends each.
    Array,
    /// Values one after another. Each ends with its own closing bracket.
    Values,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the array.
    Before,
    /// Before an element.
    Between,
    /// In an element, outside strings.
    Inside,
    /// In an element, after white space that is left out.
    Gap,
    String,
    /// In a string, after a backslash.
    Escape,
    /// After a malformed element, before the next one.
    Seek,
    /// After the array.
    After,
}

impl Elements {
    /// Converts the elements of one array.
    pub(crate) fn of_array() -> Self {
        Self::new(Within::Array, State::Before)
    }

    /// Converts the elements of the array in this field of one object.
    pub(crate) fn of_field(name: &str) -> Self {
        Self {
            field: Some(Field::new(name)),
            ..Self::of_array()
        }
    }

    /// Converts values that follow one another.
    pub(crate) fn of_values() -> Self {
        Self::new(Within::Values, State::Between)
    }

    /// Starts where an element begins instead.
    pub(crate) fn resumed(self) -> Self {
        // A record begins at an element or at the error before it, and either follows a comma.
        Self {
            before: Before::Comma,
            field: self.field,
            ..Self::new(self.within, State::Between)
        }
    }

    fn new(within: Within, state: State) -> Self {
        Self {
            within,
            state,
            offset: 0,
            element: 0,
            grammar: Grammar::new(),
            last: None,
            head: Head::new(),
            has_breaks: false,
            before: Before::Bracket,
            seek: None,
            field: None,
        }
    }

    /// Skips white space and commas before an element.
    fn between(&mut self, input: &[u8], at: usize, out: &mut Out) -> io::Result<usize> {
        let byte = input[at];
        let place = self.offset + at as u64;
        if let (Some(field), State::Before | State::After) = (&mut self.field, self.state) {
            if self.state == State::After {
                return Ok(input.len());
            }
            match field.next(byte) {
                Looked::On => {}
                Looked::Found => self.state = State::Between,
                Looked::Other(what) => {
                    let name = field.name();
                    return Err(Torn::error(format!(
                        "the field `{name}` (`load_dataset_kwargs.field`) {what} (byte {place})"
                    )));
                }
            }
            return Ok(at + 1);
        }
        match class(byte) {
            Class::Blank | Class::Break => return Ok(at + 1),
            Class::Comma if self.state == State::Between => {
                self.comma(place, out);
                return Ok(at + 1);
            }
            _ => {}
        }
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
                if self.before == Before::Comma {
                    reject_comma("the closing bracket follows a comma", place, byte, out);
                }
                self.state = State::After;
                Ok(at + 1)
            }
            _ => {
                self.begin_element(place, out);
                Ok(at)
            }
        }
    }

    /// Handles a comma between two elements. A superfluous comma is reported, because other readers refuse the whole array.
    fn comma(&mut self, place: u64, out: &mut Out) {
        if self.within == Within::Values || self.before == Before::Element {
            self.before = Before::Comma;
            return;
        }
        let what = "a comma follows the opening bracket or another comma";
        reject_comma(what, place, b',', out);
        self.before = Before::Bracket;
    }

    fn begin_element(&mut self, place: u64, out: &mut Out) {
        out.begin_record(place);
        (self.element, self.grammar, self.last) = (place, Grammar::new(), None);
        (self.head, self.has_breaks) = (Head::new(), false);
        self.before = Before::Element;
        self.state = State::Inside;
    }

    /// Looks for the next element from here on.
    fn begin_seek(&mut self, how: impl FnOnce(Seek) -> Seek) {
        let is_values = self.within == Within::Values;
        let seek = Seek::new(&self.head, self.has_breaks, is_values);
        self.seek = Some(Box::new(how(seek)));
        self.state = State::Seek;
    }

    /// Makes malformed text part of the line, up to the next element.
    fn seek(&mut self, input: &[u8], start: usize, out: &mut Out) -> io::Result<usize> {
        let mut at = start;
        while let (Some(byte), Some(seek)) = (input.get(at), &mut self.seek) {
            match seek.next(*byte, self.offset + at as u64) {
                Sought::Passed => {
                    push_on_line(&seek.take_gap(), out);
                    push_on_line(&[*byte], out);
                    at += 1;
                }
                Sought::Held => at += 1,
                Sought::Not => {
                    push_on_line(&seek.take_gap(), out);
                    let (held, _) = seek.take_held();
                    if seek.is_in_string() {
                        (self.state, self.seek) = (State::String, None);
                        self.pass(&held, out)?;
                        return Ok(at);
                    }
                    push_on_line(&held, out);
                }
                Sought::InString => {
                    push_on_line(&seek.take_gap(), out);
                    (self.state, self.seek) = (State::String, None);
                    return Ok(at);
                }
                Sought::Found => {
                    let (held, place) = seek.take_held();
                    self.seek = None;
                    out.text.push(b'\n');
                    self.begin_element(place, out);
                    self.pass(&held, out)?;
                    return Ok(at + 1);
                }
            }
        }
        Ok(at)
    }

    /// Skips all of `input`.
    fn pass(&mut self, input: &[u8], out: &mut Out) -> io::Result<()> {
        let mut at = 0;
        while at < input.len() {
            at = match self.state {
                State::Before | State::Between | State::After => self.between(input, at, out)?,
                State::Gap => self.gap(input, at, out),
                State::Inside | State::String | State::Escape => self.inside(input, at, out),
                State::Seek => self.seek(input, at, out)?,
            };
        }
        Ok(())
    }
}

impl Convert for Elements {
    fn begin(&mut self, offset: u64) {
        self.offset = offset;
    }

    fn feed(&mut self, input: &[u8], out: &mut Out) -> io::Result<usize> {
        self.pass(input, out)?;
        self.offset += input.len() as u64;
        Ok(input.len())
    }

    fn finish(&mut self, out: &mut Out) -> io::Result<bool> {
        if let Some(seek) = &mut self.seek {
            let is_at_end = seek.is_at_end();
            if !is_at_end {
                push_on_line(&seek.take_gap(), out);
            }
            push_on_line(&seek.take_held().0, out);
            if is_at_end {
                // The text ends as it should, so only the last element is malformed.
                out.text.push(b'\n');
                return Ok(false);
            }
        }
        let reason = match (self.state, &self.field) {
            (State::Before, Some(field)) => format!(
                "the JSON object has no field `{}`, which `load_dataset_kwargs.field` names",
                field.name()
            ),
            _ => return self.finish_elements(out),
        };
        Err(Torn::error(reason))
    }
}

impl Elements {
    fn finish_elements(&self, out: &mut Out) -> io::Result<bool> {
        let is_value = self.within == Within::Values && self.grammar.depth() == 0;
        let reason = match self.state {
            State::Before | State::After => return Ok(false),
            State::Between if self.within == Within::Values => return Ok(false),
            State::Inside | State::Gap if is_value => {
                out.text.push(b'\n');
                return Ok(false);
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

/// Appends bytes to the current line, which must not contain a line break.
fn push_on_line(bytes: &[u8], out: &mut Out) {
    let line = bytes.iter().map(|byte| match byte {
        b'\n' => b'\r',
        other => *other,
    });
    out.text.extend(line);
}

/// Writes a line that stands for a comma that is not between two elements.
fn reject_comma(what: &str, place: u64, byte: u8, out: &mut Out) {
    out.begin_record(place);
    let reason = format!("{what} in the JSON array (byte {place})");
    rejected_line(&reason, &[byte], &mut out.text);
    out.text.push(b'\n');
}
