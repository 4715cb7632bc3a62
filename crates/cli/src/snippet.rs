//! The place of an error in the recipe: its line with a caret.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use coldpress::config::Span;

/// The line of `text` that `span` names, with a caret; empty where it names none.
pub(crate) fn render(text: &str, origin: &str, span: Span, help: Option<&str>) -> String {
    let Some(range) = range_of(text, span) else {
        return help.map_or_else(String::new, |help| format!("help: {help}"));
    };
    let snippet = Snippet::source(text)
        .path(origin)
        .annotation(AnnotationKind::Primary.span(range));
    // The message itself was told in one line before, for those who search for it.
    let report = [Level::ERROR.no_name().primary_title("").element(snippet)];
    let rendered = Renderer::plain().render(&report);
    let mut lines: Vec<&str> = rendered
        .lines()
        .skip_while(|line| line.trim().is_empty())
        .collect();
    let help = help.map(|help| format!("help: {help}"));
    lines.extend(help.as_deref());
    lines.join("\n")
}

/// The bytes of the word at a place.
fn range_of(text: &str, span: Span) -> Option<std::ops::Range<usize>> {
    let line_index = usize::try_from(span.line).ok()?.checked_sub(1)?;
    let line = text.split_inclusive('\n').nth(line_index)?;
    let line_start = line.as_ptr() as usize - text.as_ptr() as usize;
    let column = usize::try_from(span.column).ok()?.saturating_sub(1);
    let line = line.trim_end_matches(['\n', '\r']);
    let start = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    let word = &line[start..];
    let ends = |char: char| char.is_whitespace() || matches!(char, ':' | ',' | '}' | ']' | '#');
    let length = word.find(ends).unwrap_or(word.len());
    let length = if length == 0 {
        word.chars().next().map_or(0, char::len_utf8)
    } else {
        length
    };
    Some(line_start + start..line_start + start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: u32, column: u32, word: Option<&str>) {
        let range = range_of(text, Span { line, column });
        assert_eq!(range.map(|range| &text[range]), word);
    }

    #[test]
    fn the_word_at_a_place() {
        check("a: 1\nbäb: {c: 22}\r\n", 2, 1, Some("bäb"));
        check("a: 1\nbäb: {c: 22}\r\n", 2, 10, Some("22"));
        check("a: 1\n", 1, 2, Some(":"));
        check("a: 1\n", 1, 99, Some(""));
        check("a: 1\n", 0, 0, None);
        check("a: 1\n", 7, 1, None);
        check("", 1, 1, None);
    }

    #[test]
    fn a_caret_stands_below_the_word() {
        let text = "a: 1\nnpp: 2\n";
        let rendered = render(
            text,
            "r.yaml",
            Span { line: 2, column: 1 },
            Some("try `np`"),
        );
        assert!(rendered.contains("--> r.yaml:2:1"), "{rendered}");
        assert!(
            rendered.contains("npp: 2") && rendered.contains("^^^"),
            "{rendered}"
        );
        assert!(rendered.ends_with("help: try `np`"), "{rendered}");
    }
}
