//! Dictionaries of phrases: they find the longest phrase that a text begins with, and its replacement.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A dictionary.
///
/// It is a trie over characters. The first character is looked up in a table, because nearly every position of a text is tried. The
/// children of a node are adjacent, in the order of their characters.
pub(super) struct Dictionary {
    /// The index in `pages` for each 256 consecutive characters. The first page is for characters without phrases.
    page_of: Vec<u16>,
    pages: Vec<[u32; 256]>,
    /// The nodes. The first one belongs to no character.
    nodes: Vec<Node>,
    values: Vec<String>,
    /// True if a phrase begins with an ASCII character.
    has_ascii: bool,
}

struct Node {
    ch: char,
    meaning: Meaning,
    children: Range<u32>,
}

/// The meaning of a node for the phrases.
#[derive(Clone, Copy)]
enum Meaning {
    /// Only a beginning of longer phrases.
    Beginning,
    /// A phrase that stays as it is.
    Same,
    /// A phrase that becomes the value with this number.
    Value(u32),
}

impl Dictionary {
    /// Reads a dictionary. Each line is a phrase, and after a tab its replacement, unless it stays. The lines are sorted by code
    /// points.
    pub(super) fn parse(lines: &'static str) -> Self {
        let mut values = Vec::new();
        let mut phrases: Vec<(Vec<char>, Meaning)> = Vec::new();
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            let (phrase, meaning) = match line.split_once('\t') {
                None => (line, Meaning::Same),
                Some((phrase, value)) => {
                    values.push(value.to_owned());
                    (phrase, Meaning::Value(values.len() as u32 - 1))
                }
            };
            phrases.push((phrase.chars().collect(), meaning));
        }
        let mut dictionary = Self {
            page_of: vec![0; 0x11_0000 >> 8],
            pages: vec![[0; 256]],
            nodes: Vec::new(),
            values,
            has_ascii: phrases
                .first()
                .is_some_and(|(phrase, _)| phrase[0].is_ascii()),
        };
        dictionary.add_nodes(&phrases);
        dictionary.fill_table();
        dictionary
    }

    /// Makes the nodes level by level, so that the children of a node are adjacent.
    fn add_nodes(&mut self, phrases: &[(Vec<char>, Meaning)]) {
        self.nodes.push(Node {
            ch: '\0',
            meaning: Meaning::Beginning,
            children: 0..0,
        });
        // The phrases below each node of the level. They are adjacent because the phrases are sorted.
        let mut level = vec![(0, 0..phrases.len())];
        for depth in 0.. {
            let mut next = Vec::new();
            for (node, below) in level {
                let first = self.nodes.len() as u32;
                let mut rest = &phrases[below.clone()];
                while let Some((phrase, meaning)) = rest.first() {
                    let Some(&ch) = phrase.get(depth) else {
                        // The phrase of the node itself comes first.
                        rest = &rest[1..];
                        continue;
                    };
                    let count = rest.partition_point(|(phrase, _)| phrase[depth] == ch);
                    let ends = phrase.len() == depth + 1;
                    let start = below.end - rest.len();
                    next.push((self.nodes.len(), start..start + count));
                    self.nodes.push(Node {
                        ch,
                        meaning: if ends { *meaning } else { Meaning::Beginning },
                        children: 0..0,
                    });
                    rest = &rest[count..];
                }
                self.nodes[node].children = first..self.nodes.len() as u32;
            }
            if next.is_empty() {
                return;
            }
            level = next;
        }
    }

    fn fill_table(&mut self) {
        for node in self.nodes[0].children.clone() {
            let code = self.nodes[node as usize].ch as usize;
            let mut page = usize::from(self.page_of[code >> 8]);
            if page == 0 {
                page = self.pages.len();
                self.page_of[code >> 8] = page as u16;
                self.pages.push([0; 256]);
            }
            self.pages[page][code & 0xFF] = node;
        }
    }

    fn first_node(&self, ch: char) -> usize {
        let code = ch as usize;
        let page = usize::from(self.page_of[code >> 8]);
        self.pages[page][code & 0xFF] as usize
    }

    /// Returns the length of the longest phrase that `text` begins with, and its replacement unless it stays as it is.
    pub(super) fn longest(&self, text: &str) -> Option<(usize, Option<&str>)> {
        let mut chars = text.chars();
        let mut node = self.first_node(chars.next()?);
        let mut found = None;
        while node > 0 {
            let Node {
                meaning, children, ..
            } = &self.nodes[node];
            let length = text.len() - chars.as_str().len();
            match meaning {
                Meaning::Beginning => {}
                Meaning::Same => found = Some((length, None)),
                Meaning::Value(value) => {
                    found = Some((length, Some(self.values[*value as usize].as_str())));
                }
            }
            let Some(next) = chars.next() else { break };
            node = self.child(children, next);
        }
        found
    }

    /// Returns the child for a character; 0 if there is none.
    fn child(&self, children: &Range<u32>, ch: char) -> usize {
        let range = children.start as usize..children.end as usize;
        let found = self.nodes[range].binary_search_by_key(&ch, |node| node.ch);
        found.map_or(0, |at| children.start as usize + at)
    }
}

/// Returns the next position at or after `at` where a phrase of one of the dictionaries may begin.
pub(super) fn next_start(dictionaries: &[Arc<Dictionary>], text: &str, at: usize) -> Option<usize> {
    let skips_ascii = !dictionaries.iter().any(|dictionary| dictionary.has_ascii);
    let mut place = at;
    loop {
        if skips_ascii {
            let ascii = text.as_bytes()[place..].iter();
            place += ascii.take_while(|byte| byte.is_ascii()).count();
        }
        let ch = text[place..].chars().next()?;
        if dictionaries
            .iter()
            .any(|dictionary| dictionary.first_node(ch) > 0)
        {
            return Some(place);
        }
        place += ch.len_utf8();
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_is_found() {
        let dictionary = Dictionary::parse("# a comment\nab\tx\nabcd\ny\tz\n中\t國\n中文字\t1\n");
        let cases = [
            ("abc", Some((2, Some("x")))),
            ("abcde", Some((4, None))),
            ("a", None),
            ("", None),
            ("中文", Some((3, Some("國")))),
            ("中文字", Some((9, Some("1")))),
            ("😀", None),
        ];
        for (text, expected) in cases {
            assert_eq!(dictionary.longest(text), expected, "{text}");
        }
        let dictionaries = [Arc::new(dictionary)];
        assert_eq!(next_start(&dictionaries, "cc中", 0), Some(2));
        assert_eq!(next_start(&dictionaries, "cc中", 5), None);
    }
}
