//! Extracts the text of an HTML document as a browser's parser finds it.
//!
//! The parser is html5ever. It keeps a stack of open elements and a list of formatting elements, and searches them for nearly every
//! tag, so a hostile document would take quadratic time. Two changes prevent that, and neither changes the text (`guard.rs`):
//! formatting elements become plain ones, and elements nested too deeply are left out.

mod attributes;
mod guard;
mod tree;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};

use guard::Guard;
use tree::Tree;

/// Returns all text nodes of an HTML document one after the other, without separators. That includes scripts and styles, but not
/// comments or the contents of templates.
pub fn html_text(html: &str) -> String {
    let parser = Parser::new();
    let mut done = 0;
    for tag in attributes::large_tags(html) {
        parser.feed(&html[done..tag.start]);
        done = if parser.tokenizer.sink.is_in_raw_text() {
            tag.start
        } else if tag.end == html.len() {
            // A tag that is never closed isn't text, and neither is everything after it.
            return parser.finish(html.len());
        } else {
            parser.feed_name(&html[tag.clone()]);
            // The text before the bracket may close the tag itself, or a comment around it.
            html.floor_char_boundary(tag.end - 2)
        };
    }
    parser.feed(&html[done..]);
    parser.finish(html.len())
}

struct Parser {
    tokenizer: Tokenizer<Guard>,
    input: BufferQueue,
}

impl Parser {
    fn new() -> Self {
        let options = TreeBuilderOpts {
            scripting_enabled: false,
            drop_doctype: true,
            ..TreeBuilderOpts::default()
        };
        let guard = Guard::new(TreeBuilder::new(Tree::default(), options));
        let options = TokenizerOpts {
            discard_bom: false,
            ..TokenizerOpts::default()
        };
        Self {
            tokenizer: Tokenizer::new(guard, options),
            input: BufferQueue::default(),
        }
    }

    fn feed(&self, html: &str) {
        // The length of a buffer has 32 bits.
        for part in parts(html, 1 << 20) {
            self.input.push_back(StrTendril::from(part));
        }
        // The parser pauses at scripts, which are not run here.
        while !self.input.is_empty() {
            let _ = self.tokenizer.feed(&self.input);
        }
    }

    /// Feeds the beginning of a tag without its attributes.
    fn feed_name(&self, tag: &str) {
        let ends = |ch: char| ch.is_ascii_whitespace() || ch == '/';
        self.feed(&tag[..tag.find(ends).unwrap_or(1)]);
        self.feed(" ");
    }

    fn finish(self, size_bytes: usize) -> String {
        self.tokenizer.end();
        self.tokenizer.sink.tree().text(size_bytes)
    }
}

/// Cuts `text` into parts of at most `most` bytes.
fn parts(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at(rest.floor_char_boundary(most));
        rest = after;
        Some(part).filter(|part| !part.is_empty())
    })
}

#[cfg(test)]
mod tests;
