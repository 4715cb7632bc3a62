//! Patterns as trees.

use crate::sets::CharSet;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Nothing, which matches everywhere.
    Empty,
    /// One character of a set. Where case is ignored, the set has the variants.
    Set(CharSet),
    /// One part behind the other.
    Concat(Vec<Node>),
    /// The first part that leads to a match.
    Alternation(Vec<Node>),
    /// The same part several times.
    Repeat(Box<Repeat>),
    /// A part whose place is noted under a number.
    Group(usize, Box<Node>),
    /// A condition on the place in the text.
    Assert(Assert),
    /// A condition on what stands before or behind the place.
    Look(Box<Look>),
    /// A part that is not matched in another way once it has matched.
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
    /// None = without end.
    pub(crate) most: Option<u32>,
    pub(crate) greed: Greed,
}

/// How often a part is tried to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greed {
    /// As often as it can be, then less often.
    Greedy,
    /// As little as it may be, then more often.
    Lazy,
    /// As often as it can be, and in no other way.
    Possessive,
}

/// A look at what stands before or behind a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) node: Node,
    pub(crate) is_behind: bool,
    pub(crate) is_negative: bool,
}

/// A condition on a place in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Assert {
    /// The beginning of the text.
    Start,
    /// The end of the text.
    End,
    /// The end of the text, or the place before a line feed that ends it.
    Dollar,
    /// The beginning of a line.
    LineStart,
    /// The end of a line.
    LineEnd,
    /// The place where the search begins.
    SearchStart,
    /// A place that these characters stand on one side of.
    Boundary(CharSet),
    /// A place that they stand on both sides of, or on none.
    NoBoundary(CharSet),
    /// A place that they stand behind, and not before.
    WordStart(CharSet),
    /// A place that they stand before, and not behind.
    WordEnd(CharSet),
}

impl Node {
    /// One part behind the other, as flat as can be.
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

    /// The parts right below.
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
