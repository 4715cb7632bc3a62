//! Patterns that need no backtracking, as the engine without it reads them.

use std::fmt::Write as _;

use crate::ast::{Assert, Greed, Node, Repeat};
use crate::sets::{self, CharSet};

/// A pattern for [`regex::Regex`].
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) source: String,
    /// The numbers that the groups have in the engine, the match itself first.
    pub(crate) groups: Vec<usize>,
    /// The groups of the engine before a last line feed that it consumes and the match does not.
    pub(crate) end_marks: Vec<usize>,
    /// The characters that are parts of words to the engine and not to the pattern's word boundaries, or the other way round. In
    /// a text with any of them the engine would find other matches.
    pub(crate) disputed: CharSet,
}

/// Returns the pattern for the engine without backtracking; none if that engine would find other matches.
pub(crate) fn linear(node: &Node, groups: usize) -> Option<Linear> {
    if !is_the_same_in_both(node) || !is_empty_at_last(node) {
        return None;
    }
    let mut printer = Printer {
        out: String::new(),
        groups: vec![None; groups + 1],
        end_marks: Vec::new(),
        disputed: CharSet::empty(),
        next_group: 1,
    };
    printer.groups[0] = Some(0);
    printer.print(node, true)?;
    let groups: Option<Vec<usize>> = printer.groups.into_iter().collect();
    Some(Linear {
        source: printer.out,
        groups: groups?,
        end_marks: printer.end_marks,
        disputed: printer.disputed,
    })
}

/// Where a part can match nothing repeatedly, the engines stop at different positions.
fn is_the_same_in_both(node: &Node) -> bool {
    let repeats_nothing = matches!(node, Node::Repeat(repeat)
        if repeat.most != Some(1) && repeat.node.may_be_empty());
    !repeats_nothing && node.children().into_iter().all(is_the_same_in_both)
}

/// Whether nothing is matched only where nothing else can be. After an empty match Python looks for one that is not empty at the
/// same place; the engine without backtracking can be asked for the first choice alone.
fn is_empty_at_last(node: &Node) -> bool {
    if !node.may_be_empty() {
        return true;
    }
    match node {
        Node::Concat(nodes) => nodes.iter().all(is_empty_at_last),
        Node::Alternation(nodes) => {
            let (last, first) = nodes
                .split_last()
                .map_or((node, &[][..]), |(last, first)| (last, first));
            is_empty_at_last(last) && !first.iter().any(Node::may_be_empty)
        }
        Node::Repeat(repeat) => repeat.greed == Greed::Greedy && is_empty_at_last(&repeat.node),
        Node::Group(_, node) => is_empty_at_last(node),
        _ => true,
    }
}

struct Printer {
    out: String,
    groups: Vec<Option<usize>>,
    end_marks: Vec<usize>,
    disputed: CharSet,
    /// The number of the next group of the engine, which counts them in the order of their opening.
    next_group: usize,
}

impl Printer {
    /// Appends a part; `is_last` is whether the match ends with it. None where the engine has nothing like it.
    fn print(&mut self, node: &Node, is_last: bool) -> Option<()> {
        match node {
            Node::Empty => {}
            Node::Set(set) => self.set(set),
            Node::Concat(nodes) => {
                for (place, node) in nodes.iter().enumerate() {
                    self.print(node, is_last && place + 1 == nodes.len())?;
                }
            }
            Node::Alternation(nodes) => {
                self.out.push_str("(?:");
                for (place, node) in nodes.iter().enumerate() {
                    self.out.push_str(if place == 0 { "" } else { "|" });
                    self.print(node, is_last)?;
                }
                self.out.push(')');
            }
            Node::Repeat(repeat) => self.repeat(repeat)?,
            Node::Group(number, node) => {
                // Two groups of one number are beyond the engine.
                let place = self
                    .groups
                    .get_mut(*number)
                    .filter(|place| place.is_none())?;
                *place = Some(self.next_group);
                self.next_group += 1;
                self.out.push('(');
                self.print(node, is_last)?;
                self.out.push(')');
            }
            Node::Assert(Assert::Dollar) if is_last => {
                self.out.push_str(r"(?:()\n?\z)");
                self.end_marks.push(self.next_group);
                self.next_group += 1;
            }
            Node::Assert(assert) => self.assert(assert)?,
            Node::Look(_) | Node::Atomic(_) | Node::Backreference { .. } => return None,
            Node::Conditional { .. } | Node::Keep | Node::Grapheme => return None,
        }
        Some(())
    }

    fn set(&mut self, set: &CharSet) {
        if let Some(ch) = set.single() {
            let mut buffer = [0; 4];
            self.out
                .push_str(&regex::escape(ch.encode_utf8(&mut buffer)));
            return;
        }
        self.out.push('[');
        for (first, last) in set.ranges() {
            let (first, last) = (u32::from(first), u32::from(last));
            // Writing to a string cannot fail.
            let _ = write!(self.out, r"\x{{{first:x}}}-\x{{{last:x}}}");
        }
        // The engine takes `[]` for the beginning of a class.
        if set.ranges().next().is_none() {
            self.out.push_str(r"a&&b");
        }
        self.out.push(']');
    }

    fn repeat(&mut self, repeat: &Repeat) -> Option<()> {
        let lazy = match repeat.greed {
            Greed::Greedy => "",
            Greed::Lazy => "?",
            Greed::Possessive => return None,
        };
        self.out.push_str("(?:");
        self.print(&repeat.node, false)?;
        let least = repeat.least;
        let _ = match repeat.most {
            Some(most) => write!(self.out, "){{{least},{most}}}{lazy}"),
            None => write!(self.out, "){{{least},}}{lazy}"),
        };
        Some(())
    }

    fn assert(&mut self, assert: &Assert) -> Option<()> {
        let (printed, words) = match assert {
            Assert::Start => (r"\A", None),
            Assert::End => (r"\z", None),
            Assert::LineStart => ("(?m:^)", None),
            Assert::LineEnd => ("(?m:$)", None),
            Assert::Boundary(words) => (r"\b", Some(words)),
            Assert::NoBoundary(words) => (r"\B", Some(words)),
            Assert::WordStart(words) => (r"\b{start}", Some(words)),
            Assert::WordEnd(words) => (r"\b{end}", Some(words)),
            Assert::Dollar | Assert::SearchStart => return None,
        };
        self.out.push_str(printed);
        if let Some(words) = words {
            let disputed = words.clone().xor(&sets::words_of_engine());
            self.disputed = std::mem::replace(&mut self.disputed, CharSet::empty()).or(&disputed);
        }
        Some(())
    }
}
