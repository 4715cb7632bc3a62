//! The hash functions of the signatures: MD5 and SHA-1, of one message after another.
//!
//! Neither is a protection against anybody; they are here because Data-Juicer uses them, and only equal functions give
//! equal signatures. Many short messages are hashed side by side, several times as fast, in the module `short_messages`.

use md5::{Digest as _, Md5};
use sha1::Sha1;

/// An MD5 digest.
pub type Md5Digest = [u8; 16];

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
    }
}
