//! Hugging Face tokenizers, in the format that their library writes to `tokenizer.json`.
//!
//! [`Tokenizer`] makes the same tokens as that library does without special tokens. Byte-level BPE (GPT-2, Pythia, Llama 3, Qwen
//! and most others) is implemented here, many times faster. The library itself handles all others, if this crate is built with the
//! feature `tokenizers`.
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

/// Turns texts into tokens.
pub struct Tokenizer(Kind);

enum Kind {
    ByteLevel(Box<ByteLevel>),
    General(General),
}

/// The size of the largest file that is read. Vocabularies of 256,000 tokens take about 20 MB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The error of a text that a tokenizer cannot turn into tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tokenizer failed: {0}")]
pub struct EncodeError(String);

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// If the file cannot be read, isn't such a tokenizer, or has an unsupported kind.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MAX_FILE_BYTES)?;
        Self::parse(&bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// If they aren't such a tokenizer, or one of an unsupported kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let json: Value = serde_json::from_slice(bytes)
            .map_err(|error| Fault::damaged(format!("it is not JSON: {error}")))?;
        match ByteLevel::of(&json) {
            Some(tokenizer) => Ok(Self(Kind::ByteLevel(Box::new(tokenizer)))),
            None => General::parse(bytes).map(Kind::General).map(Self),
        }
    }

    /// Reads the bytes with only the library, for comparison. The result is much slower.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_by_library(bytes: &[u8]) -> Result<Self, Fault> {
        General::parse(bytes).map(Kind::General).map(Self)
    }

    /// Returns the number of tokens of a text, without special tokens.
    ///
    /// # Errors
    /// If the text has a part without a token, and the tokenizer has no token for unknown text.
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
    /// As for [`count`](Self::count).
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

    /// Appends the end of each token of a text, in bytes of the text, without special tokens. Several tokens may end at the same
    /// position, and even within a character. Text that a tokenizer leaves out, such as spaces, belongs to the token after it.
    ///
    /// # Errors
    /// As for [`count`](Self::count).
    pub fn ends(
        &self,
        text: &str,
        scratch: &mut Scratch,
        ends: &mut Vec<usize>,
    ) -> Result<(), EncodeError> {
        let mut last = 0;
        let take = |end: usize| {
            // The library may report that an empty token ends before the one before it.
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

    /// Returns whether this crate makes the tokens itself, without the library.
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
