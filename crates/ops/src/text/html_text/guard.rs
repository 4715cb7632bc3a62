//! Sits between the tokenizer and the tree builder, and keeps the tree builder's work linear.

use std::cell::Cell;

use html5ever::interface::Tracer;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::TreeBuilder;
use html5ever::{LocalName, local_name};

use super::tree::{Handle, Tree};

/// The number of elements that may be open at a time; browsers have the same limit.
const DEEPEST: usize = 512;
/// The number of elements that one tag can open, at most. For example, `td` may open `tbody` and `tr`.
const OPENED_BY_TAG: usize = 4;

/// Changes start tags on their way to the tree builder.
pub(super) struct Guard {
    builder: TreeBuilder<Handle, Tree>,
    /// The number of tags that are let through before the depth is checked again.
    free: Cell<usize>,
    /// True if the tokenizer is in a script or similar, where the only tag is the one that ends it.
    is_in_raw_text: Cell<bool>,
}

impl Guard {
    pub(super) fn new(builder: TreeBuilder<Handle, Tree>) -> Self {
        Self {
            builder,
            free: Cell::new(0),
            is_in_raw_text: Cell::new(false),
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.builder.sink
    }

    pub(super) fn is_in_raw_text(&self) -> bool {
        self.is_in_raw_text.get()
    }

    /// Returns whether an element with this name may be opened.
    fn admits(&self, name: &LocalName) -> bool {
        if let Some(free) = self.free.get().checked_sub(1) {
            self.free.set(free);
            return true;
        }
        let depth = Depth(Cell::new(0));
        self.builder.trace_handles(&depth);
        let depth = depth.0.get();
        // A check takes time in proportion to the depth, so the further away the limit is, the fewer checks are made.
        self.free.set(DEEPEST.saturating_sub(depth) / OPENED_BY_TAG);
        depth < DEEPEST || (depth < 2 * DEEPEST && decides_about_text(name))
    }
}

struct Depth(Cell<usize>);

impl Tracer for Depth {
    type Handle = Handle;

    fn trace_handle(&self, _: &Handle) {
        self.0.set(self.0.get() + 1);
    }
}

/// Returns whether the text after the element would be read differently, or end up elsewhere, without the element.
fn decides_about_text(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("script")
            | local_name!("style")
            | local_name!("textarea")
            | local_name!("title")
            | local_name!("xmp")
            | local_name!("iframe")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("plaintext")
            | local_name!("caption")
            | local_name!("col")
            | local_name!("colgroup")
            | local_name!("tbody")
            | local_name!("tfoot")
            | local_name!("thead")
            | local_name!("tr")
            | local_name!("td")
            | local_name!("th")
    )
}

/// Returns the plain element that replaces a formatting one. The parser would open formatting elements again and again in
/// everything after them, which has no effect on the text. `span` ends embedded graphics as they do, and `bdi` doesn't.
fn plain(name: &LocalName) -> Option<LocalName> {
    match *name {
        local_name!("a") => Some(local_name!("bdi")),
        local_name!("b")
        | local_name!("big")
        | local_name!("code")
        | local_name!("em")
        | local_name!("font")
        | local_name!("i")
        | local_name!("nobr")
        | local_name!("s")
        | local_name!("small")
        | local_name!("strike")
        | local_name!("strong")
        | local_name!("tt")
        | local_name!("u") => Some(local_name!("span")),
        _ => None,
    }
}

impl TokenSink for Guard {
    type Handle = Handle;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<Handle> {
        let token = match token {
            Token::TagToken(tag) => {
                // The only tag in a script is the one that ends it.
                self.is_in_raw_text.set(false);
                let name = plain(&tag.name).unwrap_or_else(|| tag.name.clone());
                if tag.kind == TagKind::StartTag && !self.admits(&name) {
                    return TokenSinkResult::Continue;
                }
                Token::TagToken(Tag { name, ..tag })
            }
            token => token,
        };
        let result = self.builder.process_token(token, line_number);
        if let TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext = result {
            self.is_in_raw_text.set(true);
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}
