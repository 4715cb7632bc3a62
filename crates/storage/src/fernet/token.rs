//! The bytes of a token, read out of its base64.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

/// An open source of the bytes of an encrypted file.
pub trait SealedBytes: fmt::Debug + Send + Sync {
    /// Returns the number of bytes.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn length(&self) -> io::Result<u64>;

    /// Reads some bytes from `offset` on; none at the end.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl SealedBytes for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

/// The bytes that a file is the base64 of.
#[derive(Clone, Debug)]
pub(super) struct Token {
    file: Arc<dyn SealedBytes>,
    /// Characters of the base64, without what may follow it.
    characters: u64,
    /// Bytes.
    length: u64,
}

impl Token {
    pub(super) fn open(file: Arc<dyn SealedBytes>) -> io::Result<Self> {
        // An editor may have added a line end.
        const TAIL: u64 = 64;
        let stored = file.length()?;
        let looked_at = stored.min(TAIL);
        let mut tail = vec![0; looked_at as usize];
        read_exact_at(&*file, &mut tail, stored - looked_at)?;
        let text = tail.trim_ascii_end();
        let padding = text.iter().rev().take_while(|byte| **byte == b'=').count() as u64;
        let characters = stored - (tail.len() - text.len()) as u64;
        Ok(Self {
            file,
            characters,
            length: (characters / 4 * 3).saturating_sub(padding),
        })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns the bytes from `start` to `end`, both of which it has.
    pub(super) fn read(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        // Four characters are three bytes.
        let (first, last) = (start / 3 * 4, (end.div_ceil(3) * 4).min(self.characters));
        let mut text = vec![0; usize::try_from(last.saturating_sub(first)).unwrap_or(0)];
        read_exact_at(&*self.file, &mut text, first)?;
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

fn read_exact_at(file: &dyn SealedBytes, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.read_at(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
