//! Computing a digest of bytes that come piece by piece.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

use crate::digest::Digest;
use crate::stamp::FileStamp;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    }
}
