//! Replacement templates in Python's syntax: `\1`, `\g<1>`, `\g<name>`, `\n`, `\\`.

use crate::Pattern;
use crate::error::{Error, Result};

/// A replacement, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// What the group with this number matched; nothing if it took no part.
    Group(usize),
}

/// The groups that a template may name.
#[derive(Debug, Clone, Copy)]
pub enum Groups<'a> {
    /// Those of a pattern.
    Of(&'a Pattern),
    /// As many, each of which holds the whole match; group 0 included.
    Whole(usize),
}

impl Groups<'_> {
    fn count(self) -> usize {
        match self {
            Self::Of(pattern) => pattern.groups(),
            Self::Whole(count) => count,
        }
    }

    fn named(self, name: &str) -> Option<usize> {
        match self {
            Self::Of(pattern) => pattern.group_named(name),
            Self::Whole(_) => None,
        }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`Error::Template`] for an unknown escape, or a group that the pattern does not have.
    pub fn parse(template: &str, groups: Groups<'_>) -> Result<Self> {
        let mut parser = Parser {
            rest: template,
            groups,
            parts: Vec::new(),
        };
        while let Some(ch) = parser.take() {
            if ch == '\\' {
                parser.escape()?;
            } else {
                parser.literal(ch);
            }
        }
        Ok(Self {
            parts: parser.parts,
        })
    }

    /// The text that replaces every match, if it is the same for all.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends what replaces one match to `out`; `group` gives the text of a group that took part in it.
    pub fn expand<'t>(&self, group: impl Fn(usize) -> Option<&'t str>, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Group(number) => out.push_str(group(*number).unwrap_or("")),
            }
        }
    }

    /// The same for a match each group of which holds all of it.
    pub fn expand_whole(&self, matched: &str, out: &mut String) {
        self.expand(|_| Some(matched), out);
    }
}

struct Parser<'a> {
    rest: &'a str,
    groups: Groups<'a>,
    parts: Vec<Part>,
}

impl Parser<'_> {
    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let ch = chars.next();
        self.rest = chars.as_str();
        ch
    }

    fn literal(&mut self, ch: char) {
        match self.parts.last_mut() {
            Some(Part::Literal(text)) => text.push(ch),
            _ => self.parts.push(Part::Literal(ch.into())),
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<()> {
        let ch = self
            .take()
            .ok_or_else(|| wrong("the template ends with a single backslash"))?;
        match ch {
            'g' => self.group_in_brackets(),
            '0'..='9' => self.number(ch),
            'x' => self.code_point(2),
            'u' => self.code_point(4),
            'U' => self.code_point(8),
            _ => {
                match ch {
                    'a' => self.literal('\x07'),
                    'b' => self.literal('\x08'),
                    'f' => self.literal('\x0c'),
                    'n' => self.literal('\n'),
                    'r' => self.literal('\r'),
                    't' => self.literal('\t'),
                    'v' => self.literal('\x0b'),
                    '\\' => self.literal('\\'),
                    _ if ch.is_ascii_alphabetic() => {
                        return Err(wrong(format!("unknown escape `\\{ch}`")));
                    }
                    _ => {
                        self.literal('\\');
                        self.literal(ch);
                    }
                }
                Ok(())
            }
        }
    }

    /// Reads `<name>` or `<1>`.
    fn group_in_brackets(&mut self) -> Result<()> {
        let inner = self
            .rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'));
        let (name, rest) =
            inner.ok_or_else(|| wrong("`\\g` needs a group in angle brackets after it"))?;
        self.rest = rest;
        let number = if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            name.parse()
                .ok()
                .filter(|&number| number < self.groups.count())
        } else {
            self.groups.named(name)
        };
        let number = number.ok_or_else(|| wrong(format!("the pattern has no group `{name}`")))?;
        self.parts.push(Part::Group(number));
        Ok(())
    }

    /// Reads a group number of one or two digits, or an octal code of a character.
    fn number(&mut self, first: char) -> Result<()> {
        let octal = |text: &str| {
            text.bytes()
                .take_while(|byte| (b'0'..=b'7').contains(byte))
                .count()
        };
        let behind = octal(self.rest).min(2);
        if first == '0' || (first <= '7' && behind == 2) {
            let digits = format!("{first}{}", &self.rest[..behind]);
            self.rest = &self.rest[behind..];
            let code = u32::from_str_radix(&digits, 8)
                .ok()
                .and_then(char::from_u32);
            self.literal(code.ok_or_else(|| wrong(format!("`\\{digits}` is not a character")))?);
            return Ok(());
        }
        let two = self.rest.starts_with(|ch: char| ch.is_ascii_digit());
        let digits = format!("{first}{}", if two { &self.rest[..1] } else { "" });
        self.rest = &self.rest[usize::from(two)..];
        let number = digits
            .parse()
            .ok()
            .filter(|&number| number < self.groups.count());
        self.parts.push(Part::Group(
            number.ok_or_else(|| wrong(format!("the pattern has no group {digits}")))?,
        ));
        Ok(())
    }

    /// Reads so many hexadecimal digits as the code of a character.
    fn code_point(&mut self, len: usize) -> Result<()> {
        let digits = self
            .rest
            .get(..len)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits =
            digits.ok_or_else(|| wrong(format!("a hexadecimal escape needs {len} digits")))?;
        let ch = u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32);
        self.literal(ch.ok_or_else(|| wrong(format!("{digits} is the code of no character")))?);
        self.rest = &self.rest[len..];
        Ok(())
    }
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::Template {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matches, Options};

    /// Returns what a match of `(?P<name>b)(c)?` in "abcabd" becomes.
    fn expand(template: &str) -> Result<String, String> {
        let pattern = Pattern::new("(?P<name>b)(c)?", Options::default()).unwrap();
        let template = Template::parse(template, Groups::Of(&pattern));
        let template = template.map_err(|error| error.to_string())?;
        let mut out = String::new();
        let each = Matches::new(pattern).each("abcabd", |slots| {
            let group = |group: usize| Some(&"abcabd"[slots[2 * group]?..slots[2 * group + 1]?]);
            template.expand(group, &mut out);
            out.push(';');
        });
        each.map(|()| out).map_err(|error| error.to_string())
    }

    #[test]
    fn templates_read_as_in_python() {
        let cases = [
            (r"\1", "b;b;"),
            (r"\g<1>", "b;b;"),
            (r"\g<01>", "b;b;"),
            (r"\g<name>", "b;b;"),
            (r"\g<0>", "bc;b;"),
            (r"<\2>", "<c>;<>;"),
            (r"\1a$1{0}", "ba$1{0};ba$1{0};"),
            (r"\n\t\\", "\n\t\\;\n\t\\;"),
            (r"\0\07\012\101", "\0\x07\nA;\0\x07\nA;"),
            (r"\400", "Ā;Ā;"),
            (r"\x41\u0041\U00000041", "AAA;AAA;"),
            (r"\-\.\é\_\ ", "\\-\\.\\é\\_\\ ;\\-\\.\\é\\_\\ ;"),
        ];
        for (template, expected) in cases {
            assert_eq!(expand(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn bad_templates_are_refused() {
        for template in [
            r"\q",
            r"\9",
            r"\10",
            r"\12",
            r"\3",
            r"\g<zz>",
            r"\g<",
            r"\g",
            r"\g<>",
            r"\g<1",
            r"\g<-1>",
            r"\g< 1>",
            r"\x4",
            r"\s",
            "\\",
            r"\N{DIGIT ONE}",
        ] {
            assert!(expand(template).is_err(), "{template}");
        }
    }
}
