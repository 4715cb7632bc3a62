//! Characters that differ in case alone, as Python's `regex` takes them.

use std::sync::OnceLock;

/// Each character that has variants, in order, with all of them.
fn variants() -> &'static [(char, &'static str)] {
    static VARIANTS: OnceLock<Vec<(char, &'static str)>> = OnceLock::new();
    VARIANTS.get_or_init(|| {
        let lines = include_str!("cases.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let mut chars = line.chars();
                Some((chars.next()?, chars.as_str()))
            })
            .collect()
    })
}

/// Returns the variants of all characters of a range.
pub(super) fn variants_within(first: char, last: char) -> impl Iterator<Item = char> {
    let variants = variants();
    let start = variants.partition_point(|(ch, _)| *ch < first);
    let within = variants[start..]
        .iter()
        .take_while(move |(ch, _)| *ch <= last);
    within.flat_map(|(_, variants)| variants.chars())
}
