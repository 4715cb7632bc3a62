//! Encrypting.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use aes::Block;
use aes::cipher::BlockCipherEncrypt;
use hmac::Mac;

use super::base64_stream::Base64Writer;
use super::key::FernetKey;
use super::{BLOCK_BYTES, VERSION};
use crate::{Error, FileStamp, NewFile, Result, open_file};

/// Bytes that are encrypted at a time; a multiple of a block's.
const PIECE_BYTES: usize = 64 * 1024;

/// Encrypts the file `from` into the new file `to`, which is durable when this returns. `from` is read twice and stays as it
/// is.
///
/// The same text and key give the same bytes.
///
/// # Errors
/// If one of the files cannot be read or written, or `to` exists; soon after `stop` is set.
pub fn seal_file(key: &FernetKey, from: &Path, to: &Path, stop: &AtomicBool) -> Result<FileStamp> {
    let mut out = BufWriter::with_capacity(PIECE_BYTES, NewFile::create(to)?);
    seal_into(key, from, &mut out, stop)?;
    let file = out.into_inner();
    let file = file.map_err(|error| Error::io("write", to, error.into_error()))?;
    file.finish()
}

/// Encrypts the file `from` into a writer. `from` is read twice and is not changed.
///
/// # Errors
/// If the file cannot be read, or the other cannot be written; soon after `stop` is set.
pub fn seal_into(key: &FernetKey, from: &Path, out: impl Write, stop: &AtomicBool) -> Result<()> {
    let open = || -> Result<Stoppable<'_>> {
        let file = open_file(from)?;
        Ok(Stoppable { file, stop })
    };
    let iv = iv_of(key, open()?).map_err(|source| Error::io("read", from, source))?;
    seal(key, iv, open()?, out).map_err(|source| Error::io("encrypt", from, source))
}

/// A file that cannot be read any more once somebody says so.
struct Stoppable<'a> {
    file: File,
    stop: &'a AtomicBool,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stop.load(Ordering::Relaxed) {
            // An interrupted read would be repeated.
            true => Err(io::Error::other("it was stopped")),
            false => self.file.read(buffer),
        }
    }
}

/// Returns the IV for a text. It depends on the text and the key alone, so that an export has the same bytes whenever it is
/// made. All that this reveals is whether two files have the same content.
pub(super) fn iv_of(key: &FernetKey, mut text: impl Read) -> io::Result<[u8; BLOCK_BYTES]> {
    let mut mac = key.mac();
    // Tokens begin with another byte, so that no signature is also an IV.
    mac.update(b"iv");
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match text.read(&mut piece)? {
            0 => break,
            length => mac.update(&piece[..length]),
        }
    }
    let mut iv = [0; BLOCK_BYTES];
    iv.copy_from_slice(&mac.finalize().into_bytes()[..BLOCK_BYTES]);
    Ok(iv)
}

/// Writes the token of a text.
pub(super) fn seal(
    key: &FernetKey,
    iv: [u8; BLOCK_BYTES],
    mut text: impl Read,
    out: impl Write,
) -> io::Result<()> {
    let (cipher, mut mac, mut out) = (key.cipher(), key.mac(), Base64Writer::new(out));
    let mut put = |bytes: &[u8]| {
        mac.update(bytes);
        out.write(bytes)
    };
    put(&[VERSION])?;
    // Data-Juicer sets no limit for a token's age, so nobody looks at the time. It must not make two exports differ.
    put(&[0; 8])?;
    put(&iv)?;
    let (mut before, mut piece) = (iv, Vec::with_capacity(PIECE_BYTES + BLOCK_BYTES));
    loop {
        piece.clear();
        (&mut text)
            .take(PIECE_BYTES as u64)
            .read_to_end(&mut piece)?;
        let is_last = piece.len() < PIECE_BYTES;
        if is_last {
            let padding = BLOCK_BYTES - piece.len() % BLOCK_BYTES;
            piece.resize(piece.len() + padding, padding as u8);
        }
        let (blocks, _) = piece.as_chunks_mut::<BLOCK_BYTES>();
        for bytes in blocks {
            let mut block = Block::from(*bytes);
            for (byte, before) in block.iter_mut().zip(before) {
                *byte ^= before;
            }
            cipher.encrypt_block(&mut block);
            before = block.into();
            *bytes = before;
        }
        put(&piece)?;
        if is_last {
            break;
        }
    }
    let signature = mac.finalize().into_bytes();
    out.write(&signature)?;
    out.finish()
}
