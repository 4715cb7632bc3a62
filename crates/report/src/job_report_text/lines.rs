//! The lines of a report's text.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::job_report::Threshold;

/// The widest line, in columns of a terminal.
const WIDTH: usize = 78;

/// Formats a number in a few letters.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e7 {
        format!("{value:.0}")
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}")
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}

/// Formats bounds as `≥ 50`, `≤ 0.2` or `0.1 to 0.9`.
pub(crate) fn spelled_bounds(thresholds: &[Threshold]) -> String {
    let of = |is_least| {
        let mut bounds = thresholds.iter();
        let bound = bounds.find(|bound| bound.is_least == is_least)?;
        Some(short(bound.value))
    };
    match (of(true), of(false)) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("≥ {least}"),
        (None, Some(most)) => format!("≤ {most}"),
        (None, None) => String::new(),
    }
}

pub(crate) fn titled(title: &str, text: String) -> String {
    match text.is_empty() {
        true => text,
        false => format!("{title}\n{text}"),
    }
}

/// Breaks a text into lines of at most 78 columns. The first comes after `mark`, and the others are indented to match.
pub(crate) fn wrapped(text: &str, mark: &str) -> String {
    let (mut out, mut width) = (mark.to_owned(), mark.width());
    if !mark.ends_with(' ') {
        out.push(' ');
        width += 1;
    }
    let indent = " ".repeat(width);
    let mut is_first = true;
    for word in text.split_whitespace() {
        let length = word.width();
        if !is_first && width + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&indent);
            width = indent.len();
        } else if !is_first {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
        is_first = false;
    }
    out.push('\n');
    out
}

/// Like [`wrapped`], for text of the dataset: all its spaces are kept, and words that are too long for a line are broken.
pub(crate) fn filled(text: &str, mark: &str) -> String {
    let indent = " ".repeat(mark.width());
    let width = WIDTH.saturating_sub(indent.len()).max(20);
    let mut out = String::new();
    let mut rest = text;
    while let Some(end) = beyond(rest, width) {
        let line = &rest[..end];
        // A line ends after a space, unless that would leave little of it. It does not end within `
        // `, `-]` or `{+`.
        let blank = line.rfind(' ').filter(|at| *at >= line.len() / 2);
        let whole = line.trim_end_matches(['\\', '-', '+', '[', '{']).len();
        let whole = if whole >= line.len() / 2 { whole } else { end };
        let end = blank.map_or(whole, |at| at + 1);
        push_line(&mut out, mark, &indent, &rest[..end]);
        rest = &rest[end..];
    }
    push_line(&mut out, mark, &indent, rest);
    out
}

/// Returns where the part of a text ends that fits into this many columns; none if all of it fits.
fn beyond(text: &str, columns: usize) -> Option<usize> {
    let mut width = 0;
    let mut letters = text.char_indices();
    letters.find_map(|(at, letter)| {
        width += letter.width().unwrap_or(0);
        (width > columns).then_some(at)
    })
}

fn push_line(out: &mut String, mark: &str, indent: &str, line: &str) {
    let begin = if out.is_empty() { mark } else { indent };
    out.push_str(format!("{begin}{line}").trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_and_indented() {
        let text = wrapped(&"word ".repeat(40), "! ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
        assert_eq!(wrapped("a b", "Note: "), "Note: a b\n");
    }

    #[test]
    fn words_of_the_dataset_are_broken() {
        let text = filled(&format!("a {} b", "東".repeat(200)), "    ");
        assert!(text.lines().all(|line| line.width() <= WIDTH));
        assert_eq!(text.matches('東').count(), 200);
        assert!(text.lines().count() < 8, "{text}");
        for shift in 60..80 {
            let text = filled(&format!("{}[-gone-]{{+new+}}\\n", "x".repeat(shift)), "");
            let mut ends = text.lines();
            assert!(!ends.any(|line| line.ends_with(['\\', '-', '+'])), "{text}");
            assert_eq!(text.replace('\n', "").len(), shift + 17);
        }
        assert_eq!(filled("a  b ", "- "), "- a  b\n");
        let text = filled(&"word ".repeat(40), "- ");
        assert!(
            text.lines().skip(1).all(|line| line.starts_with("  word")),
            "{text}"
        );
        assert!(text.lines().all(|line| line.ends_with("word")), "{text}");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (50.0, "50"),
            (0.25, "0.250"),
            (1234.5, "1234"),
            (1e9, "1.0e9"),
            (1e-7, "1.0e-7"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
