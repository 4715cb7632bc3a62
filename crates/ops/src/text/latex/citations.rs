//! Finds the paragraphs of a LaTeX document that cite a label.

use std::collections::HashMap;

use memchr::memchr_iter;

use super::environments::{Arguments, Closing, find_environments};
use crate::text::python::strip;

/// Environments that aren't prose.
const NOT_PROSE: [&str; 23] = [
    "figure",
    "figure*",
    "wrapfigure",
    "table",
    "table*",
    "tabular",
    "tabular*",
    "equation",
    "equation*",
    "align",
    "align*",
    "alignat",
    "alignat*",
    "gather",
    "gather*",
    "multline",
    "multline*",
    "flalign",
    "flalign*",
    "algorithm",
    "algorithm*",
    "lstlisting",
    "verbatim",
];

/// The prose of a document: its paragraphs, and the labels that each of them cites.
#[derive(Debug, Default)]
pub struct Prose {
    paragraphs: Vec<String>,
    /// The first paragraph with the same text, for each paragraph.
    same_as: Vec<usize>,
    citing: HashMap<String, Vec<usize>>,
}

impl Prose {
    /// Reads the prose of a document. `separator` separates paragraphs. `commands`, such as `ref`, cite a label or a list of
    /// labels.
    pub fn read(text: &str, separator: &str, commands: &[String]) -> Self {
        let mut prose = Self::default();
        let mut wanted = NOT_PROSE.to_vec();
        wanted.push("minted");
        let (mut stripped, mut done) = (String::new(), 0);
        for environment in find_environments(text, &wanted, Arguments::InBody) {
            stripped.push_str(&text[done..environment.whole.start]);
            done = environment.whole.end;
        }
        stripped.push_str(&text[done..]);
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for paragraph in stripped.split(separator).map(strip) {
            if paragraph.is_empty() {
                continue;
            }
            let number = prose.paragraphs.len();
            prose.paragraphs.push(paragraph.to_owned());
            prose
                .same_as
                .push(*numbers.entry(paragraph).or_insert(number));
            each_cited(paragraph, commands, |label| {
                let citing = prose.citing.entry(label.to_owned()).or_default();
                if citing.last() != Some(&number) {
                    citing.push(number);
                }
            });
        }
        prose
    }

    /// Returns the numbers of the paragraphs that cite a label, in order; none for the empty label. A label with a comma in it
    /// looks like a list, and is never cited.
    pub fn citing(&self, label: &str) -> &[usize] {
        let citing = self.citing.get(label).filter(|_| !label.is_empty());
        citing.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the numbers of the paragraphs that cite one of two labels, those of the first label first. Of paragraphs with the
    /// same text, only one is returned.
    pub fn citing_either(&self, first: &str, second: &str) -> Vec<usize> {
        let mut numbers = Vec::new();
        let mut known = std::collections::HashSet::new();
        for number in self.citing(first).iter().chain(self.citing(second)) {
            let number = self.same_as[*number];
            if known.insert(number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Returns the text of a paragraph.
    pub fn paragraph(&self, number: usize) -> &str {
        &self.paragraphs[number]
    }
}

/// Reports the labels that a paragraph cites.
fn each_cited(paragraph: &str, commands: &[String], mut cited: impl FnMut(&str)) {
    let mut closing = Closing::new(paragraph);
    for place in memchr_iter(b'\\', paragraph.as_bytes()) {
        let rest = &paragraph[place + 1..];
        let names = commands.iter();
        let lists = names.filter_map(|name| rest.strip_prefix(name.as_str())?.strip_prefix('{'));
        for list in lists {
            let start = paragraph.len() - list.len();
            let Some(end) = closing.brace(start) else {
                return;
            };
            let mut labels = paragraph[start..end].split(',');
            // Only before the first label, blanks count.
            if let Some(first) = labels.next() {
                cited(first.trim_end());
            }
            labels.for_each(|label| cited(label.trim()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cited_alone_and_in_lists() {
        let commands = ["ref".to_owned(), "cref".to_owned()];
        let text = "A \\ref{a}.\n\nB \\cref{b, a ,c}\n\n\\begin{table}\\ref{a}\\end{table}C \\ref{ a}\n\nA \\ref{a}.\n\n\\ref{c";
        let prose = Prose::read(text, "\n\n", &commands);
        assert_eq!(prose.citing("a"), [0, 1, 3]);
        assert_eq!(prose.citing("c"), [1]);
        assert_eq!(prose.citing(""), [] as [usize; 0]);
        assert_eq!(prose.citing_either("c", "a"), [1, 0]);
        assert_eq!(prose.paragraph(2), "C \\ref{ a}");
    }

    #[test]
    fn a_label_with_a_comma_is_never_cited() {
        let prose = Prose::read("A \\ref{a,b}.", "\n\n", &["ref".to_owned()]);
        assert_eq!(prose.citing("a,b"), [] as [usize; 0]);
        assert_eq!([prose.citing("a"), prose.citing("b")], [[0], [0]]);
    }
}
