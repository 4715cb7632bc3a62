//! Turns texts into tokens and back, exactly as the Hugging Face library does.

use std::path::Path;

use super::general::General;
use super::{EncodeError, MAX_FILE_BYTES};
use crate::{Fault, Result, file};

/// Turns texts into tokens and tokens into texts, with everything that the library adds, drops or changes on the way. To count
/// tokens or to find their ends, [`Tokenizer`](super::Tokenizer) is much faster.
#[derive(Debug)]
pub struct Codec(General);

impl Codec {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// If the file cannot be read or isn't a tokenizer, or this crate was built without the feature `tokenizers`.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MAX_FILE_BYTES)?;
        Self::parse(&bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        General::parse(bytes).map(Self)
    }

    /// Returns the ids of a text's tokens, including the special ones that the tokenizer adds.
    ///
    /// # Errors
    /// If the text has a part without a token, and the tokenizer has no token for unknown text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
        self.0.ids(text)
    }

    /// Returns the text of tokens. A part of a character becomes U+FFFD.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, EncodeError> {
        self.0.decode(ids)
    }
}
