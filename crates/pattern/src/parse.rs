//! Reading patterns in the syntax of Python's `regex` and `re`.

mod class;
mod escape;
mod group;
mod quantifier;

use std::collections::HashMap;

use crate::ast::{Assert, Node};
use crate::error::{Error, Result};
use crate::options::{Dialect, Options, Unicode};
use crate::sets::{self, CharSet};

/// The deepest nesting of groups.
const DEEPEST: usize = 150;

/// A pattern that was read.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) node: Node,
    /// How many groups there are; the match itself is none of them.
    pub(crate) groups: usize,
    /// The groups that have a name.
    pub(crate) names: HashMap<String, usize>,
}

/// Reads a pattern.
///
/// # Errors
/// Those of [`Pattern::new`](crate::Pattern::new).
pub(crate) fn parse(pattern: &str, options: Options) -> Result<Parsed> {
    let flags = Flags {
        dot_all: options.dot_all,
        ..Flags::default()
    };
    let mut parser = Parser {
        chars: pattern.chars().collect(),
        at: 0,
        dialect: options.dialect,
        is_of_unicode_14: options.dialect == Dialect::Re && options.unicode == Unicode::Python311,
        flags,
        groups: 0,
        most_groups: 0,
        open: Vec::new(),
        names: HashMap::new(),
        cited: Vec::new(),
        depth: 0,
    };
    let node = parser.alternation()?;
    if parser.peek().is_some() {
        return Err(parser.wrong("there is a `)` without its `(`"));
    }
    parser.check_citations()?;
    Ok(Parsed {
        node,
        groups: parser.most_groups,
        names: parser.names,
    })
}

/// What `(?…)` switches on and off.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    verbose: bool,
    ascii: bool,
    /// Sets within sets, as in version 1 of `regex`.
    nested_sets: bool,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    dialect: Dialect,
    /// Whether characters that Unicode has assigned after version 14 are in no class, and have no variants.
    is_of_unicode_14: bool,
    flags: Flags,
    /// The groups so far, in the branch at hand of a branch reset.
    groups: usize,
    /// The greatest number that a group has.
    most_groups: usize,
    /// The groups that are not closed yet.
    open: Vec<usize>,
    names: HashMap<String, usize>,
    /// The groups that are referred to, each with the character after that; they may follow.
    cited: Vec<(usize, usize)>,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<char> {
        self.chars.get(self.at + offset).copied()
    }

    fn take(&mut self) -> Option<char> {
        let ch = self.peek()?;
        self.at += 1;
        Some(ch)
    }

    fn take_if(&mut self, text: &str) -> bool {
        let found = self.chars[self.at..].iter().copied();
        let is_there = found.take(text.chars().count()).eq(text.chars());
        if is_there {
            self.at += text.chars().count();
        }
        is_there
    }

    /// Returns the text up to a character, and skips that.
    fn take_until(&mut self, end: char) -> Option<String> {
        let rest = &self.chars[self.at..];
        let length = rest.iter().position(|ch| *ch == end)?;
        let text = rest[..length].iter().collect();
        self.at += length + 1;
        Some(text)
    }

    /// Returns the error of a pattern that is wrong here.
    fn wrong(&self, reason: &str) -> Error {
        Error::Pattern {
            reason: reason.to_owned(),
            at: self.at + 1,
        }
    }

    /// Returns the error of a feature that Python has. `what` ends with a verb.
    fn unsupported(&self, what: &str) -> Error {
        Error::Unsupported {
            what: what.to_owned(),
            at: self.at + 1,
        }
    }

    fn is_regex(&self) -> bool {
        self.dialect == Dialect::Regex
    }

    /// Skips comments, and white space if the pattern is verbose.
    fn skip(&mut self) -> Result<()> {
        loop {
            if self.take_if("(?#") {
                if self.take_until(')').is_none() {
                    return Err(self.wrong("the comment `(?#` has no end"));
                }
                continue;
            }
            match self.peek() {
                Some('#') if self.flags.verbose => {
                    while self.take().is_some_and(|ch| ch != '\n') {}
                }
                Some(ch) if self.flags.verbose && ch.is_whitespace() => self.at += 1,
                _ => return Ok(()),
            }
        }
    }

    /// Reads up to the end of a group or of the pattern. Flags that are set in it end with it.
    fn alternation(&mut self) -> Result<Node> {
        let flags = self.flags;
        let mut branches = vec![self.branch()?];
        while self.take_if("|") {
            branches.push(self.branch()?);
        }
        self.flags = flags;
        Ok(one_of(branches))
    }

    fn branch(&mut self) -> Result<Node> {
        let mut parts = Vec::new();
        loop {
            self.skip()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(Node::concat(parts)),
                Some(_) => {
                    let start = self.at;
                    if let Some(part) = self.part()? {
                        parts.push(self.quantified(part, start)?);
                    }
                }
            }
        }
    }

    /// Reads one part without its quantifier; none where it only sets flags.
    fn part(&mut self) -> Result<Option<Node>> {
        let start = self.at;
        let Some(ch) = self.take() else {
            return Ok(None);
        };
        Ok(Some(match ch {
            '\\' => self.escape()?,
            '[' => self.class()?,
            '(' => return self.group(),
            '.' if self.flags.dot_all => Node::Set(CharSet::all()),
            '.' => Node::Set(CharSet::of(&['\n']).not()),
            '^' if self.flags.multiline => Node::Assert(Assert::LineStart),
            '^' => Node::Assert(Assert::Start),
            '$' if self.flags.multiline => Node::Assert(Assert::LineEnd),
            '$' => Node::Assert(Assert::Dollar),
            '*' | '+' | '?' => {
                self.at = start;
                return Err(self.wrong(&format!("there is nothing that `{ch}` could repeat")));
            }
            '{' if self.counts_ahead(start)?.is_some() => {
                self.at = start;
                return Err(self.wrong("there is nothing that `{` could repeat"));
            }
            _ => self.literal(ch),
        }))
    }

    fn literal(&self, ch: char) -> Node {
        Node::Set(self.cased(CharSet::of(&[ch])))
    }

    /// The set with the variants that the flags add.
    fn cased(&self, set: CharSet) -> CharSet {
        match (self.flags.ignore_case, self.flags.ascii) {
            (false, _) => set,
            (true, false) if self.is_regex() => set.ignoring_case(),
            (true, false) => {
                let known = self.in_version(set.clone());
                self.in_version(known.ignoring_case_of_re()).or(&set)
            }
            (true, true) => set.ignoring_ascii_case(),
        }
    }

    fn words(&self) -> CharSet {
        self.in_ascii(match self.dialect {
            Dialect::Regex => sets::words(),
            Dialect::Re => self.in_version(sets::alphanumerics()),
        })
    }

    fn in_version(&self, set: CharSet) -> CharSet {
        match self.is_of_unicode_14 {
            true => sets::of_unicode_14(set),
            false => set,
        }
    }

    fn in_ascii(&self, set: CharSet) -> CharSet {
        match self.flags.ascii {
            true => set.and(&sets::ascii()),
            false => set,
        }
    }

    /// Checks that every group that is referred to exists.
    fn check_citations(&self) -> Result<()> {
        let mut cited = self.cited.iter();
        match cited.find(|(number, _)| *number > self.most_groups) {
            Some(&(number, at)) => Err(Error::Pattern {
                reason: format!("there is no group {number}"),
                at,
            }),
            None => Ok(()),
        }
    }
}

fn one_of(mut branches: Vec<Node>) -> Node {
    match branches.len() {
        1 => branches.remove(0),
        _ => Node::Alternation(branches),
    }
}
