//! The bytes of a token, read out of its base64.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

/// The bytes that a file is the base64 of.
#[derive(Clone, Debug)]
pub(super) struct Token {
    file: Arc<File>,
    /// Characters of the base64, without what may follow it.
    characters: u64,
    /// Bytes.
    length: u64,
}

impl Token {
    pub(super) fn open(file: File) -> io::Result<Self> {
        // An editor may have added a line end.
        const TAIL: u64 = 64;
        let stored = file.metadata()?.len();
        let looked_at = stored.min(TAIL);
        let mut tail = vec![0; looked_at as usize];
        file.read_exact_at(&mut tail, stored - looked_at)?;
        let text = tail.trim_ascii_end();
        let padding = text.iter().rev().take_while(|byte| **byte == b'=').count() as u64;
        let characters = stored - (tail.len() - text.len()) as u64;
        Ok(Self {
            file: Arc::new(file),
            characters,
            length: (characters / 4 * 3).saturating_sub(padding),
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns the bytes from `start` to `end`, both of which it has.
    pub(super) fn read(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        // Four characters are three bytes.
        let (first, last) = (start / 3 * 4, (end.div_ceil(3) * 4).min(self.characters));
        let mut text = vec![0; usize::try_from(last.saturating_sub(first)).unwrap_or(0)];
        self.file.read_exact_at(&mut text, first)?;
        let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not base64");
        let mut bytes = URL_SAFE.decode(&text).map_err(invalid)?;
        bytes.truncate((end - start / 3 * 3) as usize);
        bytes.drain(..((start % 3) as usize).min(bytes.len()));
        match bytes.len() as u64 == end - start {
            true => Ok(bytes),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
