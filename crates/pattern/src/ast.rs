//! Patterns as trees.

use crate::sets::CharSet;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Nothing, which matches everywhere.
    Empty,
    /// One character of a set. Where case is ignored, the set has the variants.
    Set(CharSet),
    /// One part after the other.
    Concat(Vec<Node>),
    /// Alternatives: the first one that leads to a match counts.
    Alternation(Vec<Node>),
    /// The same part several times.
    Repeat(Box<Repeat>),
    /// A capturing group: a part whose position is noted under a number.
    Group(usize, Box<Node>),
    /// A condition on the position in the text.
    Assert(Assert),
    /// A lookahead or lookbehind.
    Look(Box<Look>),
    /// An atomic group: a part that is not matched in another way once it has matched.
    Atomic(Box<Node>),
    /// What a group matched, once more.
    Backreference {
        group: usize,
        /// Whether the case may be another.
        ignore_case: bool,
    },
    /// One of two parts: whether a group took part decides which.
    Conditional {
        group: usize,
        yes: Box<Node>,
        no: Box<Node>,
    },
    /// The match begins here, whatever came before.
    Keep,
    /// A grapheme cluster.
    Grapheme,
}

/// A part that is repeated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repeat {
    pub(crate) node: Node,
    pub(crate) least: u32,
    /// None: unlimited.
    pub(crate) most: Option<u32>,
    pub(crate) greed: Greed,
}

/// Which number of repeats is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greed {
    /// As often as it can be, then less often.
    Greedy,
    /// As rarely as it may be, then more often.
    Lazy,
    /// As often as it can be, and in no other way.
    Possessive,
}

/// A lookahead or lookbehind: a condition on what comes after or before a position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) node: Node,
    pub(crate) is_behind: bool,
    pub(crate) is_negative: bool,
}

/// A condition on a position in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Assert {
    /// The beginning of the text.
    Start,
    /// The end of the text.
    End,
    /// The end of the text, or the position before a line feed that ends it.
    Dollar,
    /// The beginning of a line.
    LineStart,
    /// The end of a line.
    LineEnd,
    /// The position where the search begins.
    SearchStart,
    /// A position with one of these characters on exactly one side.
    Boundary(CharSet),
    /// A position with one of them on both sides, or on neither.
    NoBoundary(CharSet),
    /// A position with one of them after it, and none before it.
    WordStart(CharSet),
    /// A position with one of them before it, and none after it.
    WordEnd(CharSet),
}

impl Node {
    /// Joins parts one after the other, as flat as can be.
    pub(crate) fn concat(mut nodes: Vec<Self>) -> Self {
        nodes.retain(|node| *node != Self::Empty);
        match nodes.len() {
            0 => Self::Empty,
            1 => nodes.remove(0),
            _ => Self::Concat(nodes),
        }
    }

    /// Returns whether it can match nothing: for certain if it says no.
    pub(crate) fn may_be_empty(&self) -> bool {
        match self {
            Self::Set(_) | Self::Grapheme => false,
            Self::Empty | Self::Assert(_) | Self::Look(_) | Self::Keep => true,
            Self::Backreference { .. } => true,
            Self::Concat(nodes) => nodes.iter().all(Self::may_be_empty),
            Self::Alternation(nodes) => nodes.iter().any(Self::may_be_empty),
            Self::Repeat(repeat) => repeat.least == 0 || repeat.node.may_be_empty(),
            Self::Group(_, node) | Self::Atomic(node) => node.may_be_empty(),
            Self::Conditional { yes, no, .. } => yes.may_be_empty() || no.may_be_empty(),
        }
    }

    /// Returns the parts directly below.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Concat(nodes) | Self::Alternation(nodes) => nodes.iter().collect(),
            Self::Repeat(repeat) => vec![&repeat.node],
            Self::Group(_, node) | Self::Atomic(node) => vec![node],
            Self::Look(look) => vec![&look.node],
            Self::Conditional { yes, no, .. } => vec![yes, no],
            _ => Vec::new(),
        }
    }
}
