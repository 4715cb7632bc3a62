//! Tokens that were added to a vocabulary. They are found in the text before it is split.

use serde_json::Value;

use super::nfc;
use crate::trie::Trie;

/// A piece of a text after a search for added tokens.
pub(super) enum Piece<'a> {
    /// The text between two tokens.
    Text(&'a str),
    /// An added token, and its spelling.
    Token(u32, &'a str),
}

/// The bytes that tokens start with.
enum Starts {
    None,
    /// A single byte, such as that of `<|endoftext|>` and similar tokens, is found faster.
    One(u8),
    Many(Box<[bool; 256]>),
}

impl Starts {
    fn of(firsts: impl Iterator<Item = u8>) -> Self {
        let mut starts = Self::None;
        for first in firsts {
            starts = match starts {
                Self::None => Self::One(first),
                Self::One(other) if other == first => starts,
                Self::One(other) => {
                    let mut many = Box::new([false; 256]);
                    many[usize::from(other)] = true;
                    many[usize::from(first)] = true;
                    Self::Many(many)
                }
                Self::Many(mut many) => {
                    many[usize::from(first)] = true;
                    Self::Many(many)
                }
            };
        }
        starts
    }

    /// Returns the next position at or after `at` where a token may start.
    fn next(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let rest = &bytes[at..];
        let found = match self {
            Self::None => None,
            Self::One(first) => memchr::memchr(*first, rest),
            Self::Many(many) => rest.iter().position(|byte| many[usize::from(*byte)]),
        };
        found.map(|found| at + found)
    }
}

/// Added tokens, such as `<|endoftext|>`.
pub(super) struct AddedTokens {
    trie: Trie,
    /// The bytes that tokens start with.
    starts: Starts,
}

impl AddedTokens {
    /// Takes the tokens that are found after normalisation, or those that are found before. Returns `None` if one of them has
    /// options beyond that.
    pub(super) fn of(tokens: &Value, is_normalized: bool, is_nfc: bool) -> Option<Self> {
        let mut keys = Vec::new();
        let none = Vec::new();
        let tokens = match tokens {
            Value::Null => &none,
            tokens => tokens.as_array()?,
        };
        for token in tokens {
            let flag = |name: &str| token[name].as_bool();
            let is_plain = ["single_word", "lstrip", "rstrip"]
                .iter()
                .all(|name| flag(name) != Some(true));
            let content = token["content"].as_str()?;
            let id = u32::try_from(token["id"].as_u64()?).ok()?;
            if !is_plain || id as usize >= Trie::MAX_STRINGS {
                return None;
            }
            // Without the key, only tokens that aren't special are normalised.
            let normalized = flag("normalized").unwrap_or(flag("special") != Some(true));
            if normalized == is_normalized && !content.is_empty() {
                let key: String = match is_normalized && is_nfc {
                    true => nfc(content).into_owned(),
                    false => content.to_owned(),
                };
                keys.push((key, id));
            }
        }
        keys.sort();
        if keys.array_windows().any(|[one, other]| one.0 == other.0) {
            return None;
        }
        let keys: Vec<_> = keys.iter().map(|(key, id)| (key.as_bytes(), *id)).collect();
        Some(Self {
            trie: Trie::build(&keys).ok()?,
            starts: Starts::of(keys.iter().map(|(key, _)| key[0])),
        })
    }

    /// Calls `visit` with the tokens that it finds, and the texts between them.
    pub(super) fn split(&self, text: &str, visit: &mut dyn FnMut(Piece<'_>)) {
        let bytes = text.as_bytes();
        let (mut kept, mut at) = (0, 0);
        while let Some(found) = self.starts.next(bytes, at) {
            at = found;
            let Some(length) = self.trie.longest_prefix(&bytes[at..]) else {
                at += 1;
                continue;
            };
            if kept < at {
                visit(Piece::Text(&text[kept..at]));
            }
            if let Some(token) = self.trie.get(&bytes[at..at + length]) {
                visit(Piece::Token(token, &text[at..at + length]));
            }
            at += length;
            kept = at;
        }
        if kept < text.len() {
            visit(Piece::Text(&text[kept..]));
        }
    }
}
