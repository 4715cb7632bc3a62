//! Text functions that operators share. They are pure functions over `&str`; those that need scratch memory have it passed in.

pub(crate) mod block_scan;
mod char_codes;
pub mod char_repetition;
pub mod char_set;
pub mod chars;
pub mod chinese;
pub mod chunks;
mod class_table;
pub mod email;
pub mod fix_unicode;
pub mod head_tail;
#[cfg(feature = "html")]
pub mod html_text;
pub mod ip;
pub mod language;
pub mod latex;
pub mod line_lengths;
#[cfg(test)]
mod linear_time;
pub mod links;
mod ngram_hash;
mod ngram_tally;
pub mod passes;
pub mod pii;
mod place_tally;
pub mod punctuation;
pub mod punkt;
pub mod python;
pub mod python_json;
pub mod python_value;
pub mod sentences;
pub mod soup;
pub mod substitution;
pub mod table_lines;
pub mod whitespace;
pub mod word_drop;
pub mod word_repetition;
pub mod words;
