//! The signatures of `document_line_deduplicator`: a digest for each line that may be removed.

use std::ops::Range;

use super::digest::{self, TextDigest};
use super::exact::remove_into;
use crate::text::chars::{is_alnum, is_digit};
use crate::text::python;

/// The lines that may be removed, and the differences between two lines that do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineOptions {
    /// If set, upper and lower case are the same.
    pub lowercase: bool,
    /// If set, whitespace, decimal digits and ASCII punctuation are left out. Lines that consist of nothing else are then all the
    /// same.
    pub ignore_special_character: bool,
    /// The least length of a line that may be removed, in characters, not counting whitespace at its ends.
    pub min_line_length: usize,
    /// If set, lines of only brackets and semicolons stay.
    pub skip_brackets: bool,
    /// If set, lines that start with `#` stay.
    pub skip_markdown_headers: bool,
    /// If set, lines that start with `\begin{` or `\end{` stay.
    pub skip_latex_env: bool,
    /// If set, lines that are one HTML tag stay, and so do lines that start with an unclosed one.
    pub skip_html_tags: bool,
}

impl Default for LineOptions {
    fn default() -> Self {
        Self {
            lowercase: false,
            ignore_special_character: false,
            min_line_length: 2,
            skip_brackets: true,
            skip_markdown_headers: true,
            skip_latex_env: true,
            skip_html_tags: true,
        }
    }
}

impl LineOptions {
    /// Returns whether a line stays whatever its digest is. `line` has no whitespace at its ends.
    fn skips(&self, line: &str) -> bool {
        is_shorter(line, self.min_line_length)
            || (self.skip_brackets && line.bytes().all(|byte| b"{}[]();".contains(&byte)))
            || (self.skip_markdown_headers && line.starts_with('#'))
            || (self.skip_latex_env && is_latex_environment(line))
            || (self.skip_html_tags && is_html_tag(line))
    }
}

/// Computes the digests of lines.
#[derive(Clone, Debug, Default)]
pub struct LineHasher {
    options: LineOptions,
    lowered: String,
    reduced: String,
}

impl LineHasher {
    /// Returns a hasher.
    pub fn new(options: LineOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Calls `visit` with the range of every line of `text`, without the line feed, and its digest, in order. Lines that always
    /// stay have no digest. Lines end only at line feeds, so there is one more line than there are line feeds.
    pub fn each(&mut self, text: &str, mut visit: impl FnMut(Range<usize>, Option<TextDigest>)) {
        let mut start = 0;
        for line in text.split('\n') {
            let compared = self.compared(line);
            let digest = compared.map(|line| digest::of_text(line.as_bytes()));
            visit(start..start + line.len(), digest);
            start += line.len() + 1;
        }
    }

    /// Appends to `cuts` the ranges to cut out of `text` to remove lines, each with one line feed. `removed` has the indices of
    /// these lines among the lines that have a digest, in ascending order. The cuts are in order and do not touch each other.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::lines::LineHasher;
    ///
    /// let text = "menu\nfirst\n#\nmenu\nsecond\nmenu";
    /// let mut cuts = Vec::new();
    /// LineHasher::default().cuts(text, &[0, 2, 4], &mut cuts);
    /// assert_eq!(cuts, [0..5, 12..17, 24..29]);
    /// ```
    pub fn cuts(&self, text: &str, removed: &[u64], cuts: &mut Vec<Range<usize>>) {
        let first_cut = cuts.len();
        let (mut is_any_kept, mut place, mut start) = (false, 0, 0);
        for line in text.split('\n') {
            let line = start..start + line.len();
            start = line.end + 1;
            let has_digest = !self.options.skips(python::strip(&text[line.clone()]));
            place += u64::from(has_digest);
            if !has_digest || removed.binary_search(&(place - 1)).is_err() {
                is_any_kept = true;
                continue;
            }
            // If an earlier line stays, the line feed before this line goes with it. Otherwise, the line feed at its end does,
            // which the last line does not have.
            let cut = if is_any_kept {
                line.start - 1..line.end
            } else {
                line.start..text.len().min(line.end + 1)
            };
            match cuts[first_cut..].last_mut() {
                Some(last) if last.end == cut.start => last.end = cut.end,
                _ => cuts.push(cut),
            }
        }
    }

    /// Returns the part of a line that is compared with other lines; `None` if the line always stays.
    pub(super) fn compared<'a>(&'a mut self, line: &'a str) -> Option<&'a str> {
        if self.options.skips(python::strip(line)) {
            return None;
        }
        let mut line = line;
        if self.options.lowercase {
            self.lowered.clear();
            python::lower_into(line, &mut self.lowered);
            line = &self.lowered;
        }
        if self.options.ignore_special_character {
            self.reduced.clear();
            remove_into(line, is_special_character, &mut self.reduced);
            line = &self.reduced;
        }
        Some(python::strip(line))
    }
}

/// Returns whether `line` has fewer than `least` characters.
fn is_shorter(line: &str, least: usize) -> bool {
    // A character has at most four bytes.
    line.len() < least.saturating_mul(4) && line.chars().count() < least
}

fn is_latex_environment(line: &str) -> bool {
    line.strip_prefix('\\')
        .is_some_and(|command| command.starts_with("begin{") || command.starts_with("end{"))
}

/// Returns whether `line` is `<` or `</`, a letter, and then anything in which `>` is the last character or missing.
fn is_html_tag(line: &str) -> bool {
    let Some(tag) = line.strip_prefix('<') else {
        return false;
    };
    let name = tag.strip_prefix('/').unwrap_or(tag);
    let inside = name.strip_suffix('>').unwrap_or(name);
    inside.starts_with(is_tag_letter) && !inside.contains('>')
}

/// Returns whether `ch` matches `[a-z]` in Python when case is ignored, which adds four letters beyond ASCII.
fn is_tag_letter(ch: char) -> bool {
    ch.is_ascii_alphabetic() || matches!(ch, 'İ' | 'ı' | 'ſ' | '\u{212a}')
}

/// Returns whether `ignore_special_character` leaves `ch` out. Data-Juicer uses Python's own regex engine here. To it, U+001C to
/// U+001F are whitespace, and the digits are those of its version of Unicode that it knows to be alphanumeric.
fn is_special_character(ch: char) -> bool {
    if ch.is_ascii() {
        python::is_space(ch) || ch.is_ascii_digit() || ch.is_ascii_punctuation()
    } else {
        python::is_space(ch) || (is_digit(ch) && is_alnum(ch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_that_always_stay() {
        let cases = [
            ("", true),
            ("x", true),
            (" é ", true),
            ("éé", false),
            ("{[();]}", true),
            ("{ }", false),
            ("# Title", true),
            ("\\begin{x} y", true),
            ("\\end{", true),
            ("\\begin x", false),
            ("\\beginning{", false),
            ("<div class='a'>", true),
            ("</p>", true),
            ("<a unclosed", true),
            ("<p>text", false),
            ("<p></p>", false),
            ("<p>>", false),
            ("< p>", false),
            ("<1>", false),
            ("<>", false),
            ("<ſ>", true),
            ("<é>", false),
        ];
        let mut hasher = LineHasher::default();
        for (line, stays) in cases {
            hasher.each(line, |_, digest| {
                assert_eq!(digest.is_none(), stays, "{line:?}")
            });
        }
    }

    #[test]
    fn rules_can_be_switched_off() {
        let mut hasher = LineHasher::new(LineOptions {
            min_line_length: 0,
            skip_brackets: false,
            skip_markdown_headers: false,
            skip_latex_env: false,
            skip_html_tags: false,
            ..LineOptions::default()
        });
        for line in ["", "{}", "#", "\\end{", "<p>"] {
            hasher.each(line, |_, digest| assert!(digest.is_some(), "{line:?}"));
        }
    }

    #[test]
    fn special_characters_do_not_count() {
        let mut hasher = LineHasher::new(LineOptions {
            ignore_special_character: true,
            ..LineOptions::default()
        });
        let mut digests = Vec::new();
        let text = "page of\nPage 1 of 2\npage-of٣\n\u{1c}page\u{1d}of\npage of²";
        hasher.each(text, |_, digest| digests.push(digest.unwrap()));
        assert_eq!(digests[0], digest::of_text(b"pageof"));
        assert_ne!(digests[0], digests[1]);
        assert_eq!(digests[0], digests[2]);
        assert_eq!(digests[0], digests[3]);
        assert_ne!(digests[0], digests[4]);
    }

    /// Removes lines as Data-Juicer does.
    fn plain(hasher: &mut LineHasher, text: &str, removed: &[TextDigest]) -> String {
        let mut kept = Vec::new();
        hasher.each(text, |line, digest| {
            if !digest.is_some_and(|digest| removed.contains(&digest)) {
                kept.push(&text[line]);
            }
        });
        kept.join("\n")
    }

    proptest! {
        #[test]
        fn cutting_agrees_with_joining_the_lines_that_stay(text in "((aa|bb|cc|#|)\n){0,8}(aa|bb|cc|#|)", which in 0u8..8) {
            let mut hasher = LineHasher::default();
            let removed: Vec<TextDigest> = ["aa", "bb", "cc"]
                .into_iter()
                .enumerate()
                .filter(|(bit, _)| which >> bit & 1 == 1)
                .map(|(_, line)| digest::of_text(line.as_bytes()))
                .collect();
            let mut digests = Vec::new();
            hasher.each(&text, |_, digest| digests.extend(digest));
            let places: Vec<u64> = (0..)
                .zip(&digests)
                .filter(|(_, digest)| removed.contains(digest))
                .map(|(place, _)| place)
                .collect();
            let mut cuts = Vec::new();
            hasher.cuts(&text, &places, &mut cuts);
            for pair in cuts.windows(2) {
                prop_assert!(pair[0].end < pair[1].start);
            }
            let mut left = text.clone();
            for cut in cuts.into_iter().rev() {
                left.replace_range(cut, "");
            }
            prop_assert_eq!(left, plain(&mut hasher, &text, &removed));
        }
    }
}
