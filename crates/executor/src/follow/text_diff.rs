//! What changed in a text, word by word, shortened to what can be shown.

use serde::Serialize;

use crate::list_diff::{Stretch, compare_lists};

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
        let stretches = compare_lists(&before, &after);
        let last = stretches.len().saturating_sub(1);
        let mut changes = 0;
        for (at, stretch) in stretches.iter().enumerate() {
            match stretch {
                Stretch::Same(words) if changes <= MOST_CHANGES => {
                    let text = around(&words.concat(), at > 0, at < last);
                    diff.parts.push(DiffPart::Same(text));
                }
                Stretch::Same(_) => {}
                Stretch::Changed { removed, added } => {
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

#[cfg(test)]
mod tests {
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
