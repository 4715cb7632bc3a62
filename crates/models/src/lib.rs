//! Reads model files in their original formats, and applies the models to text.
//!
//! Each model is a value that is read once, from a file or from bytes, and shared by all threads. Memory that changes from text to
//! text is in a scratch value that the caller provides, one for each thread.
//!
//! Model files may come from anywhere. A damaged one is an [`Error`] that names the file and says what is wrong with it, and never
//! costs more memory than a few times its own size.
//!
//! This crate knows neither operators nor jobs; `coldpress-ops` builds operators with it.

mod bytes;
mod cursor;
mod error;
pub mod fasttext;
mod file;
pub mod kenlm;
mod number;
mod prefetch;
pub mod sentencepiece;
pub mod tokenizer;
mod trie;

pub use error::{Error, Fault, Result};
