//! Converts between the ways of writing Chinese, as OpenCC 1.1.9 does.
//!
//! A text is first cut into segments. Wherever a phrase of one dictionary begins, the longest such phrase is a segment, and the
//! text between two phrases is one too. Each segment is then converted on its own, by one dictionary after the other, so no phrase
//! is found across the border of two segments.

mod dictionary;
mod modes;

use std::ops::Range;
use std::sync::Arc;

use dictionary::{Dictionary, next_start};

pub use modes::MODES;

/// A conversion.
#[derive(Clone, Debug)]
pub struct Converter {
    /// The dictionary of the phrases that are segments.
    segments: [Arc<Dictionary>; 1],
    /// The steps, which are applied one after the other. In a step, the first dictionary that knows a beginning of the text counts.
    steps: Vec<Vec<Arc<Dictionary>>>,
    converted: String,
    scratch: String,
}

impl Converter {
    /// Returns the conversion with this name, one of [`MODES`]. Its dictionaries are read when they are first used.
    pub fn new(mode: &str) -> Option<Self> {
        let (segments, steps) = modes::dictionaries(mode)?;
        Some(Self {
            segments: [segments],
            steps,
            converted: String::new(),
            scratch: String::new(),
        })
    }

    /// Reports every segment of `text` that changes, in order, with its range and its replacement.
    pub fn convert(&mut self, text: &str, mut replace: impl FnMut(Range<usize>, &str)) {
        let (mut at, mut between) = (0, 0);
        while let Some(start) = next_start(&self.segments, text, at) {
            match self.segments[0].longest(&text[start..]) {
                None => at = start + char_length(text, start),
                Some((length, _)) => {
                    self.segment(text, between..start, &mut replace);
                    self.segment(text, start..start + length, &mut replace);
                    (at, between) = (start + length, start + length);
                }
            }
        }
        self.segment(text, between..text.len(), &mut replace);
    }

    fn segment(
        &mut self,
        text: &str,
        range: Range<usize>,
        replace: &mut impl FnMut(Range<usize>, &str),
    ) {
        let Self {
            steps,
            converted,
            scratch,
            ..
        } = self;
        let old = &text[range.clone()];
        if old.is_empty() {
            return;
        }
        let mut is_converted = false;
        for step in steps.iter() {
            let from = if is_converted {
                converted.as_str()
            } else {
                old
            };
            scratch.clear();
            if convert_by(step, from, scratch) {
                is_converted = true;
                std::mem::swap(converted, scratch);
            }
        }
        if is_converted && converted != old {
            replace(range, converted);
        }
    }
}

/// Appends the result of one step of a conversion to `out`. Returns false if `text` stays as it is; the appended text is then of no
/// use.
fn convert_by(step: &[Arc<Dictionary>], text: &str, out: &mut String) -> bool {
    let (mut at, mut copied) = (0, 0);
    while let Some(start) = next_start(step, text, at) {
        let found = step.iter().find_map(|known| known.longest(&text[start..]));
        let (length, value) = match found {
            Some((length, value)) => (length, value),
            None => (char_length(text, start), None),
        };
        if let Some(value) = value {
            out.push_str(&text[copied..start]);
            out.push_str(value);
            copied = start + length;
        }
        at = start + length;
    }
    out.push_str(&text[copied..]);
    copied > 0
}

fn char_length(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(mode: &str, text: &str) -> String {
        let (mut out, mut done) = (String::new(), 0);
        Converter::new(mode).unwrap().convert(text, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        });
        out + &text[done..]
    }

    /// The expected texts are those of `opencc` 1.1.9.
    #[test]
    fn phrases_and_characters_are_converted() {
        let cases = [
            ("s2t", "头发 a发\u{0}后😀", "頭髮 a發\u{0}後😀"),
            ("s2twp", "U盘和鼠标", "隨身碟和滑鼠"),
            ("tw2sp", "隨身碟，滑鼠", "U盘，鼠标"),
            ("jp2t", "湾曲した国", "彎曲した國"),
        ];
        for (mode, text, expected) in cases {
            assert_eq!(converted(mode, text), expected, "{mode}");
        }
        assert!(Converter::new("s2x").is_none());
    }

    #[test]
    fn only_what_changes_is_reported() {
        let mut found = Vec::new();
        let mut converter = Converter::new("s2t").unwrap();
        converter.convert("plain 中文 text，头发", |range, with| {
            found.push((range, with.to_owned()))
        });
        assert_eq!(found, [(20..26, "頭髮".to_owned())]);
    }
}
