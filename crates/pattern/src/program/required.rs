//! What no match can do without, so that texts that lack it are not searched.

use crate::ast::Node;
use crate::sets::CharSet;

/// Characters of which one stands at or after the place where a match begins; none where nothing is known.
///
/// Of the parts that a match consists of, that is the one with the fewest characters to choose from.
pub(super) fn required(node: &Node) -> Option<CharSet> {
    match node {
        Node::Set(set) => Some(set.clone()),
        Node::Concat(nodes) => nodes.iter().filter_map(required).min_by_key(size),
        Node::Alternation(nodes) => one_of(nodes.iter()),
        Node::Repeat(repeat) if repeat.least > 0 => required(&repeat.node),
        Node::Group(_, node) | Node::Atomic(node) => required(node),
        Node::Look(look) if !look.is_negative && !look.is_behind => required(&look.node),
        Node::Conditional { yes, no, .. } => one_of([&**yes, &**no].into_iter()),
        _ => None,
    }
}

fn one_of<'a>(mut nodes: impl Iterator<Item = &'a Node>) -> Option<CharSet> {
    nodes.try_fold(CharSet::empty(), |sum, node| Some(sum.or(&required(node)?)))
}

fn size(set: &CharSet) -> u64 {
    let ranges = set.ranges();
    let sizes = ranges.map(|(first, last)| u64::from(u32::from(last) - u32::from(first)) + 1);
    sizes.sum()
}
