//! Texts to tokens and back, exactly as the library of Hugging Face does it.

use std::path::Path;

use super::general::General;
use super::{EncodeError, MAX_FILE_BYTES};
use crate::{Fault, Result, file};

/// Makes tokens of texts and texts of tokens, with everything that the library adds, drops or changes on the way. To count
/// tokens or to find where they end, [`Tokenizer`](super::Tokenizer) is much faster.
#[derive(Debug)]
pub struct Codec(General);

impl Codec {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// When the file cannot be read or isn't a tokenizer, or this crate was built without the feature `tokenizers`.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MAX_FILE_BYTES)?;
        Self::parse(&bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        General::parse(bytes).map(Self)
    }

    /// Returns the ids of a text's tokens, with the special ones that the tokenizer adds.
    ///
    /// # Errors
    /// When the text has something that the tokenizer knows no token for, and it has none for what is unknown.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
        self.0.ids(text)
    }

    /// Returns the text of tokens. A part of a character becomes U+FFFD.
    ///
    /// # Errors
    /// When the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, EncodeError> {
        self.0.decode(ids)
    }
}
