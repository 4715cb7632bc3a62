//! Tokenizers of Hugging Face, as their library writes them to `tokenizer.json`.
//!
//! [`Tokenizer`] makes the same tokens of a text as that library does without special tokens. Byte-level BPE (GPT-2, Pythia,
//! Llama 3, Qwen and most others) is made here, many times faster; all others by the library itself, if this crate is built
//! with the feature `tokenizers`.
//!
//! ```no_run
//! use coldpress_models::tokenizer::{Scratch, Tokenizer};
//!
//! let tokenizer = Tokenizer::open("tokenizer.json".as_ref())?;
//! let mut scratch = Scratch::default();
//! println!("{} tokens", tokenizer.count("Hello world", &mut scratch)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod added;
mod byte_level;
mod cache;
mod classes;
mod codec;
mod general;
mod merges;
mod nfc;
mod scratch;
mod split;

use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::{Fault, Result, file};
use byte_level::ByteLevel;
pub use codec::Codec;
use general::General;
use nfc::nfc;
pub use scratch::Scratch;

/// Makes tokens of texts.
pub struct Tokenizer(Kind);

enum Kind {
    ByteLevel(Box<ByteLevel>),
    General(General),
}

/// The largest file that is read. Those of vocabularies of 256,000 tokens have about 20 MB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The error of a text that a tokenizer cannot make tokens of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tokenizer failed: {0}")]
pub struct EncodeError(String);

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// When the file cannot be read, is no such tokenizer, or is of a kind that is not supported.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MAX_FILE_BYTES)?;
        Self::parse(&bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// When they are no such tokenizer, or one of a kind that is not supported.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let json: Value = serde_json::from_slice(bytes)
            .map_err(|error| Fault::damaged(format!("it is not JSON: {error}")))?;
        match ByteLevel::of(&json) {
            Some(tokenizer) => Ok(Self(Kind::ByteLevel(Box::new(tokenizer)))),
            None => General::parse(bytes).map(Kind::General).map(Self),
        }
    }

    /// Reads the bytes with the library alone, however much slower it is: to compare.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_by_library(bytes: &[u8]) -> Result<Self, Fault> {
        General::parse(bytes).map(Kind::General).map(Self)
    }

    /// Returns the number of tokens of a text, without special tokens.
    ///
    /// # Errors
    /// When the text has something that the tokenizer knows no token for, and it has none for what is unknown.
    pub fn count(&self, text: &str, scratch: &mut Scratch) -> Result<usize, EncodeError> {
        match &self.0 {
            Kind::ByteLevel(tokenizer) => {
                let mut count = 0;
                tokenizer.encode(text, scratch, |tokens| count += tokens.len());
                Ok(count)
            }
            Kind::General(tokenizer) => tokenizer.encode(text, <[u32]>::len),
        }
    }

    /// Appends the ids of a text's tokens, without special tokens.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn encode(
        &self,
        text: &str,
        scratch: &mut Scratch,
        ids: &mut Vec<u32>,
    ) -> Result<(), EncodeError> {
        match &self.0 {
            Kind::ByteLevel(tokenizer) => {
                tokenizer.encode(text, scratch, |tokens| ids.extend_from_slice(tokens));
                Ok(())
            }
            Kind::General(tokenizer) => {
                tokenizer.encode(text, |tokens| ids.extend_from_slice(tokens))
            }
        }
    }

    /// Appends the place where each token of a text ends, in bytes of the text, without special tokens. Several tokens may end
    /// at the same place, and within a character. What a tokenizer leaves out, such as spaces, belongs to the token after it.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub fn ends(
        &self,
        text: &str,
        scratch: &mut Scratch,
        ends: &mut Vec<usize>,
    ) -> Result<(), EncodeError> {
        let mut last = 0;
        let take = |end: usize| {
            // An empty token may be said to end before the one before it.
            last = end.max(last);
            ends.push(last);
        };
        match &self.0 {
            Kind::ByteLevel(tokenizer) => {
                tokenizer.ends(text, scratch, take);
                Ok(())
            }
            Kind::General(tokenizer) => tokenizer.ends(text, take),
        }
    }

    /// Returns whether tokens are made by hand, and not by the library.
    pub fn is_fast(&self) -> bool {
        matches!(self.0, Kind::ByteLevel(_))
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("is_fast", &self.is_fast())
            .finish_non_exhaustive()
    }
}
