//! Normalises a text before it is cut: rules replace characters, and spaces become `▁`.

use super::charsmap::CharsMap;
use super::proto::{Model, NormalizerSpec};
use super::single::{SPACE_MARK, Symbols};
use super::{MAX_TEXT_BYTES, TooLong};
use crate::Fault;

/// Normalises texts according to a model.
pub(super) struct Normalizer {
    charsmap: Option<CharsMap>,
    /// The replacement of an ASCII character before another one or at the end, or `SLOW` if that isn't a single ASCII character.
    ascii: [u8; 128],
    /// The replacement for a space.
    space: char,
    has_prefix: bool,
    has_suffix: bool,
    removes_extra_spaces: bool,
}

/// Marks characters for which rules and symbols have to be searched.
const SLOW: u8 = 0xff;

impl Normalizer {
    pub(super) fn new(model: &Model<'_>, symbols: &Symbols) -> Result<Self, Fault> {
        let NormalizerSpec {
            precompiled_charsmap: rules,
            add_dummy_prefix,
            remove_extra_whitespaces,
            escape_whitespaces,
        } = model.normalizer;
        let is_suffix = model.treat_whitespace_as_suffix;
        let charsmap = match rules {
            [] => None,
            rules => Some(CharsMap::parse(rules)?),
        };
        let mut normalizer = Self {
            charsmap,
            ascii: [SLOW; 128],
            space: if escape_whitespaces { SPACE_MARK } else { ' ' },
            has_prefix: add_dummy_prefix && !is_suffix,
            has_suffix: add_dummy_prefix && is_suffix,
            removes_extra_spaces: remove_extra_whitespaces,
        };
        normalizer.ascii = std::array::from_fn(|ch| normalizer.ascii_alone(ch as u8, symbols));
        Ok(normalizer)
    }

    /// Returns the replacement of an ASCII character that doesn't depend on the ASCII character after it, or `SLOW`.
    fn ascii_alone(&self, ch: u8, symbols: &Symbols) -> u8 {
        let starts_symbol = symbols
            .0
            .as_ref()
            .is_some_and(|trie| trie.step(trie.root(), ch).is_some());
        let starts_pair = |rules: &CharsMap| (0..128).any(|next| rules.has_pair(ch, next));
        if starts_symbol || self.charsmap.as_ref().is_some_and(starts_pair) {
            return SLOW;
        }
        let mut text = [0; 4];
        let (_, replacement) = self.first(char::from(ch).encode_utf8(&mut text), symbols);
        match replacement.as_bytes() {
            &[replacement] if replacement.is_ascii() => replacement,
            _ => SLOW,
        }
    }

    /// Writes the normalised text to `out`, which must be empty.
    pub(super) fn normalize(
        &self,
        text: &str,
        symbols: &Symbols,
        out: &mut String,
    ) -> Result<(), TooLong> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(TooLong);
        }
        let text = self.without_leading_spaces(text, symbols);
        if text.is_empty() {
            return Ok(());
        }
        out.reserve(text.len() + text.len() / 2);
        if self.has_prefix {
            out.push(self.space);
        }
        self.replace(text, symbols, out)?;
        if self.removes_extra_spaces {
            while out.ends_with(self.space) {
                out.pop();
            }
        }
        if self.has_suffix {
            out.push(self.space);
        }
        if out.len() > MAX_TEXT_BYTES {
            return Err(TooLong);
        }
        Ok(())
    }

    fn without_leading_spaces<'a>(&self, mut text: &'a str, symbols: &Symbols) -> &'a str {
        while self.removes_extra_spaces && !text.is_empty() {
            let (length, replacement) = self.first(text, symbols);
            if replacement != " " {
                break;
            }
            text = &text[length..];
        }
        text
    }

    fn replace(&self, text: &str, symbols: &Symbols, out: &mut String) -> Result<(), TooLong> {
        let bytes = text.as_bytes();
        let mut after_space = self.removes_extra_spaces;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let next_is_ascii = bytes.get(at + 1).is_none_or(u8::is_ascii);
            let replacement = match self.ascii.get(usize::from(byte)) {
                Some(&replacement) if next_is_ascii => replacement,
                _ => SLOW,
            };
            match replacement {
                SLOW => {
                    let (length, replacement) = self.first(&text[at..], symbols);
                    at += length;
                    self.push(replacement, &mut after_space, out);
                    // A few bytes can become many.
                    if out.len() > MAX_TEXT_BYTES {
                        return Err(TooLong);
                    }
                }
                b' ' => {
                    at += 1;
                    if !after_space {
                        out.push(self.space);
                    }
                    after_space = self.removes_extra_spaces;
                }
                replacement => {
                    at += 1;
                    out.push(char::from(replacement));
                    after_space = false;
                }
            }
        }
        Ok(())
    }

    /// Appends a replacement, without the spaces at its start if it comes after one.
    fn push(&self, replacement: &str, after_space: &mut bool, out: &mut String) {
        let kept = match *after_space {
            true => replacement.trim_start_matches(' '),
            false => replacement,
        };
        // A space that was left out, or a character that is removed, doesn't change the state.
        if kept.is_empty() {
            return;
        }
        // Hardly any rule contains a space, and searching for one at each character would take most of the time here.
        if !kept.bytes().any(|byte| byte == b' ') {
            out.push_str(kept);
            *after_space = false;
            return;
        }
        let mut parts = kept.split(' ');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push(self.space);
            out.push_str(part);
        }
        *after_space = self.removes_extra_spaces && kept.ends_with(' ');
    }

    /// Returns the number of bytes at the start of a text, which must not be empty, that are replaced as a whole, and their
    /// replacement.
    #[inline]
    fn first<'a>(&'a self, text: &'a str, symbols: &Symbols) -> (usize, &'a str) {
        if let Some(length) = symbols
            .0
            .as_ref()
            .and_then(|trie| trie.longest_prefix(text.as_bytes()))
        {
            return (length, &text[..length]);
        }
        if let Some(rule) = self.charsmap.as_ref().and_then(|rules| rules.longest(text)) {
            return rule;
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        (length, &text[..length])
    }
}
