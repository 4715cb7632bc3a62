//! Groups: `(…)`.

use super::{DEEPEST, Parser, one_of};
use crate::ast::{Look, Node};
use crate::error::{Error, Result};

impl Parser {
    /// Reads a group, after its `(`. None if it only sets flags.
    pub(super) fn group(&mut self) -> Result<Option<Node>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("groups are nested too deeply"));
        }
        let node = self.group_within()?;
        self.depth -= 1;
        Ok(node)
    }

    fn group_within(&mut self) -> Result<Option<Node>> {
        if !self.take_if("?") {
            if self.is_regex() && self.peek() == Some('*') {
                return Err(self.unsupported("verbs such as `(*SKIP)` are"));
            }
            return self.capture(None).map(Some);
        }
        let look = |is_behind, is_negative| (is_behind, is_negative);
        for (text, (is_behind, is_negative)) in [
            ("=", look(false, false)),
            ("!", look(false, true)),
            ("<=", look(true, false)),
            ("<!", look(true, true)),
        ] {
            if self.take_if(text) {
                let node = self.until_closed()?;
                return Ok(Some(Node::Look(Box::new(Look {
                    node,
                    is_behind,
                    is_negative,
                }))));
            }
        }
        if self.take_if(":") {
            return self.until_closed().map(Some);
        }
        if self.take_if(">") {
            let node = self.until_closed()?;
            return Ok(Some(Node::Atomic(Box::new(node))));
        }
        if self.take_if("P=") {
            let name = self.take_until(')');
            let name = name.ok_or_else(|| self.unclosed())?;
            return self.cited(&name).map(Some);
        }
        if self.take_if("P<") || (self.is_regex() && self.take_if("<")) {
            let name = self.take_until('>').filter(|name| is_name(name));
            let name =
                name.ok_or_else(|| self.wrong("a group has no name between its `<` and `>`"))?;
            return self.capture(Some(name)).map(Some);
        }
        if self.take_if("(") {
            return self.conditional().map(Some);
        }
        if self.is_regex() && self.take_if("|") {
            return self.branch_reset().map(Some);
        }
        let is_recursion = |ch: char| matches!(ch, 'R' | '&' | '+') || ch.is_ascii_digit();
        if self.is_regex()
            && (self.peek().is_some_and(is_recursion) || self.take_if("P>") || self.take_if("P&"))
        {
            return Err(self.unsupported("recursion is"));
        }
        self.flags_within()
    }

    fn capture(&mut self, name: Option<String>) -> Result<Node> {
        self.groups += 1;
        let known = name.as_ref().and_then(|name| self.names.get(name));
        // In `regex` groups of the same name are one and the same.
        let number = match known.copied() {
            Some(number) if self.is_regex() => {
                self.groups -= 1;
                number
            }
            Some(_) => return Err(self.wrong("two groups have the same name")),
            None => self.groups,
        };
        self.most_groups = self.most_groups.max(number);
        if let Some(name) = name {
            self.names.insert(name, number);
        }
        self.open.push(number);
        let node = self.until_closed()?;
        self.open.pop();
        Ok(Node::Group(number, Box::new(node)))
    }

    fn until_closed(&mut self) -> Result<Node> {
        let node = self.alternation()?;
        match self.take_if(")") {
            true => Ok(node),
            false => Err(self.unclosed()),
        }
    }

    fn unclosed(&self) -> Error {
        self.wrong("a group has no closing `)`")
    }

    /// Reads `(?(group)yes|no)`.
    fn conditional(&mut self) -> Result<Node> {
        let name = self.take_until(')').ok_or_else(|| self.unclosed())?;
        if name == "DEFINE" || name.starts_with('?') {
            return Err(self.unsupported("conditions other than a group are"));
        }
        let group = self.cite(&name)?;
        let flags = self.flags;
        let yes = Box::new(self.branch()?);
        let no = match self.take_if("|") {
            true => self.branch()?,
            false => Node::Empty,
        };
        self.flags = flags;
        if !self.take_if(")") {
            return Err(self.wrong("a conditional has more than two branches, or no closing `)`"));
        }
        Ok(Node::Conditional {
            group,
            yes,
            no: Box::new(no),
        })
    }

    /// Reads `(?|…)`, whose branches all number their groups from the same start.
    fn branch_reset(&mut self) -> Result<Node> {
        let (flags, first) = (self.flags, self.groups);
        let (mut branches, mut most) = (Vec::new(), first);
        loop {
            self.groups = first;
            branches.push(self.branch()?);
            most = most.max(self.groups);
            if !self.take_if("|") {
                break;
            }
        }
        self.groups = most;
        self.flags = flags;
        match self.take_if(")") {
            true => Ok(one_of(branches)),
            false => Err(self.unclosed()),
        }
    }

    /// Reads `(?flags)` or `(?flags:…)`, after the question mark.
    fn flags_within(&mut self) -> Result<Option<Node>> {
        let start = self.at;
        let before = self.flags;
        let mut is_off = false;
        loop {
            match self.take() {
                Some('-') if !is_off => is_off = true,
                Some('i') => self.flags.ignore_case = !is_off,
                Some('m') => self.flags.multiline = !is_off,
                Some('s') => self.flags.dot_all = !is_off,
                Some('x') => self.flags.verbose = !is_off,
                Some('a') if !is_off => self.flags.ascii = true,
                Some('u') if !is_off => self.flags.ascii = false,
                Some('V') if self.is_regex() && !is_off => match self.take() {
                    Some('0') => self.flags.nested_sets = false,
                    Some('1') => self.flags.nested_sets = true,
                    _ => return Err(self.unknown_flags(start)),
                },
                // They are about approximate matches, which are not supported.
                Some('b' | 'e') if self.is_regex() => {}
                Some(')') => {
                    if !self.is_regex() && (start != 2 || is_off) {
                        return Err(
                            self.wrong("flags for the whole pattern must be at its beginning")
                        );
                    }
                    return self.checked_flags().map(|()| None);
                }
                Some(':') => {
                    self.checked_flags()?;
                    let node = self.until_closed()?;
                    self.flags = before;
                    return Ok(Some(node));
                }
                None => return Err(self.unclosed()),
                Some(_) => return Err(self.unknown_flags(start)),
            }
        }
    }

    /// In version 1 of `regex` one character may be a variant of several.
    fn checked_flags(&self) -> Result<()> {
        match self.flags.nested_sets && self.flags.ignore_case {
            true => Err(self.unsupported(
                "ignoring case with `(?V1)` (without it most patterns mean the same) is",
            )),
            false => Ok(()),
        }
    }

    fn unknown_flags(&mut self, start: usize) -> Error {
        let flags: String = self.chars[start..self.at].iter().collect();
        self.unsupported(&format!("the group or flag `(?{flags}` is"))
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let is_first = |ch: char| ch.is_alphabetic() || ch == '_';
    chars.next().is_some_and(is_first) && chars.all(|ch| ch.is_alphanumeric() || ch == '_')
}
