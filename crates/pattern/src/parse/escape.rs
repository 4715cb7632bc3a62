//! What follows a backslash.

use super::Parser;
use crate::ast::{Assert, Look, Node};
use crate::error::Result;
use crate::sets::{self, CharSet};

/// What an escape means in the place of a character, also in a class.
pub(super) enum Escaped {
    Char(char),
    Set(CharSet),
    /// A property.
    Property(Property),
}

/// A property, which means one thing by itself and another among the members of a class where case is ignored.
pub(super) struct Property {
    /// By itself: `\p{Lu}` is any letter that has a case.
    pub(super) alone: CharSet,
    /// As one of several members.
    pub(super) member: CharSet,
}

impl Property {
    /// A set that means the same everywhere.
    pub(super) fn of(set: CharSet) -> Self {
        Self {
            alone: set.clone(),
            member: set,
        }
    }

    pub(super) fn not(self) -> Self {
        Self {
            alone: self.alone.not(),
            member: self.member.not(),
        }
    }
}

impl Parser {
    /// Reads an escape outside of classes, after its backslash.
    pub(super) fn escape(&mut self) -> Result<Node> {
        let Some(ch) = self.peek() else {
            return Err(self.wrong("the pattern ends with a single backslash"));
        };
        let words = self.words();
        let assert = match ch {
            // In `re` it does not hold in an empty text.
            'B' if !self.is_regex() => {
                let no_boundary = Node::Assert(Assert::NoBoundary(words));
                let is_empty = vec![Node::Assert(Assert::Start), Node::Assert(Assert::End)];
                let look = Look {
                    node: Node::Concat(is_empty),
                    is_behind: false,
                    is_negative: true,
                };
                return self.passing(Node::Concat(vec![no_boundary, Node::Look(Box::new(look))]));
            }
            'A' => Some(Assert::Start),
            'Z' => Some(Assert::End),
            'b' => Some(Assert::Boundary(words)),
            'B' => Some(Assert::NoBoundary(words)),
            'z' if self.is_regex() => Some(Assert::End),
            'm' if self.is_regex() => Some(Assert::WordStart(words)),
            'M' if self.is_regex() => Some(Assert::WordEnd(words)),
            'G' if self.is_regex() => Some(Assert::SearchStart),
            _ => None,
        };
        if let Some(assert) = assert {
            self.at += 1;
            return Ok(Node::Assert(assert));
        }
        match ch {
            'K' if self.is_regex() => self.passing(Node::Keep),
            'X' if self.is_regex() => self.passing(Node::Grapheme),
            'R' if self.is_regex() => self.passing(line_break()),
            'L' if self.is_regex() => Err(self.unsupported("named lists are")),
            'g' if self.is_regex() => self.cited_in_brackets(),
            '1'..='9' => self.number(),
            _ => Ok(Node::Set(match self.escaped(false)? {
                Escaped::Char(ch) => self.cased(CharSet::of(&[ch])),
                Escaped::Set(set) => set,
                Escaped::Property(property) => property.alone,
            })),
        }
    }

    fn passing(&mut self, node: Node) -> Result<Node> {
        self.at += 1;
        Ok(node)
    }

    /// Reads an escape that stands for characters, after its backslash.
    pub(super) fn escaped(&mut self, in_class: bool) -> Result<Escaped> {
        let Some(ch) = self.take() else {
            return Err(self.wrong("the pattern ends with a single backslash"));
        };
        let spaces = match self.is_regex() {
            true => sets::spaces(),
            false => sets::spaces_of_re(),
        };
        // ASCII has no separators of information among its spaces.
        let spaces = match self.flags.ascii {
            true => sets::spaces().and(&sets::ascii()),
            false => spaces,
        };
        let set = match ch {
            'd' | 'D' => Some(self.in_ascii(self.in_version(sets::digits()))),
            's' | 'S' => Some(spaces),
            'w' | 'W' => Some(self.words()),
            'h' if self.is_regex() => Some(self.in_ascii(sets::blanks())),
            _ => None,
        };
        if let Some(set) = set {
            return Ok(Escaped::Set(match ch.is_ascii_uppercase() {
                true => set.not(),
                false => set,
            }));
        }
        Ok(Escaped::Char(match ch {
            'p' | 'P' if self.is_regex() => return self.property(ch == 'P'),
            'a' => '\x07',
            'b' if in_class => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => self.code_point(2)?,
            'u' => self.code_point(4)?,
            'U' => self.code_point(8)?,
            'N' => self.named_char()?,
            '0'..='7' if in_class || ch == '0' => self.octal(ch)?,
            _ if ch.is_ascii_alphanumeric() => {
                return Err(self.wrong(&format!("there is no escape `\\{ch}`")));
            }
            _ => ch,
        }))
    }

    /// Reads the name of a property: one letter, or braces.
    fn property(&mut self, is_negated: bool) -> Result<Escaped> {
        let name = match self.take() {
            Some('{') => {
                let name = self.take_until('}');
                name.ok_or_else(|| self.wrong("`\\p{` has no closing brace"))?
            }
            Some(ch) if ch.is_ascii_alphabetic() => ch.to_string(),
            _ => return Err(self.wrong("`\\p` needs the name of a property after it")),
        };
        let (is_complement, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name.as_str()),
        };
        let property = self.property_named(name)?;
        Ok(Escaped::Property(match is_negated != is_complement {
            true => property.not(),
            false => property,
        }))
    }

    /// Returns the property of this name.
    pub(super) fn property_named(&self, name: &str) -> Result<Property> {
        let set = sets::property(name);
        let set = set.ok_or_else(|| self.wrong(&format!("there is no property `{name}`")))?;
        let value = sets::standard_name(name.rsplit(['=', ':']).next().unwrap_or(name));
        let any_case = match value.strip_prefix("IS").unwrap_or(&value) {
            "LU" | "LL" | "LT" | "UPPERCASELETTER" | "LOWERCASELETTER" | "TITLECASELETTER" => {
                Some(sets::cased_letters())
            }
            "UPPERCASE" | "LOWERCASE" | "UPPER" | "LOWER" => {
                Some(sets::cased().or(&sets::cased_letters()))
            }
            _ => None,
        };
        let alone = any_case.filter(|_| self.flags.ignore_case);
        Ok(Property {
            alone: self.in_ascii(alone.unwrap_or_else(|| set.clone())),
            member: self.in_ascii(set),
        })
    }

    fn code_point(&mut self, length: usize) -> Result<char> {
        let rest = &self.chars[self.at..];
        let digits: String = rest.iter().take(length).collect();
        let is_whole =
            digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let ch = is_whole
            .then(|| {
                u32::from_str_radix(&digits, 16)
                    .ok()
                    .and_then(char::from_u32)
            })
            .flatten();
        let ch = ch.ok_or_else(|| {
            self.wrong(&format!(
                "an escape needs {length} hexadecimal digits of a character"
            ))
        })?;
        self.at += length;
        Ok(ch)
    }

    fn octal(&mut self, first: char) -> Result<char> {
        let mut digits = first.to_string();
        while digits.len() < 3
            && let Some(ch @ '0'..='7') = self.peek()
        {
            digits.push(ch);
            self.at += 1;
        }
        let ch = u32::from_str_radix(&digits, 8)
            .ok()
            .and_then(char::from_u32);
        ch.ok_or_else(|| self.wrong("an octal escape is not a character"))
    }

    fn named_char(&mut self) -> Result<char> {
        let name = match self.take_if("{") {
            true => self.take_until('}'),
            false => None,
        };
        let name =
            name.ok_or_else(|| self.wrong("`\\N` needs the name of a character in braces"))?;
        let ch = unicode_names2::character(&name);
        ch.ok_or_else(|| self.wrong(&format!("there is no character `{name}`")))
    }

    /// Reads the number of a group, or three octal digits.
    fn number(&mut self) -> Result<Node> {
        let digit = |offset: usize| self.peek_at(offset).filter(char::is_ascii_digit);
        let is_octal = |offset: usize| digit(offset).is_some_and(|ch| ch < '8');
        if is_octal(0) && is_octal(1) && is_octal(2) {
            let first = self.take().unwrap_or_default();
            let ch = self.octal(first)?;
            return Ok(self.literal(ch));
        }
        let length = if digit(1).is_some() { 2 } else { 1 };
        let digits: String = self.chars[self.at..self.at + length].iter().collect();
        self.at += length;
        self.cited(&digits)
    }

    /// Reads `<name>` or `<1>`.
    fn cited_in_brackets(&mut self) -> Result<Node> {
        self.at += 1;
        let name = match self.take_if("<") {
            true => self.take_until('>'),
            false => None,
        };
        let name =
            name.ok_or_else(|| self.wrong("`\\g` needs a group in angle brackets after it"))?;
        self.cited(&name)
    }

    /// Makes a backreference to the group of this name or number.
    pub(super) fn cited(&mut self, name: &str) -> Result<Node> {
        let group = self.cite(name)?;
        if !self.is_regex() && group > self.groups {
            return Err(self.wrong(&format!("there is no group `{name}` before this")));
        }
        if self.open.contains(&group) {
            return Err(self.wrong(&format!("group `{name}` is referred to within itself")));
        }
        Ok(Node::Backreference {
            group,
            ignore_case: self.flags.ignore_case,
        })
    }

    /// Returns the number of a group that is referred to. A number may refer to a later group, a name may not.
    pub(super) fn cite(&mut self, name: &str) -> Result<usize> {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let number = match is_number {
            true => name.parse().ok().filter(|number| *number > 0),
            false => self.names.get(name).copied(),
        };
        let number =
            number.ok_or_else(|| self.wrong(&format!("there is no group `{name}` before this")))?;
        self.cited.push((number, self.at + 1));
        Ok(number)
    }
}

/// `\R`
fn line_break() -> Node {
    let one = CharSet::of_ranges([('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')]);
    let pair = [CharSet::of(&['\r']), CharSet::of(&['\n'])].map(Node::Set);
    Node::Atomic(Box::new(Node::Alternation(vec![
        Node::Concat(pair.into()),
        Node::Set(one),
    ])))
}
