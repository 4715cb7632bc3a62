//! Copies the bytes of an element, without the line breaks between its tokens.

use memchr::memchr3;

use super::class::{Class, class};
use super::seek::Seek;
use super::{Elements, State, Within};
use crate::convert::Out;

impl Elements {
    /// Copies up to a line break, the element's end, or the end of the input.
    pub(super) fn inside(&mut self, input: &[u8], start: usize, out: &mut Out) -> usize {
        let mut at = start;
        let mut goes_on = true;
        while goes_on {
            (at, goes_on) = match self.state {
                State::String => self.pass_string(input, at),
                State::Escape if at < input.len() => {
                    self.state = State::String;
                    // The line break remains, to be replaced.
                    (at + usize::from(input[at] != b'\n'), true)
                }
                State::Inside => self.pass_tokens(input, at, at == start && self.last.is_none()),
                _ => (at, false),
            };
        }
        out.text.extend_from_slice(&input[start..at]);
        if at > start {
            self.last = Some(input[at - 1]);
            self.head.add(&input[start..at]);
        }
        if self.state == State::Seek {
            // A bracket that does not fit may be the one that opens the next element.
            let is_open = class(input[at]) == Class::Open;
            self.begin_seek(|seek| if is_open { seek.at_bracket() } else { seek });
            return at;
        }
        if self.state == State::Between || self.state == State::After {
            return self.end_element(input, at, out);
        }
        if self.state == State::String && input.get(at) == Some(&b'\n') {
            // A string with a line break isn't JSON. With a CR it isn't either, but it stays on its line.
            out.text.push(b'\r');
            self.begin_seek(Seek::within_string);
            return at + 1;
        }
        at
    }

    /// Skips the inside of a string, and stops at a line break.
    pub(super) fn pass_string(&mut self, input: &[u8], at: usize) -> (usize, bool) {
        let Some(length) = memchr3(b'"', b'\\', b'\n', &input[at..]) else {
            return (input.len(), false);
        };
        let at = at + length;
        match input[at] {
            b'"' => {
                self.state = State::Inside;
                self.grammar.close_string();
                if self.grammar.depth() == 0 && self.within == Within::Values {
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

    /// Skips text outside strings. `is_first` says that no byte of the element was passed yet.
    pub(super) fn pass_tokens(
        &mut self,
        input: &[u8],
        start: usize,
        is_first: bool,
    ) -> (usize, bool) {
        let is_array = self.within == Within::Array;
        let mut at = start;
        while let Some(byte) = input.get(at) {
            let inner = self.grammar.depth() > 0;
            let is_first = is_first && at == start;
            let fits = match class(*byte) {
                Class::Token => self.grammar.token(),
                Class::Blank if inner => true,
                Class::Comma if inner => {
                    self.grammar.comma();
                    true
                }
                Class::Colon => {
                    self.grammar.colon();
                    true
                }
                Class::Quote if inner || is_array || is_first => {
                    if self.grammar.open_string() {
                        self.state = State::String;
                        return (at + 1, true);
                    }
                    false
                }
                Class::Open if inner || is_array || is_first => self.grammar.open(*byte),
                Class::Close if inner => {
                    let fits = self.grammar.close(*byte);
                    if fits && self.grammar.depth() == 0 && !is_array {
                        self.state = State::Between;
                        return (at + 1, false);
                    }
                    fits
                }
                Class::Close if is_array && *byte == b']' => {
                    self.state = State::After;
                    return (at, false);
                }
                Class::Close => true,
                Class::Break if inner => {
                    self.has_breaks = true;
                    self.state = State::Gap;
                    return (at, false);
                }
                Class::Blank | Class::Break if is_array => {
                    self.state = State::Gap;
                    return (at, false);
                }
                // A comma ends an element, and a bare value ends before anything else.
                _ => {
                    self.state = State::Between;
                    return (at, false);
                }
            };
            if !fits {
                self.state = State::Seek;
                return (at, false);
            }
            at += 1;
        }
        (at, false)
    }

    /// Skips white space after a line break. It leaves a blank where one may be between tokens, and none next to a bracket.
    pub(super) fn gap(&mut self, input: &[u8], at: usize, out: &mut Out) -> usize {
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

    pub(super) fn end_element(&mut self, input: &[u8], at: usize, out: &mut Out) -> usize {
        out.text.push(b'\n');
        let is_bracket = self.state == State::After && input.get(at) == Some(&b']');
        at + usize::from(is_bracket)
    }
}
