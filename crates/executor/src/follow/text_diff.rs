//! What changed in a text, word by word, shortened to what can be shown.

use serde::Serialize;

/// What changed in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextDiff {
    /// Characters before.
    pub chars_before: u64,
    /// Characters after.
    pub chars_after: u64,
    /// The text in parts, with what did not change between the changes left out where it is long.
    pub parts: Vec<DiffPart>,
    /// How many changes are not among the parts.
    pub more_changes: u64,
}

/// A part of two texts that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffPart {
    /// It is in both.
    Same(String),
    /// It was in the first.
    Removed(String),
    /// It is in the second.
    Added(String),
}

/// Changes that are shown.
const MOST_CHANGES: usize = 12;
/// Characters of a change that are shown.
const CHANGE_CHARS: usize = 400;
/// Characters around a change that are shown.
const AROUND_CHARS: usize = 40;
/// The number of differing words from which two texts count as unrelated: time and memory grow with its square.
const MOST_EDITS: usize = 400;

impl TextDiff {
    /// Compares two texts.
    #[must_use]
    pub fn of(before: &str, after: &str) -> Self {
        let mut diff = Self {
            chars_before: before.chars().count() as u64,
            chars_after: after.chars().count() as u64,
            ..Self::default()
        };
        let (before, after) = (words(before), words(after));
        let runs = runs(&before, &after);
        let last = runs.len().saturating_sub(1);
        let mut changes = 0;
        for (at, run) in runs.iter().enumerate() {
            match run {
                Run::Same(words) if changes <= MOST_CHANGES => {
                    let text = around(&words.concat(), at > 0, at < last);
                    diff.parts.push(DiffPart::Same(text));
                }
                Run::Same(_) => {}
                Run::Changed { removed, added } => {
                    changes += 1;
                    if changes > MOST_CHANGES {
                        diff.more_changes += 1;
                        continue;
                    }
                    let removed = (!removed.is_empty()).then(|| shortened(&removed.concat()));
                    let added = (!added.is_empty()).then(|| shortened(&added.concat()));
                    diff.parts.extend(removed.map(DiffPart::Removed));
                    diff.parts.extend(added.map(DiffPart::Added));
                }
            }
        }
        diff
    }
}

/// Shortens a text to what is shown of it.
pub(crate) fn shortened(text: &str) -> String {
    cut(text, CHANGE_CHARS)
}

/// The beginning of a text, with an ellipsis where there is more.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The part of an unchanged text that is beside changes.
fn around(text: &str, after_change: bool, before_change: bool) -> String {
    let count = text.chars().count();
    let sides = usize::from(after_change) + usize::from(before_change);
    if count <= AROUND_CHARS * sides + 1 {
        return text.to_owned();
    }
    let end = text.char_indices().nth(AROUND_CHARS);
    let head = end.map_or(text, |(end, _)| &text[..end]);
    let begin = text.char_indices().nth(count.saturating_sub(AROUND_CHARS));
    let tail = begin.map_or(text, |(begin, _)| &text[begin..]);
    match (after_change, before_change) {
        (true, true) => format!("{head}…{tail}"),
        (true, false) => format!("{head}…"),
        (false, true) => format!("…{tail}"),
        (false, false) => cut(text, AROUND_CHARS),
    }
}

/// The words of a text and what is between them. Letters of scripts without spaces are words of their own.
fn words(text: &str) -> Vec<&str> {
    let class = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => 1,
        letter if letter.is_alphanumeric() && (letter as u32) < 0x2E80 => 1,
        letter if letter.is_whitespace() => 2,
        _ => 0,
    };
    let mut words = Vec::new();
    let (mut start, mut last) = (0, 0);
    for (at, letter) in text.char_indices() {
        let this = class(letter);
        if at > start && (this != last || this == 0) {
            words.push(&text[start..at]);
            start = at;
        }
        last = this;
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

/// A stretch of two lists that are compared.
pub(crate) enum Run<'a, T> {
    /// It is in both.
    Same(&'a [T]),
    /// One was replaced by the other.
    Changed { removed: &'a [T], added: &'a [T] },
}

/// Compares two lists: the fewest changes that lead from one to the other, unless there are very many.
pub(crate) fn runs<'a, T: PartialEq>(before: &'a [T], after: &'a [T]) -> Vec<Run<'a, T>> {
    let pairs = before.iter().zip(after);
    let head = pairs.take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[head..], &after[head..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let tail = pairs.take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut runs = Vec::new();
    if head > 0 {
        runs.push(Run::Same(&before[..head]));
    }
    let (mut x, mut y) = (0, 0);
    for (from_x, from_y, count) in matches(old, new) {
        if from_x > x || from_y > y {
            let (removed, added) = (&old[x..from_x], &new[y..from_y]);
            runs.push(Run::Changed { removed, added });
        }
        runs.push(Run::Same(&old[from_x..from_x + count]));
        (x, y) = (from_x + count, from_y + count);
    }
    if x < old.len() || y < new.len() {
        let (removed, added) = (&old[x..], &new[y..]);
        runs.push(Run::Changed { removed, added });
    }
    if tail > 0 {
        runs.push(Run::Same(&before[before.len() - tail..]));
    }
    runs
}

/// The stretches that two lists have in common, by Myers' algorithm: where each begins in both, and how long it is. None where
/// more than `MOST_EDITS` changes lead from one to the other.
fn matches<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize, usize)> {
    let (n, m) = (old.len() as isize, new.len() as isize);
    let most = (n + m).min(MOST_EDITS as isize);
    let width = (2 * most + 3) as usize;
    let at = |k: isize| (k + most + 1) as usize;
    let mut furthest = vec![0_isize; width];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for edits in 0..=most {
        trace.push(furthest.clone());
        for k in (-edits..=edits).step_by(2) {
            let down = k == -edits || (k != edits && furthest[at(k - 1)] < furthest[at(k + 1)]);
            let mut x = match down {
                true => furthest[at(k + 1)],
                false => furthest[at(k - 1)] + 1,
            };
            let mut y = x - k;
            while x < n && y >= 0 && y < m && old[x as usize] == new[y as usize] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[at(k)] = x;
            if x >= n && y >= m {
                return back(&trace, edits, n, m, at);
            }
        }
    }
    Vec::new()
}

/// Goes back from the end to the beginning.
fn back(
    trace: &[Vec<isize>],
    edits: isize,
    n: isize,
    m: isize,
    at: impl Fn(isize) -> usize,
) -> Vec<(usize, usize, usize)> {
    let (mut x, mut y) = (n, m);
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for edits in (0..=edits).rev() {
        let furthest = &trace[edits as usize];
        let k = x - y;
        let down = k == -edits || (k != edits && furthest[at(k - 1)] < furthest[at(k + 1)]);
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = match edits {
            0 => (0, 0),
            _ => (furthest[at(before)], furthest[at(before)] - before),
        };
        let begin_x = match (edits, down) {
            (0, _) => 0,
            (_, true) => from_x,
            (_, false) => from_x + 1,
        };
        let count = x - begin_x;
        if count > 0 {
            found.push((begin_x as usize, (y - count) as usize, count as usize));
        }
        (x, y) = (from_x, from_y);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &str) {
        let parts = TextDiff::of(before, after).parts;
        let shown = parts.iter().map(|part| match part {
            DiffPart::Same(text) => text.clone(),
            DiffPart::Removed(text) => format!("[-{text}-]"),
            DiffPart::Added(text) => format!("{{+{text}+}}"),
        });
        assert_eq!(shown.collect::<String>(), expected);
    }

    #[test]
    fn words_that_changed_are_shown() {
        check("a b c", "a c", "a [-b -]c");
        check("a c", "a b c", "a {+b +}c");
        check("one two", "one three", "one [-two-]{+three+}");
        check("", "new", "{+new+}");
        check("old", "", "[-old-]");
        check("same", "same", "same");
        check("ａ東京です", "ａ京です", "ａ[-東-]京です");
    }

    #[test]
    fn long_texts_are_shortened() {
        let long = "word ".repeat(1000);
        let diff = TextDiff::of(&long, &format!("{long}end"));
        assert_eq!(diff.parts.len(), 2);
        assert_eq!((diff.chars_before, diff.chars_after), (5000, 5003));
        let DiffPart::Same(kept) = &diff.parts[0] else {
            panic!("{diff:?}");
        };
        assert_eq!(kept.chars().count(), AROUND_CHARS + 1);
        let removed = TextDiff::of(&long, "").parts;
        assert_eq!(removed, [DiffPart::Removed(cut(&long, CHANGE_CHARS))]);
    }

    #[test]
    fn many_changes_are_counted() {
        let before: String = (0..50).map(|at| format!("same{at} old ")).collect();
        let diff = TextDiff::of(&before, &before.replace("old", "new"));
        assert_eq!(diff.more_changes, 50 - MOST_CHANGES as u64);
    }

    proptest! {
        #[test]
        fn runs_put_both_lists_together(before in "[abc]{0,30}", after in "[abc]{0,30}") {
            let (before, after): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
            let (mut old, mut new) = (Vec::<char>::new(), Vec::<char>::new());
            for run in runs(&before, &after) {
                match run {
                    Run::Same(same) => {
                        old.extend(same);
                        new.extend(same);
                    }
                    Run::Changed { removed, added } => {
                        prop_assert!(!removed.is_empty() || !added.is_empty());
                        old.extend(removed);
                        new.extend(added);
                    }
                }
            }
            prop_assert_eq!(old, before);
            prop_assert_eq!(new, after);
        }
    }

    #[test]
    fn others_altogether_take_no_long_time() {
        let text = |word: &str| {
            (0..200_000)
                .map(|at| format!("{word}{at} "))
                .collect::<String>()
        };
        let diff = TextDiff::of(&text("a"), &text("b"));
        assert!(matches!(diff.parts[0], DiffPart::Removed(_)));
    }
}
