//! The hash functions of the signatures, for one message at a time.
//!
//! MD5 and SHA-1 hash the shingles. They aren't meant to resist attacks; they are used because Data-Juicer uses them, and only the
//! same functions give the same signatures. The module `short_messages` hashes many short messages side by side, several times as
//! fast.
//!
//! SHA-256 decides whether two texts are the same. With MD5, anyone could publish two different texts with one digest, and the
//! second would be lost as a duplicate. SHA-256 is also faster wherever the processor has instructions for it.

use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// A digest that represents a text where only equality matters: the first half of its SHA-256 digest.
pub type TextDigest = [u8; 16];

/// An MD5 digest.
pub type Md5Digest = [u8; 16];

/// Returns the digest of `text` that is compared with those of other texts.
///
/// Half of the digest is enough: finding two texts with the same half takes about 2^64 attempts.
pub fn of_text(text: &[u8]) -> TextDigest {
    let digest: [u8; 32] = Sha256::digest(text).into();
    let mut first = TextDigest::default();
    first.copy_from_slice(&digest[..16]);
    first
}

/// Returns the MD5 digest of `message`.
pub fn md5(message: &[u8]) -> Md5Digest {
    Md5::digest(message).into()
}

/// Returns the SHA-1 digest of `message`.
pub fn sha1(message: &[u8]) -> [u8; 20] {
    Sha1::digest(message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn digests_of_known_messages() {
        assert_eq!(hex(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(&md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            hex(&sha1(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(hex(&of_text(b"abc")), "ba7816bf8f01cfea414140de5dae2223");
    }
}
