//! # What it does
//! Turns HTML into text: it parses the HTML as a browser does and joins all text nodes.
//!
//! Comments and templates are left out; scripts, styles and titles are text too. A list item `<li>` and an ordered list `<ol>`
//! begin a new line with an asterisk if they are spelled exactly so, in lower case and without attributes. Blanks at the start are
//! lost, as is usual in HTML, even if the text has no tags. A null stays.
//!
//! A `<` right before a letter begins a tag. If the tag never ends, the rest of the text is lost, as in browsers.
//!
//! # Parameters
//! None of its own.
//!
//! # Example
//! `<p>Fish &amp; <b>chips</b></p>` becomes `Fish & chips`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use std::borrow::Cow;

use coldpress_operator::{Changes, Mapper, NoParams, OperatorSpec, Record, RecordError, Resolved};
use memchr::{memchr2, memmem};

use crate::text::html_text::html_text;

/// Returns the description of `clean_html_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "clean_html_mapper",
        "Turns HTML into text.",
        |_: NoParams, _| Ok(Resolved::new(|| CleanHtmlMapper)),
    )
    .doc(&super::manual(include_str!("clean_html.rs")))
}

struct CleanHtmlMapper;

impl Mapper for CleanHtmlMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        if record.json(0).as_deref() == Some("null") {
            return Ok(());
        }
        let text = record.text(0)?;
        if is_plain(text) {
            let blank = ['\t', '\n', '\x0c', ' '];
            let start = text.len() - text.trim_start_matches(blank).len();
            if start > 0 {
                changes.field(0).delete(0..start);
            }
            return Ok(());
        }
        let cleaned = html_text(&with_bullets(text));
        if cleaned != text {
            changes.field(0).replace_all(text, &cleaned);
        }
        Ok(())
    }
}

/// Returns whether HTML could change nothing in a text except blanks at its start.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr2(b'<', b'&', bytes).is_none() && memchr2(b'\r', b'\0', bytes).is_none()
}

/// Returns the text with asterisks for list items. One replacement may create a match for the next one, as in Data-Juicer.
fn with_bullets(text: &str) -> Cow<'_, str> {
    let bullets = [
        ("<li>", "\n*"),
        ("</li>", ""),
        ("<ol>", "\n*"),
        ("</ol>", ""),
    ];
    bullets
        .into_iter()
        .fold(Cow::Borrowed(text), |text, (tag, with)| match memmem::find(
            text.as_bytes(),
            tag.as_bytes(),
        ) {
            None => text,
            Some(_) => Cow::Owned(text.replace(tag, with)),
        })
}
