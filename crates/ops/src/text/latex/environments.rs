//! Finds environments, arguments and commands of LaTeX documents. The time is linear even if many of them are never closed.

use std::collections::HashMap;
use std::ops::Range;

use memchr::{memchr, memmem};

/// An environment, as ranges of the text that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// From `\begin{name}` to `\end{name}`, both included.
    pub whole: Range<usize>,
    /// Everything in between, without the arguments after `\begin{name}`.
    pub body: Range<usize>,
}

/// Returns the environments of `text` whose names are `wanted`, in order. Each ends at the first end of the same name, and
/// those within another are left out.
pub fn find_environments(text: &str, wanted: &[&str], arguments: Arguments) -> Vec<Environment> {
    let ends = ends_by_name(text, wanted);
    let mut found = Vec::new();
    let mut from = 0;
    let mut closing = Closing::new(text);
    for start in memmem::find_iter(text.as_bytes(), "\\begin{") {
        if start < from {
            continue;
        }
        let Some((name, behind)) = name_at(text, start + "\\begin{".len()) else {
            continue;
        };
        let Some(ends) = ends.get(name) else { continue };
        let first_end = |place: usize| {
            let number = ends.partition_point(|end| *end < place);
            ends.get(number).copied()
        };
        // If the arguments leave no end after them, fewer of them are treated as arguments.
        let boundaries = match (first_end(behind), arguments) {
            (None, _) => continue,
            (Some(_), Arguments::Skip) => closing.arguments(behind),
            (Some(_), Arguments::InBody) => vec![behind],
        };
        let body = boundaries.iter().rev();
        let body = body
            .copied()
            .find_map(|start| Some(start..first_end(start)?));
        if let Some(body) = body {
            let end = body.end + "\\end{".len() + name.len() + 1;
            found.push(Environment {
                whole: start..end,
                body,
            });
            from = end;
        }
    }
    found
}

/// The treatment of the arguments after `\begin{name}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// They aren't part of the body, and an end within them doesn't count.
    Skip,
    /// They are part of the body.
    InBody,
}

/// Returns the name at `from` and the position after its closing brace.
fn name_at(text: &str, from: usize) -> Option<(&str, usize)> {
    // No name of an environment that matters is longer.
    let bytes = text.as_bytes()[from..].iter().take(32);
    let length = bytes
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'*')
        .count();
    let is_closed = text.as_bytes().get(from + length) == Some(&b'}');
    is_closed.then(|| (&text[from..from + length], from + length + 1))
}

/// Returns the positions of `\end{name}` for each name that is `wanted`.
fn ends_by_name<'n>(text: &str, wanted: &[&'n str]) -> HashMap<&'n str, Vec<usize>> {
    let mut ends: HashMap<&str, Vec<usize>> = HashMap::new();
    for end in memmem::find_iter(text.as_bytes(), "\\end{") {
        let name = name_at(text, end + "\\end{".len()).map(|(name, _)| name);
        if let Some(name) = wanted.iter().find(|wanted| name == Some(**wanted)) {
            ends.entry(name).or_default().push(end);
        }
    }
    ends
}

/// Finds the ends of braces and brackets. It remembers the next one of each kind, so that many open ones do not search the same
/// text again.
pub(super) struct Closing<'t> {
    text: &'t str,
    /// For `]` and `}`: the start of the last search, and its result.
    last: [Option<(usize, Option<usize>)>; 2],
}

impl<'t> Closing<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            last: [None, None],
        }
    }

    /// Returns the position of the next `]` at or after `from`.
    pub(super) fn bracket(&mut self, from: usize) -> Option<usize> {
        self.next(0, b']', from)
    }

    /// Returns the position of the next `}` at or after `from`.
    pub(super) fn brace(&mut self, from: usize) -> Option<usize> {
        self.next(1, b'}', from)
    }

    fn next(&mut self, kind: usize, byte: u8, from: usize) -> Option<usize> {
        if let Some((searched, found)) = self.last[kind]
            && searched <= from
            && found.is_none_or(|found| from <= found)
        {
            return found;
        }
        let found = memchr(byte, self.text.as_bytes().get(from..)?).map(|place| from + place);
        self.last[kind] = Some((from, found));
        found
    }

    /// Returns the positions where arguments at `from` may end: before the first, and after each, those in brackets first.
    fn arguments(&mut self, from: usize) -> Vec<usize> {
        let mut ends = vec![from];
        let mut place = from;
        while self.text[place..].starts_with('[')
            && let Some(end) = self.bracket(place)
        {
            place = end + 1;
            ends.push(place);
        }
        while self.text[place..].starts_with('{')
            && let Some(end) = self.brace(place)
        {
            place = end + 1;
            ends.push(place);
        }
        ends
    }

    /// Returns the position after an optional argument at `from`; `from` itself if there is none.
    pub(super) fn behind_option(&mut self, from: usize) -> usize {
        match self.text[from..].starts_with('[') {
            true => self.bracket(from).map_or(from, |end| end + 1),
            false => from,
        }
    }
}

/// The braces of a text, each with its closing brace.
pub(super) struct Braces(HashMap<usize, usize>);

impl Braces {
    pub(super) fn of(text: &str) -> Self {
        let mut open = Vec::new();
        let mut pairs = HashMap::new();
        for place in memchr::memchr2_iter(b'{', b'}', text.as_bytes()) {
            match text.as_bytes()[place] {
                b'{' => open.push(place),
                _ => {
                    if let Some(start) = open.pop() {
                        pairs.insert(start, place);
                    }
                }
            }
        }
        Self(pairs)
    }

    /// Returns the range between the brace at `start` and its closing brace.
    pub(super) fn inside(&self, start: usize) -> Option<Range<usize>> {
        self.0.get(&start).map(|end| start + 1..*end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = find_environments(text, &["figure", "figure*"], Arguments::Skip);
        let found: Vec<_> = found
            .iter()
            .map(|found| (&text[found.whole.clone()], &text[found.body.clone()]))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn environments_end_at_the_first_end_of_their_name() {
        check(
            "a\\begin{figure}[t]{x}b\\end{figure*}c\\end{figure}d\\end{figure}",
            &[(
                "\\begin{figure}[t]{x}b\\end{figure*}c\\end{figure}",
                "b\\end{figure*}c",
            )],
        );
        check("\\begin{figure}\\begin{table}\\end{table}", &[]);
        check(
            "\\begin{figure}[\\end{figure}]",
            &[("\\begin{figure}[\\end{figure}", "[")],
        );
        check(
            "\\begin{figure}[\\end{figure}]x\\end{figure}",
            &[("\\begin{figure}[\\end{figure}]x\\end{figure}", "x")],
        );
    }

    #[test]
    fn braces_are_balanced() {
        let text = "a{b{c}d}e}{f";
        let braces = Braces::of(text);
        assert_eq!(braces.inside(1).map(|range| &text[range]), Some("b{c}d"));
        assert_eq!(braces.inside(3).map(|range| &text[range]), Some("c"));
        assert_eq!(braces.inside(10), None);
    }
}
