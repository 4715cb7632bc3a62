//! What matches can begin with, so that a search passes over everything else.

use crate::ast::Node;
use crate::sets::CharSet;

/// What a part can begin with.
pub(super) struct First {
    pub(super) set: CharSet,
    pub(super) may_be_empty: bool,
}

impl First {
    pub(super) fn of(node: &Node) -> Self {
        let nothing = Self {
            set: CharSet::empty(),
            may_be_empty: true,
        };
        match node {
            Node::Set(set) => Self {
                set: set.clone(),
                may_be_empty: false,
            },
            Node::Concat(nodes) => nodes.iter().fold(nothing, |begun, node| {
                if !begun.may_be_empty {
                    return begun;
                }
                let next = Self::of(node);
                Self {
                    set: begun.set.or(&next.set),
                    may_be_empty: next.may_be_empty,
                }
            }),
            Node::Alternation(nodes) => Self::one_of(nodes.iter()),
            Node::Repeat(repeat) => {
                let one = Self::of(&repeat.node);
                Self {
                    may_be_empty: one.may_be_empty || repeat.least == 0,
                    ..one
                }
            }
            Node::Group(_, node) | Node::Atomic(node) => Self::of(node),
            Node::Conditional { yes, no, .. } => Self::one_of([&**yes, &**no].into_iter()),
            Node::Grapheme | Node::Backreference { .. } => Self {
                set: CharSet::all(),
                may_be_empty: node.may_be_empty(),
            },
            Node::Empty | Node::Assert(_) | Node::Look(_) | Node::Keep => nothing,
        }
    }

    fn one_of<'a>(nodes: impl Iterator<Item = &'a Node>) -> Self {
        let none = Self {
            set: CharSet::empty(),
            may_be_empty: false,
        };
        nodes.map(Self::of).fold(none, |one, other| Self {
            set: one.set.or(&other.set),
            may_be_empty: one.may_be_empty || other.may_be_empty,
        })
    }
}
