//! The checksum of everything that is cited: xxh3 with 128 bits.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::{Error, FileStamp, Result, open_file};

/// An xxh3-128 checksum of bytes; in text and JSON 32 lower-case hexadecimal digits.
///
/// ```
/// use coldpress_storage::Digest;
///
/// let digest = Digest::of(b"");
/// assert_eq!(digest.to_string(), "99aa06d3014798d86001c324468d497f");
/// assert_eq!("99aa06d3014798d86001c324468d497f".parse::<Digest>()?, digest);
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// The number behind the digits.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32
            && text.bytes().all(lower_hex)
            && let Ok(number) = u128::from_str_radix(text, 16)
        {
            return Ok(Self(number));
        }
        Err(Error::InvalidDigest {
            text: text.to_owned(),
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Computes a [`Digest`] piece by piece; how the bytes are cut does not matter.
#[derive(Clone)]
pub struct Hasher {
    state: Box<Xxh3>,
    length: u64,
}

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Box::new(Xxh3::new()),
            length: 0,
        }
    }

    /// Takes these bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// The number of all bytes so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(&self) -> Digest {
        Digest(self.state.digest128())
    }

    /// The number and the digest of all bytes so far.
    #[must_use]
    pub fn stamp(&self) -> FileStamp {
        FileStamp {
            length: self.length,
            digest: self.finish(),
        }
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Reads a whole file and gives its length and digest.
///
/// # Errors
///
/// [`Error::NotAFile`] and [`Error::Io`] if the file cannot be opened or read.
pub fn digest_file(path: impl AsRef<Path>) -> Result<FileStamp> {
    let path = path.as_ref();
    digest_of(open_file(path)?, path)
}

fn digest_of(mut file: File, path: &Path) -> Result<FileStamp> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.stamp()),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::io("read", path, source)),
        }
    }
}

/// Checks that a file is still the one that was cited.
///
/// # Errors
///
/// [`Error::Mismatch`] if length or digest differ, [`Error::TooLarge`] if it is longer, [`Error::NotAFile`] and
/// [`Error::Io`] if it cannot be read.
pub fn verify(path: impl AsRef<Path>, expected: &FileStamp) -> Result<()> {
    let path = path.as_ref();
    let file = open_file(path)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    // A file of any length may have been put here; what is too long need not be read to be known.
    if length > expected.length {
        return Err(Error::TooLarge {
            path: path.to_path_buf(),
            length,
            limit: expected.length,
        });
    }
    let found = digest_of(file, path)?;
    if found == *expected {
        return Ok(());
    }
    Err(Error::Mismatch {
        path: path.to_path_buf(),
        expected: *expected,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cut_does_not_matter(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            cuts in prop::collection::vec(0usize..2000, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut hasher = Hasher::new();
            let mut from = 0;
            for cut in cuts {
                hasher.update(&bytes[from..cut]);
                from = cut;
            }
            hasher.update(&bytes[from..]);
            prop_assert_eq!(hasher.finish(), Digest::of(&bytes));
            prop_assert_eq!(hasher.stamp().length, bytes.len() as u64);
        }

        #[test]
        fn text_and_json_come_back(number in any::<u128>()) {
            let digest = Digest(number);
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
            let json = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(json.len(), 34);
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "99aa06d3014798d86001c324468d497",
            "99AA06d3014798d86001c324468d497f",
            "+9aa06d3014798d86001c324468d497f",
            "99aa06d3014798d86001c324468d497f0",
            "äääääääääääääääa",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_changed_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"one").unwrap();
        let stamp = digest_file(&path).unwrap();
        assert_eq!(stamp, FileStamp::of(b"one"));
        verify(&path, &stamp).unwrap();
        std::fs::write(&path, b"two").unwrap();
        assert!(matches!(
            verify(&path, &stamp),
            Err(Error::Mismatch { found, .. }) if found == FileStamp::of(b"two")
        ));
        std::fs::remove_file(&path).unwrap();
        assert!(verify(&path, &stamp).unwrap_err().is_not_found());
    }
}
