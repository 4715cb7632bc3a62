//! The seal: a line before a file's footer with the footer's digest.
//!
//! A footer has no checksum of its own. With the seal it is proved before it is decoded, even if the digest of the whole file is no
//! longer known or does not match.

use std::io::Write;

use coldpress_storage::Digest;

use super::out::{EncodeError, Out};

/// The length of a seal, which also keeps what follows it aligned.
pub(super) const SEAL_BYTES: usize = 64;

/// Returns the seal of a footer.
pub(super) fn seal(footer: &[u8]) -> Vec<u8> {
    let text = format!("{{\"coldpress_seal\": \"{}\"}}", Digest::of(footer));
    let mut seal = text.into_bytes();
    seal.resize(SEAL_BYTES - 1, b' ');
    seal.push(b'\n');
    seal
}

/// Returns whether these bytes are the seal of this footer.
pub(super) fn is_seal(bytes: &[u8], footer: &[u8]) -> bool {
    bytes == seal(footer)
}

/// Returns where the footer begins in the last bytes of a file, which end with its length and a magic of `magic_bytes`.
pub(super) fn footer_start(tail: &[u8], magic_bytes: usize) -> Option<usize> {
    let end = tail.len().checked_sub(magic_bytes + 4)?;
    let length = u32::from_le_bytes(tail.get(end..end + 4)?.try_into().ok()?);
    end.checked_sub(usize::try_from(length).ok()?)
}

/// Writes the last bytes of a file with a seal before their footer.
pub(super) fn write_sealed(
    out: &mut Out,
    tail: &[u8],
    magic_bytes: usize,
) -> Result<(), EncodeError> {
    let start = footer_start(tail, magic_bytes).ok_or("the file has no footer")?;
    out.write_all(&tail[..start])?;
    out.write_all(&seal(&tail[start..]))?;
    Ok(out.write_all(&tail[start..])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_fits_one_footer() {
        let seal = seal(b"footer");
        assert_eq!(seal.len(), SEAL_BYTES);
        assert!(is_seal(&seal, b"footer"));
        assert!(!is_seal(&seal, b"Footer"));
        for at in 0..seal.len() {
            let mut changed = seal.clone();
            changed[at] ^= 1;
            assert!(!is_seal(&changed, b"footer"), "{at}");
        }
    }

    #[test]
    fn a_footer_begins_where_its_length_says() {
        assert_eq!(footer_start(b"..abc\x03\0\0\0PAR1", 4), Some(2));
        assert_eq!(footer_start(b"abc\x04\0\0\0PAR1", 4), None);
        assert_eq!(footer_start(b"PAR1", 4), None);
    }
}
