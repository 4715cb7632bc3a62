//! Encrypted files, as Fernet tokens: the form that Data-Juicer reads and writes.
//!
//! A token is the base64 (with the alphabet for URLs) of the version byte, a time of 8 bytes, an IV of 16 bytes, the text
//! encrypted with AES-128 in CBC mode and padded as in PKCS 7, and an HMAC with SHA-256 over everything before it. The key is
//! the base64 of 32 bytes: one half signs, the other encrypts. A whole file is one token.
//!
//! Nothing here holds a whole file. [`seal`] writes a token while it reads the text. In CBC mode a block can be decrypted if
//! the one before it is known, so an [`UnsealedFile`] decrypts only the parts that are read, wherever they are.

mod base64_stream;
mod key;
mod seal;
mod token;
mod unseal;

pub use key::{FernetKey, KEY_VARIABLE, KeyPlace};
pub use seal::{seal_file, seal_into};
pub use token::SealedBytes;
pub use unseal::UnsealedFile;

/// The first byte of a token.
const VERSION: u8 = 0x80;

/// Bytes before the encrypted text: the version, the time and the IV.
const HEAD_BYTES: u64 = 25;

/// Where the IV begins.
const IV_START: u64 = 9;

/// Bytes of a block, and of an IV.
const BLOCK_BYTES: usize = 16;

/// Bytes of the signature at the end.
const SIGNATURE_BYTES: u64 = 32;

/// Returns whether a file that begins so is an encrypted one: nothing but base64, of the version and a time that is not
/// thousands of years away.
#[must_use]
pub fn looks_sealed(head: &[u8]) -> bool {
    const LEAST_CHARACTERS: usize = 100;
    let text = head.trim_ascii_end();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    text.starts_with(b"gAAAAA") && text.len() >= LEAST_CHARACTERS && text.iter().all(is_base64)
}

#[cfg(test)]
mod tests;
