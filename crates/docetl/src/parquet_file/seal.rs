//! Digests of all bytes of a file, within the file.
//!
//! Parquet's writer makes no checksums of pages, and a flipped bit under Zstandard often gives different text and no error. So the
//! footer has a digest of each block before it, and one of itself. Blocks are verified as they are read, so reading two columns
//! does not require reading the others.

use std::io::{self, Write};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// The key in the footer whose value is the digest of the footer, in which that value is all zeros.
pub(super) const SEAL_KEY: &str = "coldpress.docetl.seal";
/// The prefix of a seal.
const PREFIX: &[u8] = b"xxh3:";
const DIGITS: usize = 16;
pub(super) const BLOCK_BYTES: usize = 256 << 10;
/// The size of the footer's length and of Parquet's magic number, which follow the footer.
pub(super) const TAIL_BYTES: usize = 8;
/// The number of bytes that may be between the key and its value, which are Parquet's own marks.
const MAX_GAP: usize = 8;

/// Returns the seal of a footer that isn't sealed yet.
pub(super) fn empty_seal() -> String {
    format!("xxh3:{:016}", 0)
}

/// Takes the bytes of a file. Those of the body are hashed and passed on, and those of the footer are sealed.
pub(super) struct Sealing<W> {
    inner: W,
    hasher: Box<Xxh3Default>,
    in_block: usize,
    blocks: String,
    /// The bytes of the footer, once it has begun.
    footer: Option<Vec<u8>>,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Box::default(),
            in_block: 0,
            blocks: String::new(),
            footer: None,
        }
    }

    /// Ends the body, and returns the digests of its blocks.
    pub(super) fn begin_footer(&mut self) -> String {
        if self.in_block > 0 {
            self.end_block();
        }
        self.footer = Some(Vec::new());
        std::mem::take(&mut self.blocks)
    }

    /// Seals and writes the footer.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let mut footer = self.footer.take().unwrap_or_default();
        let digits =
            find_seal(&footer).ok_or_else(|| io::Error::other("the footer has no seal"))?;
        let seal = format!("{:016x}", xxh3_64(&footer));
        footer[digits..digits + DIGITS].copy_from_slice(seal.as_bytes());
        self.inner.write_all(&footer)?;
        Ok(self.inner)
    }

    fn end_block(&mut self) {
        self.blocks
            .push_str(&format!("{:016x}", self.hasher.digest()));
        self.hasher.reset();
        self.in_block = 0;
    }

    fn hash(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.in_block));
            self.hasher.update(now);
            self.in_block += now.len();
            if self.in_block == BLOCK_BYTES {
                self.end_block();
            }
            bytes = later;
        }
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.footer {
            Some(footer) => footer.extend_from_slice(bytes),
            None => {
                self.inner.write_all(bytes)?;
                self.hash(bytes);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns the range of the digits of a footer's seal, if it has one.
fn find_seal(footer: &[u8]) -> Option<usize> {
    let key = memchr::memmem::rfind(footer, SEAL_KEY.as_bytes())? + SEAL_KEY.len();
    let after = &footer[key..footer.len().min(key + MAX_GAP + PREFIX.len())];
    let digits = key + memchr::memmem::find(after, PREFIX)? + PREFIX.len();
    (digits + DIGITS <= footer.len()).then_some(digits)
}

/// Returns whether a footer is unchanged since it was sealed; `None` if it has no seal.
pub(super) fn is_sealed(footer: &[u8]) -> Option<bool> {
    memchr::memmem::rfind(footer, SEAL_KEY.as_bytes())?;
    let Some(digits) = find_seal(footer) else {
        return Some(false);
    };
    let mut footer = footer.to_vec();
    let seal = footer[digits..digits + DIGITS].to_vec();
    footer[digits..digits + DIGITS].fill(b'0');
    Some(format!("{:016x}", xxh3_64(&footer)).as_bytes() == seal)
}

/// Returns the digits of the seal of a sealed footer.
pub(super) fn seal_of(footer: &[u8]) -> Option<String> {
    let digits = find_seal(footer)?;
    String::from_utf8(footer[digits..digits + DIGITS].to_vec()).ok()
}

/// Returns whether a block of the body has the digest that the footer gives it.
pub(super) fn is_block(blocks: &str, number: usize, bytes: &[u8]) -> bool {
    let digits = number
        .checked_mul(DIGITS)
        .map(|start| start..start + DIGITS);
    let expected = digits.and_then(|digits| blocks.get(digits));
    expected.is_some_and(|expected| format!("{:016x}", xxh3_64(bytes)) == expected)
}
