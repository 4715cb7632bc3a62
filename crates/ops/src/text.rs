//! Text tools that operators share: pure functions over `&str`, with scratch memory passed in where they need any.

pub(crate) mod block_scan;
pub mod char_repetition;
pub mod chars;
mod class_table;
pub mod email;
pub mod fix_unicode;
pub mod head_tail;
pub mod line_lengths;
pub mod links;
mod matches;
mod ngram_hash;
mod ngram_tally;
pub mod pattern;
pub mod punctuation;
pub mod python;
pub mod python_json;
pub mod python_value;
mod steady_search;
pub mod substitution;
pub mod template;
pub mod whitespace;
pub mod word_repetition;
pub mod words;
