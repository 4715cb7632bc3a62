//! Finds definitions of LaTeX macros without arguments.

use std::ops::Range;

use memchr::{memchr, memmem};

/// A definition, as ranges of the text that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The whole definition.
    pub whole: Range<usize>,
    /// The name, without its backslash.
    pub name: Range<usize>,
    /// The value of the macro.
    pub value: Range<usize>,
}

/// The line ends that a definition may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// Blanks and a carriage return may follow the closing brace on its line.
    Blank,
    /// A line feed or the end of the text follows the closing brace.
    Bare,
}

/// Returns the definitions `\newcommand{\name}{value}` (or with a star), then those like `\def\name{value}`, each in the order of
/// the text. Names consist of ASCII letters and digits. A value ends at the end of its line.
pub fn find_definitions(text: &str, ends: LineEnds) -> Vec<Definition> {
    let mut found = Vec::new();
    collect(text, "\\newcommand", ends, newcommand_name, &mut found);
    collect(text, "\\def", ends, def_name, &mut found);
    found
}

/// Reads the text between a command and the value. Returns the name, and the start of the value.
type ReadName = fn(&str, usize) -> Option<(Range<usize>, usize)>;

/// Finds the definitions by one command. `name` reads from the end of the command to the start of the value.
fn collect(text: &str, command: &str, ends: LineEnds, name: ReadName, found: &mut Vec<Definition>) {
    let finder = memmem::Finder::new(command);
    let mut from = 0;
    while let Some(place) = finder.find(&text.as_bytes()[from..]) {
        let start = from + place;
        from = start + command.len();
        let definition = name(text, from).and_then(|(name, value)| {
            let end = value_end(text, value, ends)?;
            let whole = start..end + 1;
            let value = value..end;
            Some(Definition { whole, name, value })
        });
        if let Some(definition) = definition {
            from = definition.whole.end;
            found.push(definition);
        }
    }
}

/// Reads `{\name}{`, possibly with a star before it.
fn newcommand_name(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let rest = &text[from..];
    let rest = rest.strip_prefix('*').unwrap_or(rest).strip_prefix("{\\")?;
    let name = name_at(text, text.len() - rest.len())?;
    let behind = text[name.end..].strip_prefix("}{")?;
    Some((name, text.len() - behind.len()))
}

/// Reads `\name{`, with blanks before and after the name.
fn def_name(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let rest = text[from..].trim_start().strip_prefix('\\')?;
    let name = name_at(text, text.len() - rest.len())?;
    let behind = text[name.end..].trim_start().strip_prefix('{')?;
    Some((name, text.len() - behind.len()))
}

/// Returns the letters and digits at `from`, if there are any.
pub(super) fn name_at(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes()[from..].iter();
    let length = bytes
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    (length > 0).then_some(from..from + length)
}

/// Returns the position of the brace that ends a value and its line.
fn value_end(text: &str, from: usize, ends: LineEnds) -> Option<usize> {
    let rest = &text[from..];
    let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
    let line = match ends {
        LineEnds::Blank => line.trim_end_matches([' ', '\t', '\r']),
        LineEnds::Bare => line,
    };
    line.ends_with('}').then(|| from + line.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ends: LineEnds, expected: &[(&str, &str)]) {
        let found = find_definitions(text, ends);
        let found: Vec<_> = found
            .iter()
            .map(|found| (&text[found.name.clone()], &text[found.value.clone()]))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn definitions_end_with_their_line() {
        let text =
            "\\def \\a\n{1}\n\\newcommand{\\b}{2{3}}\n\\newcommand*{\\c}{}\nx \\def\\d{4} y}";
        let expected = [("b", "2{3}"), ("c", ""), ("a", "1"), ("d", "4} y")];
        check(text, LineEnds::Bare, &expected);
        check("\\def\\a{1} \r\n", LineEnds::Blank, &[("a", "1")]);
        check("\\def\\a{1} \r\n", LineEnds::Bare, &[]);
    }

    #[test]
    fn what_has_arguments_or_no_name_is_no_definition() {
        for text in [
            "\\newcommand{\\a}[1]{x}",
            "\\newcommand\\a{x}",
            "\\def\\a#1{x}",
            "\\def\\{x}",
            "\\newcommand{\\a}{x",
            "\\newcommand{\\a}{x}%",
        ] {
            check(text, LineEnds::Blank, &[]);
        }
    }
}
