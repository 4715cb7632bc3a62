//! # What it does
//! Removes sentences that occur earlier in the same text.
//!
//! Each line is cut into sentences, which end after full stops, exclamation marks, question marks, or dots. A full stop right
//! before a letter or digit doesn't end a sentence. The other sentences stay as they are; a line that loses all its sentences
//! becomes an empty line.
//!
//! With `compat: data_juicer`, every single mark ends a sentence (so `3.14` is two sentences), and for `ignore_special_character`
//! all letters except English and Chinese ones are special, so Russian sentences with the same number in them count as the same.
//!
//! # Parameters
//! The sentences that count as the same, see below. Spaces at the ends of a sentence never count. `tokenizer` is a Python function
//! in Data-Juicer, and is refused.
//!
//! # Example
//! `I am happy. I am happy. You are sad.` becomes `I am happy. You are sad.`
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use std::collections::HashSet;

use coldpress_operator::{
    Changes, Mapper, Node, OperatorSpec, ParamError, ParamValue, Record, RecordError,
    ResolveContext, Resolved, params,
};
use xxhash_rust::xxh3::xxh3_128;

use crate::text::chars::{count_chars, is_alnum, is_word};
use crate::text::python::{lower_into, strip};
use crate::text::sentences::{Ends, for_each_sentence};

params! {
    /// Parameters of `remove_repeat_sentences_mapper`.
    pub(crate) struct RemoveRepeatSentencesParams {
        /// If set, sentences that differ only in case are the same.
        lowercase: bool = false;
        /// If set, sentences that differ only in characters other than letters, digits and spaces are the same.
        ignore_special_character: bool = true;
        /// The length of the shortest sentences that are removed, in the characters that count.
        min_repeat_sentence_length: i64 = 2;
        /// A function that cuts a text into sentences; only null is possible.
        tokenizer: NoFunction = NoFunction;
    }
}

/// A parameter that is a function in Python and must be left out here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoFunction;

impl ParamValue for NoFunction {
    const KIND: &'static str = "null, because functions in Python are not supported";

    fn parse(node: &Node) -> Option<Self> {
        node.is_null().then_some(Self)
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Returns the description of `remove_repeat_sentences_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_repeat_sentences_mapper",
        "Removes sentences that occur earlier in the same text.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_repeat_sentences.rs")))
}

fn resolve(
    params: RemoveRepeatSentencesParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveRepeatSentencesMapper>, ParamError> {
    let (ends, counts): (_, fn(char) -> bool) = match context.compat() {
        true => (Ends::Marks, counts_loosely),
        false => (Ends::Runs, counts),
    };
    let mapper = RemoveRepeatSentencesMapper {
        ends,
        counts: params.ignore_special_character.then_some(counts),
        lowercase: params.lowercase,
        least: params.min_repeat_sentence_length,
        key: String::new(),
        lowered: String::new(),
        seen: HashSet::new(),
    };
    Ok(Resolved::new(move || mapper.clone()))
}

/// Returns whether a character is part of a word in any script, or separates words.
fn counts(ch: char) -> bool {
    matches!(ch, ' ' | '\t') || is_alnum(ch) || (is_word(ch) && ch != '_')
}

/// Returns whether a character counts in Data-Juicer.
fn counts_loosely(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\u{4e00}'..='\u{9fa5}') || ch.is_ascii_alphanumeric()
}

#[derive(Clone)]
struct RemoveRepeatSentencesMapper {
    ends: Ends,
    /// The test for the characters that count; `None` if all do.
    counts: Option<fn(char) -> bool>,
    lowercase: bool,
    least: i64,
    key: String,
    lowered: String,
    /// Hashes of the sentences so far, wide enough that no two share one.
    seen: HashSet<u128>,
}

impl RemoveRepeatSentencesMapper {
    /// Returns whether the sentence occurs earlier in the text.
    fn is_repeated(&mut self, sentence: &str) -> bool {
        let mut key = strip(sentence);
        if self.lowercase {
            self.lowered.clear();
            lower_into(key, &mut self.lowered);
            key = &self.lowered;
        }
        if let Some(counts) = self.counts {
            self.key.clear();
            self.key.extend(key.chars().filter(|ch| counts(*ch)));
            key = &self.key;
        }
        if (count_chars(key) as i64) < self.least {
            return false;
        }
        !self.seen.insert(xxh3_128(key.as_bytes()))
    }
}

impl Mapper for RemoveRepeatSentencesMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        self.seen.clear();
        let mut start = 0;
        for line in text.split('\n') {
            for_each_sentence(line, self.ends, |sentence| {
                if self.is_repeated(&line[sentence.clone()]) {
                    edits.delete(start + sentence.start..start + sentence.end);
                }
            });
            start += line.len() + 1;
        }
        Ok(())
    }
}
