//! Classes: `[…]`.

use super::Parser;
use super::escape::{Escaped, Property};
use crate::ast::Node;
use crate::error::Result;
use crate::sets::{self, CharSet};

/// A member of a class.
enum Member {
    Char(char),
    Set(Property),
}

/// How the parts of a class of version 1 are joined.
#[derive(Clone, Copy)]
enum Join {
    Or,
    And,
    Without,
    Xor,
}

impl Parser {
    /// Reads a class, after its `[`.
    pub(super) fn class(&mut self) -> Result<Node> {
        self.set(0).map(Node::Set)
    }

    fn set(&mut self, depth: usize) -> Result<CharSet> {
        if depth > super::DEEPEST {
            return Err(self.wrong("classes are nested too deeply"));
        }
        let is_negated = self.take_if("^");
        let (mut done, mut join) = (CharSet::empty(), Join::Or);
        let (mut part, mut members) = (CharSet::empty(), 0);
        let mut alone = None;
        loop {
            if self.peek() == Some(']') && (members > 0 || !matches!(join, Join::Or)) {
                self.at += 1;
                break;
            }
            if let Some(next) = self.join_ahead().filter(|_| members > 0) {
                self.at += 2;
                done = joined(done, join, &self.cased(part));
                (part, join, members) = (CharSet::empty(), next, 0);
                continue;
            }
            let member = self.member_or_range(depth)?;
            part = part.or(&member.member);
            alone = Some(member.alone).filter(|_| members == 0);
            members += 1;
        }
        let part = match alone {
            Some(alone) => alone,
            None => self.cased(part),
        };
        let set = joined(done, join, &part);
        Ok(if is_negated { set.not() } else { set })
    }

    /// What joins two parts of a class of version 1.
    fn join_ahead(&self) -> Option<Join> {
        if !self.flags.nested_sets {
            return None;
        }
        match (self.peek()?, self.peek_at(1)?) {
            ('|', '|') => Some(Join::Or),
            ('&', '&') => Some(Join::And),
            ('-', '-') => Some(Join::Without),
            ('~', '~') => Some(Join::Xor),
            _ => None,
        }
    }

    /// Reads a member, or a range of two.
    fn member_or_range(&mut self, depth: usize) -> Result<Property> {
        let first = match self.member(depth)? {
            Member::Char(ch) => ch,
            Member::Set(set) => return self.behind_a_set(set),
        };
        let is_range = self.peek() == Some('-')
            && self.peek_at(1).is_some_and(|ch| ch != ']')
            && self.join_ahead().is_none();
        if !is_range {
            return Ok(self.characters(CharSet::of(&[first])));
        }
        self.at += 1;
        match self.member(depth)? {
            Member::Char(last) if last < first => {
                Err(self.wrong(&format!("the range `{first}-{last}` runs backwards")))
            }
            Member::Char(last) => Ok(self.characters(CharSet::range(first, last))),
            // Not a range then: three members.
            Member::Set(set) if self.is_regex() => {
                Ok(self.characters(set.member.or(&CharSet::of(&[first, '-']))))
            }
            Member::Set(_) => Err(self.wrong("a range ends with a class")),
        }
    }

    /// A set does not begin a range: in `re` that is an error.
    fn behind_a_set(&self, set: Property) -> Result<Property> {
        let begins_range = self.peek() == Some('-') && self.peek_at(1).is_some_and(|ch| ch != ']');
        if begins_range && !self.is_regex() {
            return Err(self.wrong("a range begins with a class"));
        }
        Ok(set)
    }

    /// Characters that are spelled out, which have their variants by themselves too.
    fn characters(&self, set: CharSet) -> Property {
        Property {
            alone: self.cased(set.clone()),
            member: set,
        }
    }

    fn member(&mut self, depth: usize) -> Result<Member> {
        let Some(ch) = self.take() else {
            return Err(self.wrong("a class has no closing `]`"));
        };
        match ch {
            '\\' => Ok(match self.escaped(true)? {
                Escaped::Char(ch) => Member::Char(ch),
                Escaped::Set(set) => Member::Set(Property::of(set)),
                Escaped::Property(property) => Member::Set(property),
            }),
            '[' if self.is_regex() && self.peek() == Some(':') => self.posix(),
            '[' if self.flags.nested_sets => {
                let set = self.set(depth + 1)?;
                Ok(Member::Set(Property::of(set)))
            }
            _ => Ok(Member::Char(ch)),
        }
    }

    /// Reads `[:alpha:]`, after its `[`. Anything that does not look like it is ordinary characters.
    fn posix(&mut self) -> Result<Member> {
        let rest = &self.chars[self.at + 1..];
        let length = rest.windows(2).position(|pair| pair == [':', ']']);
        let name: Option<String> = length.map(|length| rest[..length].iter().collect());
        let is_name = |name: &String| {
            let bare = name.strip_prefix('^').unwrap_or(name);
            !bare.is_empty()
                && bare
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let Some(name) = name.filter(is_name) else {
            return Ok(Member::Char('['));
        };
        self.at += name.chars().count() + 3;
        let (is_negated, bare) = match name.strip_prefix('^') {
            Some(bare) => (true, bare),
            None => (false, name.as_str()),
        };
        // Only these mean other characters here than as properties.
        let property = match sets::standard_name(bare).as_str() {
            "ALNUM" | "DIGIT" | "PUNCT" | "XDIGIT" => self.property_named(&format!("posix{bare}")),
            _ => self.property_named(bare),
        }?;
        Ok(Member::Set(if is_negated {
            property.not()
        } else {
            property
        }))
    }
}

fn joined(one: CharSet, join: Join, other: &CharSet) -> CharSet {
    match join {
        Join::Or => one.or(other),
        Join::And => one.and(other),
        Join::Without => one.without(other),
        Join::Xor => one.xor(other),
    }
}
