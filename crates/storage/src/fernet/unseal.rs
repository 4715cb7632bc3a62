//! Decrypting.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use aes::cipher::BlockCipherDecrypt;
use aes::{Aes128, Block};
use hmac::Mac;

use super::key::FernetKey;
use super::token::{SealedBytes, Token};
use super::{BLOCK_BYTES, HEAD_BYTES, IV_START, SIGNATURE_BYTES, VERSION};
use crate::{Error, Result};

/// Bytes of text that are decrypted at a time when a file is read from one end to the other; a multiple of a block's.
const PIECE_BYTES: u64 = 96 * 1024;

const OTHER_KEY: &str = "it was encrypted with another key, or it is damaged";

/// The text of an encrypted file, which is decrypted where it is read.
#[derive(Debug)]
pub struct UnsealedFile {
    token: Token,
    cipher: Aes128,
    /// Bytes of the text.
    length: u64,
    position: u64,
    /// The piece that was decrypted last, and where it begins in the text.
    piece: Vec<u8>,
    piece_start: u64,
}

impl UnsealedFile {
    /// Opens an encrypted file whose signature was checked before, so that it is not read whole: only its form is checked. `path`
    /// is what errors call it.
    ///
    /// # Errors
    /// [`Error::NotSealed`] if it is not a token, or only a part of one, or was encrypted with another key.
    pub fn open(file: Arc<dyn SealedBytes>, path: &Path, key: &FernetKey) -> Result<Self> {
        let bad = |reason: &str| not_sealed(path, reason);
        let token = Token::open(file).map_err(|source| Error::io("read", path, source))?;
        let encrypted = token
            .length()
            .checked_sub(HEAD_BYTES + SIGNATURE_BYTES)
            .filter(|encrypted| *encrypted > 0);
        let encrypted = match (encrypted, token.read(0, 1)) {
            (Some(encrypted), Ok(head)) if head == [VERSION] => encrypted,
            (_, Err(error)) if is_of_system(&error) => return Err(Error::io("read", path, error)),
            _ => return Err(bad("it is not encrypted (it is not a Fernet token)")),
        };
        if !encrypted.is_multiple_of(BLOCK_BYTES as u64) {
            return Err(bad("it is cut off"));
        }
        let mut file = Self::over(token, key.cipher(), encrypted);
        let last = file.decrypted(encrypted - BLOCK_BYTES as u64, encrypted);
        let last = last.map_err(|error| of_reading(path, error))?;
        let padding = last.last().copied().unwrap_or(0);
        let is_padded = (1..=BLOCK_BYTES as u8).contains(&padding)
            && last
                .iter()
                .rev()
                .take(padding.into())
                .all(|byte| *byte == padding);
        if !is_padded {
            return Err(bad(OTHER_KEY));
        }
        file.length = encrypted - u64::from(padding);
        Ok(file)
    }

    /// Opens an encrypted file and checks its signature, for which all of it is read.
    ///
    /// # Errors
    /// [`Error::NotSealed`] if it is not a token, is damaged, or was signed with another key.
    pub fn open_checked(file: Arc<dyn SealedBytes>, path: &Path, key: &FernetKey) -> Result<Self> {
        let opened = Self::open(file, path, key)?;
        let token = &opened.token;
        let signed = token.length() - SIGNATURE_BYTES;
        let (mut mac, mut start) = (key.mac(), 0);
        let read = |start, end| {
            token
                .read(start, end)
                .map_err(|error| of_reading(path, error))
        };
        while start < signed {
            let end = (start + PIECE_BYTES).min(signed);
            mac.update(&read(start, end)?);
            start = end;
        }
        let signature = read(signed, signed + SIGNATURE_BYTES)?;
        mac.verify_slice(&signature)
            .map_err(|_| not_sealed(path, OTHER_KEY))?;
        Ok(opened)
    }

    /// Returns the same file with a position of its own.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self::over(self.token.clone(), self.cipher.clone(), self.length)
    }

    fn over(token: Token, cipher: Aes128, length: u64) -> Self {
        Self {
            token,
            cipher,
            length,
            position: 0,
            piece: Vec::new(),
            piece_start: u64::MAX,
        }
    }

    /// Returns the length of the text in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads from a place in the text, and leaves the position where it is.
    ///
    /// # Errors
    /// If the file cannot be read, or is not what it was.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        const BLOCK: u64 = BLOCK_BYTES as u64;
        let end = offset.saturating_add(buffer.len() as u64);
        let end = end.min(offset.saturating_add(PIECE_BYTES)).min(self.length);
        if offset >= end {
            return Ok(0);
        }
        let start = offset / BLOCK * BLOCK;
        let text = self.decrypted(start, end.next_multiple_of(BLOCK))?;
        let wanted = &text[(offset - start) as usize..(end - start) as usize];
        buffer[..wanted.len()].copy_from_slice(wanted);
        Ok(wanted.len())
    }

    /// Returns the text between two borders of blocks, at its end with the padding.
    fn decrypted(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        // Each block needs the one before it, or the IV.
        let encrypted = self.token.read(IV_START + start, HEAD_BYTES + end)?;
        let mut text = encrypted[BLOCK_BYTES..].to_vec();
        // All at once: the processor works on several at a time.
        self.cipher
            .decrypt_blocks(Block::slice_as_chunks_mut(&mut text).0);
        for (byte, before) in text.iter_mut().zip(&encrypted) {
            *byte ^= before;
        }
        Ok(text)
    }

    /// Decrypts the piece that the position is in.
    fn fill(&mut self) -> io::Result<()> {
        let start = self.position / PIECE_BYTES * PIECE_BYTES;
        if start == self.piece_start {
            return Ok(());
        }
        let end = (start + PIECE_BYTES).min(self.length);
        let mut piece = self.decrypted(start, end.next_multiple_of(BLOCK_BYTES as u64))?;
        piece.truncate((end - start) as usize);
        (self.piece, self.piece_start) = (piece, start);
        Ok(())
    }
}

fn not_sealed(path: &Path, reason: &str) -> Error {
    Error::NotSealed {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// An error of the system, or one of what the file holds.
fn of_reading(path: &Path, error: io::Error) -> Error {
    match is_of_system(&error) {
        true => Error::io("read", path, error),
        false => not_sealed(path, "it is damaged: not all of it is base64"),
    }
}

fn is_of_system(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

impl Read for UnsealedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length {
            return Ok(0);
        }
        self.fill()?;
        let at = (self.position - self.piece_start) as usize;
        let left = &self.piece[at..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for UnsealedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
