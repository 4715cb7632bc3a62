//! Circles in a directed graph.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the sets of two or more nodes that can all reach each other, sorted by name.
pub(super) fn circles<'a>(arrows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Vec<&'a str>> {
    let mut after: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows {
        after.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = after
        .keys()
        .map(|node| (*node, reached_from(node, &after)))
        .collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for node in after.keys().filter(|node| reaches(node, node)) {
        match circles
            .iter_mut()
            .find(|circle| reaches(circle[0], node) && reaches(node, circle[0]))
        {
            Some(circle) => circle.push(node),
            None => circles.push(vec![node]),
        }
    }
    circles
}

fn reached_from<'a>(node: &str, after: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = after.get(node).into_iter().flatten().copied().collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(after.get(next).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arrows: &str, expected: &[&[&str]]) {
        let arrows = arrows.split(' ').filter_map(|arrow| arrow.split_once('>'));
        assert_eq!(circles(arrows), expected);
    }

    #[test]
    fn circles_are_found_whole() {
        check("a>b b>c a>c", &[]);
        check("a>b b>a b>c", &[&["a", "b"]]);
        check(
            "a>b b>c c>a c>d d>e e>d f>a",
            &[&["a", "b", "c"], &["d", "e"]],
        );
    }
}
