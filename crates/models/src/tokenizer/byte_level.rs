//! Byte-level BPE, as in GPT-2 and most tokenizers since.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::added::{AddedTokens, Piece};
use super::classes::Classes;
use super::merges::{Merges, WordScratch};
use super::nfc::{Places, nfc};
use super::scratch::Scratch;
use super::split::Pattern;
use crate::number;

/// A tokenizer that turns words into bytes, and the bytes into tokens.
pub(super) struct ByteLevel {
    /// Distinguishes the words in a cache from those of other tokenizers.
    number: u64,
    classes: Classes,
    pattern: Pattern,
    is_nfc: bool,
    /// Tokens that are found in the text before and after normalisation.
    before: AddedTokens,
    after: AddedTokens,
    merges: Merges,
    /// Words that are one token although the merges would make others of them.
    whole_words: HashMap<Vec<u8>, u32>,
    /// The number of bytes in each token.
    lengths: HashMap<u32, usize>,
}

impl ByteLevel {
    /// Takes a `tokenizer.json`; `None` if it has another kind, or options that are not supported here.
    pub(super) fn of(json: &Value) -> Option<Self> {
        let is_nfc = match &json["normalizer"] {
            Value::Null => false,
            normalizer => (normalizer["type"] == "NFC").then_some(true)?,
        };
        let pattern = pattern(&json["pre_tokenizer"])?;
        let model = &json["model"];
        let is_empty = |key: &str| matches!(&model[key], Value::Null) || model[key] == "";
        let is_plain = model["type"] == "BPE"
            && matches!(model["dropout"].as_f64(), None | Some(0.0))
            && is_empty("continuing_subword_prefix")
            && is_empty("end_of_word_suffix")
            && model["byte_fallback"].as_bool() != Some(true);
        if !is_plain {
            return None;
        }
        let vocabulary = model["vocab"].as_object()?;
        let ids: HashMap<&str, u32> = vocabulary
            .iter()
            .map(|(token, id)| Some((token.as_str(), u32::try_from(id.as_u64()?).ok()?)))
            .collect::<Option<_>>()?;
        let alphabet = Alphabet::new();
        let mut bytes = [0; 256];
        for (byte, id) in (0_u8..=255).zip(&mut bytes) {
            *id = *ids.get(alphabet.spelling(byte).encode_utf8(&mut [0; 4]) as &str)?;
        }
        let merges = Merges::new(&merges(&model["merges"], &ids)?, bytes)?;
        let mut whole_words = HashMap::new();
        if model["ignore_merges"].as_bool() == Some(true) {
            let (mut parts, mut tokens) = (WordScratch::default(), Vec::new());
            for (token, id) in &ids {
                let Some(word) = alphabet.bytes(token) else {
                    continue;
                };
                // The merges make the same token of most of them, and are faster than a search among all tokens.
                tokens.clear();
                merges.encode(&word, &mut parts, &mut tokens);
                if tokens != [*id] {
                    whole_words.insert(word, *id);
                }
            }
        }
        let length = |(token, id): (&&str, &u32)| Some((*id, alphabet.bytes(token)?.len()));
        let lengths = ids.iter().filter_map(length).collect();
        let added = |is_normalized| AddedTokens::of(&json["added_tokens"], is_normalized, is_nfc);
        Some(Self {
            number: number::next(),
            classes: Classes::new(),
            pattern,
            is_nfc,
            before: added(false)?,
            after: added(true)?,
            merges,
            whole_words,
            lengths,
        })
    }

    /// Calls `take` with the tokens of one word after the other.
    pub(super) fn encode(&self, text: &str, scratch: &mut Scratch, mut take: impl FnMut(&[u32])) {
        scratch.serve(self.number);
        self.before.split(text, &mut |piece| match piece {
            Piece::Text(text) => {
                let text = self.normalize(text);
                self.after.split(&text, &mut |piece| match piece {
                    Piece::Text(text) => self.encode_words(text, scratch, &mut take),
                    Piece::Token(token, _) => take(&[token]),
                });
            }
            Piece::Token(token, _) => take(&[token]),
        });
    }

    /// Calls `take` with the end of each token in the text.
    pub(super) fn ends(&self, text: &str, scratch: &mut Scratch, mut take: impl FnMut(usize)) {
        scratch.serve(self.number);
        let mut start = 0;
        self.before.split(text, &mut |piece| match piece {
            Piece::Text(text) => {
                let normalized = self.normalize(text);
                let mut places = Places::new(text, &normalized);
                let mut at = 0;
                self.after.split(&normalized, &mut |piece| match piece {
                    Piece::Text(text) => self.encode_words(text, scratch, &mut |tokens| {
                        for token in tokens {
                            at += self.lengths.get(token).copied().unwrap_or(0);
                            take(start + places.original(at));
                        }
                    }),
                    Piece::Token(_, spelling) => {
                        at += spelling.len();
                        take(start + places.original(at));
                    }
                });
                start += text.len();
            }
            Piece::Token(_, spelling) => {
                start += spelling.len();
                take(start);
            }
        });
    }

    fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.is_nfc {
            true => nfc(text),
            false => Cow::Borrowed(text),
        }
    }

    fn encode_words(&self, text: &str, scratch: &mut Scratch, take: &mut impl FnMut(&[u32])) {
        let bytes = text.as_bytes();
        let Scratch {
            cache, word: parts, ..
        } = scratch;
        let mut start = 0;
        while start < text.len() {
            // Words are looked up some time after they are found, so that the memory is loaded by then.
            let mut ends = [0; WORDS_AHEAD];
            let (mut found, mut at) = (0, start);
            while found < WORDS_AHEAD && at < text.len() {
                let end = self.pattern.end(self.classes, text, at);
                cache.prefetch(bytes, at..end);
                ends[found] = end;
                (found, at) = (found + 1, end);
            }
            for &end in &ends[..found] {
                let make = |tokens: &mut Vec<u32>| {
                    let word = &bytes[start..end];
                    match self.whole_words.get(word) {
                        Some(token) => tokens.push(*token),
                        None => self.merges.encode(word, parts, tokens),
                    }
                };
                cache.with(bytes, start..end, make, &mut *take);
                start = end;
            }
        }
    }
}

/// The number of words that are found before the first of them is looked up.
const WORDS_AHEAD: usize = 32;

/// Returns the pattern of a pre-tokenizer that splits by a known pattern and then turns the words into bytes.
fn pattern(pre_tokenizer: &Value) -> Option<Pattern> {
    let is_bytes = |step: &Value, splits: bool| {
        step["type"] == "ByteLevel"
            && step["add_prefix_space"] == false
            && step["use_regex"].as_bool().unwrap_or(true) == splits
    };
    if is_bytes(pre_tokenizer, true) {
        return Some(Pattern::Gpt2);
    }
    let steps = pre_tokenizer["pretokenizers"].as_array()?;
    let [split, bytes] = steps.as_slice() else {
        return None;
    };
    let is_split = pre_tokenizer["type"] == "Sequence"
        && split["type"] == "Split"
        && split["behavior"] == "Isolated"
        && split["invert"] == false
        && is_bytes(bytes, false);
    match is_split {
        true => Pattern::of(split["pattern"]["Regex"].as_str()?),
        false => None,
    }
}

/// Reads the merges. Each is a text with a space in it or a list of two texts: two tokens that are joined.
fn merges(merges: &Value, ids: &HashMap<&str, u32>) -> Option<Vec<(u32, u32, u32)>> {
    let pair = |merge: &Value| {
        let (left, right) = match merge {
            Value::String(pair) => pair.split_once(' ')?,
            pair => match pair.as_array()?.as_slice() {
                [left, right] => (left.as_str()?, right.as_str()?),
                _ => return None,
            },
        };
        let token = *ids.get(format!("{left}{right}").as_str())?;
        Some((*ids.get(left)?, *ids.get(right)?, token))
    };
    merges.as_array()?.iter().map(pair).collect()
}

/// The spelling of bytes in a vocabulary: printable ones as the character with the same number, others as characters from U+0100
/// on.
struct Alphabet {
    spellings: [char; 256],
    bytes: HashMap<char, u8>,
}

impl Alphabet {
    fn new() -> Self {
        let is_printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
        let mut others = ('\u{100}'..).take(256);
        let spellings: Vec<char> = (0..=255)
            .map(|byte| match is_printable(byte) {
                true => char::from(byte),
                false => others.next().unwrap_or_default(),
            })
            .collect();
        Self {
            spellings: std::array::from_fn(|byte| spellings[byte]),
            bytes: spellings.iter().copied().zip(0..=255).collect(),
        }
    }

    fn spelling(&self, byte: u8) -> char {
        self.spellings[usize::from(byte)]
    }

    /// Returns the bytes of a token, if it is spelled in this way.
    fn bytes(&self, token: &str) -> Option<Vec<u8>> {
        token
            .chars()
            .map(|ch| self.bytes.get(&ch).copied())
            .collect()
    }
}
