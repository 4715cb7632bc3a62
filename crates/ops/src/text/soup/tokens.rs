//! Splits a document into tags, texts and other parts.

use super::references::{Reference, reference_at, unescape};
use crate::text::python::is_space;

/// A part of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Start {
        name: String,
        attributes: Vec<(String, String)>,
        closes_itself: bool,
    },
    End(String),
    Text(&'a str),
    Character(String),
    /// A comment, declaration or instruction, with the text before and after it when it is written.
    Hidden(&'static str, &'a str, &'static str),
    CData(&'a str),
}

/// Elements whose content is text up to their end tag.
const RAW: [&str; 2] = ["script", "style"];

/// Reads a document.
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// The element whose end tag is awaited, because there are no other tags in it.
    raw: Option<String>,
    /// The number of bytes that may still be read in vain while searching for an end.
    patience: usize,
}

/// The number of times that the document may be read in vain. The rest is then text; otherwise, a hostile document would take for
/// ever.
const VAIN_PASSES: usize = 8;

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self {
            html,
            at: 0,
            raw: None,
            patience: VAIN_PASSES.saturating_mul(html.len()),
        }
    }

    /// Takes bytes up to `end` as text.
    fn text(&mut self, end: usize) -> Token<'a> {
        let text = &self.html[self.at..end];
        self.at = end;
        Token::Text(text)
    }

    fn raw_text(&mut self, name: &str) -> Option<Token<'a>> {
        let Some((start, end)) = raw_end(&self.html[self.at..], name) else {
            // Anything that is never closed is lost.
            self.at = self.html.len();
            return None;
        };
        if start > 0 {
            return Some(self.text(self.at + start));
        }
        self.at += end;
        self.raw = None;
        Some(Token::End(name.to_owned()))
    }

    /// Returns the part that begins with `<`; `None` if it is never closed.
    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = &self.html[self.at..];
        let second = rest[1..].chars().next();
        if second.is_some_and(|ch| ch.is_ascii_alphabetic()) {
            return self.start_tag(rest);
        }
        if rest.starts_with("</") {
            return self.end_tag(rest);
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            let (length, close) = comment_end(comment)?;
            self.at += 4 + close;
            return Some(Token::Hidden("<!--", &comment[..length], "-->"));
        }
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let end = section.find("]]>")?;
            self.at += 9 + end + 3;
            return Some(Token::CData(&section[..end]));
        }
        let (skipped, opens, closes) = if rest.starts_with("<?") {
            (2, "<?", ">")
        } else if rest.len() > 8
            && rest.is_char_boundary(9)
            && rest[..9].eq_ignore_ascii_case("<!doctype")
        {
            (9, "<!DOCTYPE", ">\n")
        } else if rest.starts_with("<!") {
            (2, "<!--", "-->")
        } else {
            return Some(self.text(self.at + 1));
        };
        let end = skipped + rest[skipped..].find('>')?;
        self.at += end + 1;
        Some(Token::Hidden(opens, &rest[skipped..end], closes))
    }

    fn end_tag(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let close = rest.find('>')?;
        let inside = rest[2..close].trim_start_matches(is_space);
        // A name after blanks counts only if nothing follows it.
        let is_bare = !inside.is_empty()
            && inside
                .trim_end_matches(is_space)
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.' | ':' | '_'));
        let inside = if is_bare { inside } else { &rest[2..close] };
        self.at += close + 1;
        if inside.starts_with(|ch: char| ch.is_ascii_alphabetic()) {
            return Some(Token::End(inside[..name_length(inside)].to_lowercase()));
        }
        Some(match inside.is_empty() {
            true => Token::Text(""),
            false => Token::Hidden("<!--", inside, "-->"),
        })
    }

    fn start_tag(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let mut at = 1 + name_length(&rest[1..]);
        let name = rest[1..at].to_lowercase();
        let mut attributes = Vec::new();
        let closes_itself = loop {
            let blank = rest[at..].trim_start_matches(|ch| is_space(ch) || ch == '/');
            let slash = rest[at..rest.len() - blank.len()].ends_with('/');
            at = rest.len() - blank.len();
            match blank.chars().next()? {
                '>' => break slash,
                _ => {
                    let (attribute, end) = attribute(rest, at)?;
                    attributes.push(attribute);
                    at = end;
                }
            }
        };
        self.at += at + 1;
        if !closes_itself && RAW.contains(&name.as_str()) {
            self.raw = Some(name.clone());
        }
        Some(Token::Start {
            name,
            attributes,
            closes_itself,
        })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.at >= self.html.len() {
            return None;
        }
        if let Some(name) = self.raw.clone() {
            return self.raw_text(&name);
        }
        let rest = &self.html[self.at..];
        match memchr::memchr2(b'<', b'&', rest.as_bytes()) {
            None => Some(self.text(self.html.len())),
            Some(length) if length > 0 => Some(self.text(self.at + length)),
            Some(_) if rest.starts_with('&') => Some(match reference_at(rest) {
                Reference::None => self.text(self.at + 1),
                Reference::Character(text, length) => {
                    self.at += length;
                    Token::Character(text)
                }
            }),
            Some(_) if self.patience == 0 => Some(self.text(self.html.len())),
            Some(_) => match self.markup() {
                Some(token) => Some(token),
                // A part that is never closed is text, up to the next place where something could end or begin.
                None => {
                    self.patience = self.patience.saturating_sub(rest.len());
                    let bracket = memchr::memchr(b'>', &rest.as_bytes()[1..]).map(|at| at + 2);
                    let next = || memchr::memchr(b'<', &rest.as_bytes()[1..]).map(|at| at + 1);
                    Some(self.text(self.at + bracket.or_else(next).unwrap_or(1)))
                }
            },
        }
    }
}

/// Returns the length of the name that a tag begins with.
fn name_length(tag: &str) -> usize {
    let ends = |ch| matches!(ch, '\t' | '\n' | '\r' | '\x0c' | ' ' | '/' | '>' | '\0');
    tag.find(ends).unwrap_or(tag.len())
}

/// Returns the attribute that begins at `at` of a tag, and its end; `None` if its quote is never closed.
fn attribute(tag: &str, at: usize) -> Option<((String, String), usize)> {
    let first = tag[at..].chars().next().map_or(0, char::len_utf8);
    let ends = |ch: char| is_space(ch) || matches!(ch, '/' | '=' | '>');
    let name_end = at
        + first
        + tag[at + first..]
            .find(ends)
            .unwrap_or(tag.len() - at - first);
    let name = tag[at..name_end].to_lowercase();
    let rest = tag[name_end..].trim_start_matches(is_space);
    let Some(value) = rest.strip_prefix('=') else {
        return Some(((name, String::new()), name_end));
    };
    let value = value.trim_start_matches('=').trim_start_matches(is_space);
    let start = tag.len() - value.len();
    let (value, end) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let length = value[1..].find(quote)?;
            (&value[1..=length], start + length + 2)
        }
        _ => {
            let length = value
                .find(|ch| is_space(ch) || ch == '>')
                .unwrap_or(value.len());
            (&value[..length], start + length)
        }
    };
    Some(((name, unescape(value)), end))
}

/// Returns the end of a comment, and the end of its closing mark.
fn comment_end(comment: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(dashes) = comment[from..].find("--") {
        let length = from + dashes;
        let after = comment[length + 2..].trim_start_matches(is_space);
        if after.starts_with('>') {
            return Some((length, comment.len() - after.len() + 1));
        }
        from = length + 1;
    }
    None
}

/// Returns the position of the end tag of a raw element.
fn raw_end(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("</") {
        let start = from + found;
        let inside = text[start + 2..].trim_start_matches(is_space);
        if let Some(tag) = inside.get(..name.len())
            && tag.eq_ignore_ascii_case(name)
        {
            let after = inside[name.len()..].trim_start_matches(is_space);
            if after.starts_with('>') {
                return Some((start, text.len() - after.len() + 1));
            }
        }
        from = start + 2;
    }
    None
}
