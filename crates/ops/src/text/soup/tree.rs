//! A document as a list of nodes in order: the nodes inside an element follow it.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::ops::Range;

use super::tokens::{Token, Tokens};

/// Elements that have no content.
pub(super) const EMPTY: [&str; 24] = [
    "area", "base", "basefont", "bgsound", "br", "col", "command", "embed", "frame", "hr", "image",
    "img", "input", "isindex", "keygen", "link", "menuitem", "meta", "nextid", "param", "source",
    "spacer", "track", "wbr",
];
/// Elements that keep blanks as they are.
const PRESERVING: [&str; 2] = ["pre", "textarea"];
/// Elements whose texts are not part of the surrounding text.
const APART: [&str; 5] = ["rp", "rt", "script", "style", "template"];

pub(super) enum Node {
    Element {
        name: String,
        attributes: BTreeMap<String, String>,
        /// The index after the last node inside.
        end: usize,
    },
    Text(String),
    CData(String),
    /// A text in an element whose texts are separate.
    Apart(String),
    /// A comment, declaration or instruction.
    Hidden(&'static str, String, &'static str),
}

/// A document.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn of(html: &str) -> Self {
        let mut builder = Builder::default();
        for token in Tokens::new(html) {
            builder.add(token);
        }
        builder.finish()
    }

    /// Returns the nodes inside an element; none for other nodes.
    pub(super) fn inside(&self, node: usize) -> Range<usize> {
        node + 1..self.after(node)
    }

    /// Returns the index after the node and the nodes inside it.
    pub(super) fn after(&self, node: usize) -> usize {
        match &self.nodes[node] {
            Node::Element { end, .. } => *end,
            _ => node + 1,
        }
    }

    /// Returns the name of an element.
    pub(super) fn name(&self, node: usize) -> Option<&str> {
        match &self.nodes[node] {
            Node::Element { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Returns the nodes of a range that are directly in the element of that range.
    pub(super) fn children(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let first = Some(range.start).filter(|first| *first < range.end);
        std::iter::successors(first, move |node| {
            Some(self.after(*node)).filter(|next| *next < range.end)
        })
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    /// The open elements, the outermost first.
    open: Vec<usize>,
    /// The number of open elements of each name.
    open_by_name: HashMap<String, usize>,
    /// The number of elements without content, by name, whose end tag will be ignored.
    closed_already: HashMap<String, usize>,
    preserving: usize,
    apart: usize,
    text: String,
}

impl Builder {
    fn add(&mut self, token: Token<'_>) {
        match token {
            Token::Text(text) => self.text.push_str(text),
            Token::Character(text) => self.text.push_str(&text),
            Token::CData(text) => {
                self.end_text();
                self.nodes.push(Node::CData(text.to_owned()));
            }
            Token::Hidden(opens, text, closes) => {
                self.end_text();
                self.nodes
                    .push(Node::Hidden(opens, text.to_owned(), closes));
            }
            Token::Start {
                name,
                attributes,
                closes_itself,
            } => {
                self.end_text();
                let is_empty = EMPTY.contains(&name.as_str());
                self.open(&name, attributes);
                if closes_itself || is_empty {
                    self.close_last();
                }
                if is_empty && !closes_itself {
                    *self.closed_already.entry(name).or_default() += 1;
                }
            }
            Token::End(name) => {
                match self
                    .closed_already
                    .get_mut(&name)
                    .filter(|count| **count > 0)
                {
                    Some(count) => *count -= 1,
                    None => self.close(&name),
                }
            }
        }
    }

    fn open(&mut self, name: &str, attributes: Vec<(String, String)>) {
        self.preserving += usize::from(PRESERVING.contains(&name));
        self.apart += usize::from(APART.contains(&name));
        *self.open_by_name.entry(name.to_owned()).or_default() += 1;
        self.open.push(self.nodes.len());
        // If attributes are repeated, the last one counts. They are written in the order of their names.
        let attributes: BTreeMap<String, String> = attributes.into_iter().collect();
        self.nodes.push(Node::Element {
            name: name.to_owned(),
            attributes,
            end: 0,
        });
    }

    /// Closes the innermost element with this name, and everything in it.
    fn close(&mut self, name: &str) {
        self.end_text();
        // An element that isn't open closes nothing. The count shows that without a search through the open ones.
        let before = self.open_by_name.get(name).copied().unwrap_or_default();
        while before > 0 && self.open_by_name.get(name) == Some(&before) {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        let after = self.nodes.len();
        let Some(last) = self.open.pop() else { return };
        if let Node::Element { name, end, .. } = &mut self.nodes[last] {
            *end = after;
            self.preserving -= usize::from(PRESERVING.contains(&name.as_str()));
            self.apart -= usize::from(APART.contains(&name.as_str()));
            if let Some(count) = self.open_by_name.get_mut(name) {
                *count -= 1;
            }
        }
    }

    fn end_text(&mut self) {
        let mut text = mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        let blank = [' ', '\n', '\t', '\x0c', '\r'];
        if self.preserving == 0 && text.trim_matches(blank).is_empty() {
            text = if text.contains('\n') { "\n" } else { " " }.to_owned();
        }
        self.nodes.push(match self.apart {
            0 => Node::Text(text),
            _ => Node::Apart(text),
        });
    }

    fn finish(mut self) -> Tree {
        self.end_text();
        while !self.open.is_empty() {
            self.close_last();
        }
        Tree { nodes: self.nodes }
    }
}
