//! Texts that are parsed from their JSON on demand.
//!
//! Most of the cost of reading the text of a record is undoing JSON escapes. Records that a filter drops because of another field
//! never need it.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;

use memchr::memchr;

use crate::json::unescape_into;

/// The most memory of texts that is kept for those of the next batch.
const MAX_SPARE_BYTES: usize = 512 << 10;

/// The long texts of a batch, by number.
#[derive(Debug, Default)]
pub(super) struct LateTexts {
    texts: Vec<LateText>,
    /// Memory from texts of earlier batches.
    spare: RefCell<Vec<String>>,
}

#[derive(Debug)]
struct LateText {
    /// The place of the string's content in the lines.
    inside: Range<usize>,
    read: OnceCell<Read>,
}

#[derive(Debug)]
enum Read {
    /// The text has no escapes.
    AsItIs,
    Unescaped(String),
    LoneSurrogate,
}

impl LateTexts {
    /// Adds the text of the string whose content is at this place in the lines, and returns its number.
    pub(super) fn add(&mut self, inside: Range<usize>) -> usize {
        self.texts.push(LateText {
            inside,
            read: OnceCell::new(),
        });
        self.texts.len() - 1
    }

    /// Returns the text with this number; `None` if it is a string that isn't valid text. `raw` are the lines.
    pub(super) fn text<'a>(&'a self, number: usize, raw: &'a str) -> Option<&'a str> {
        let late = &self.texts[number];
        let inside = &raw[late.inside.clone()];
        match late.read.get_or_init(|| self.read(inside)) {
            Read::AsItIs => Some(inside),
            Read::Unescaped(text) => Some(text),
            Read::LoneSurrogate => None,
        }
    }

    fn read(&self, inside: &str) -> Read {
        if memchr(b'\\', inside.as_bytes()).is_none() {
            return Read::AsItIs;
        }
        let mut text = self.spare.borrow_mut().pop().unwrap_or_default();
        // A text without escapes is never longer than its JSON.
        text.reserve(inside.len());
        match unescape_into(inside, &mut text) {
            Ok(()) => Read::Unescaped(text),
            Err(_) => Read::LoneSurrogate,
        }
    }

    pub(super) fn clear(&mut self) {
        let spare = self.spare.get_mut();
        let mut bytes: usize = spare.iter().map(String::capacity).sum();
        for late in self.texts.drain(..) {
            let Some(Read::Unescaped(mut text)) = late.read.into_inner() else {
                continue;
            };
            bytes += text.capacity();
            if bytes > MAX_SPARE_BYTES {
                bytes -= text.capacity();
                continue;
            }
            text.clear();
            spare.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_its_memory_used_again() {
        let mut late = LateTexts::default();
        let long = format!("\\n{}", "x".repeat(MAX_SPARE_BYTES));
        let raw = format!(r#"plain a\nb \ud800 {long}"#);
        let numbers = [0..5, 6..10, 11..17, 18..raw.len()].map(|inside| late.add(inside));
        for _ in 0..2 {
            let texts = numbers.map(|number| late.text(number, &raw));
            assert_eq!(texts[..3], [Some("plain"), Some("a\nb"), None]);
            assert_eq!(texts[3].map(str::len), Some(MAX_SPARE_BYTES + 1));
        }
        let place = late.text(numbers[1], &raw).map(str::as_ptr);
        late.clear();
        let number = late.add(6..10);
        assert_eq!(late.text(number, &raw).map(str::as_ptr), place);
        assert!(late.spare.borrow().is_empty(), "what is long is not kept");
    }
}
