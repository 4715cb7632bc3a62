//! Writes a part of a document as Beautiful Soup does.

use std::ops::Range;

use super::tree::{Node, Tree};
use crate::text::python::is_space;

/// The ending of elements that are written without an end tag.
const EMPTY: &str = "/>";

/// Appends the nodes of `range`. `spend` is called with the size of each of them, and may stop the writing.
pub(super) fn write<E>(
    tree: &Tree,
    range: Range<usize>,
    out: &mut String,
    mut spend: impl FnMut(usize) -> Result<(), E>,
) -> Result<(), E> {
    // The open elements: the end of each, its name, and whether its texts are written as they are.
    let mut open: Vec<(usize, &str, bool)> = Vec::new();
    for node in range.clone() {
        close(&mut open, node, out);
        let before = out.len();
        match &tree.nodes[node] {
            Node::Element {
                name,
                attributes,
                end,
            } => {
                out.push('<');
                out.push_str(name);
                attributes
                    .iter()
                    .for_each(|(key, value)| write_attribute(key, value, out));
                if *end == node + 1 && is_empty(name) {
                    out.push_str(EMPTY);
                } else {
                    out.push('>');
                    let is_raw = matches!(name.as_str(), "script" | "style");
                    open.push((*end, name, is_raw));
                }
            }
            Node::Text(text) | Node::Apart(text) => match open.last() {
                Some((.., true)) => out.push_str(text),
                _ => escape(text, out),
            },
            Node::CData(text) => out.extend(["<![CDATA[", text, "]]>"]),
            Node::Hidden(opens, text, closes) => out.extend([opens, text.as_str(), closes]),
        }
        // The end tag is about as long as the start tag.
        spend(1 + 2 * (out.len() - before))?;
    }
    close(&mut open, range.end, out);
    Ok(())
}

/// Writes the end tags of the elements that end before `node`.
fn close(open: &mut Vec<(usize, &str, bool)>, node: usize, out: &mut String) {
    while let Some((_, name, _)) = open.pop_if(|(end, ..)| *end <= node) {
        out.extend(["</", name, ">"]);
    }
}

fn is_empty(name: &str) -> bool {
    super::tree::EMPTY.contains(&name)
}

fn write_attribute(key: &str, value: &str, out: &mut String) {
    out.extend([" ", key, "="]);
    let mut escaped = String::new();
    if key == "class" {
        // The value is a list of names, which is written with single blanks.
        let names: Vec<&str> = value
            .split(is_space)
            .filter(|name| !name.is_empty())
            .collect();
        escape(&names.join(" "), &mut escaped);
    } else {
        escape(value, &mut escaped);
    }
    match (escaped.contains('"'), escaped.contains('\'')) {
        (true, false) => out.extend(["'", &escaped, "'"]),
        (true, true) => out.extend(["\"", &escaped.replace('"', "&quot;"), "\""]),
        _ => out.extend(["\"", &escaped, "\""]),
    }
}

fn escape(text: &str, out: &mut String) {
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(ch),
        }
    }
}
