//! SimHash: a word of 64 bits per text. The words of similar texts differ in few bits.

use coldpress_pattern::TooManySteps;

use super::bit_tally::BitTally;
use super::hash_set::HashSet;
use super::shingles::Shingler;
use super::short_messages::{Md5Prefix, ShortMessages};
use crate::width::Width;

/// The SimHash that Data-Juicer gives to a text without shingles.
pub const WITHOUT_SHINGLES: u64 = 0;

/// The number of hashes that are gathered before they are counted.
const GATHERED: usize = 4096;

/// Computes the SimHashes of texts.
#[derive(Clone)]
pub struct SimHasher {
    shingler: Shingler,
    messages: ShortMessages<Md5Prefix>,
    hashes: Vec<u64>,
    set: Option<HashSet>,
}

impl SimHasher {
    /// Returns a hasher.
    pub fn new(shingler: Shingler) -> Self {
        Self {
            shingler,
            messages: ShortMessages::new(Width::widest()),
            hashes: Vec::with_capacity(GATHERED),
            set: None,
        }
    }

    /// Makes the hasher keep the set of hashes of the last text.
    #[must_use]
    pub fn with_set(mut self) -> Self {
        self.set = Some(HashSet::default());
        self
    }

    /// Returns the hashes of the shingles of the last text, in ascending order, each once; empty unless they are kept. They are the
    /// upper halves of those that the SimHash is made from.
    pub fn set(&mut self) -> &[u32] {
        self.set.as_mut().map_or(&[], HashSet::sorted)
    }

    /// Returns the SimHash of `text`; `None` if it has no shingle.
    ///
    /// A bit is set if it is set in more than half of the hashes of the shingles, each counted as often as it occurs.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::shingles::{Shingler, Tokenization};
    /// use coldpress_ops::fingerprint::simhash::SimHasher;
    ///
    /// let shingler = Shingler::new(Tokenization::Character, 2, true, None).unwrap();
    /// let mut hasher = SimHasher::new(shingler);
    /// let first = hasher.simhash("to be or not to be").unwrap().unwrap();
    /// let second = hasher.simhash("To be, or not to be").unwrap().unwrap();
    /// assert_eq!((first ^ second).count_ones(), 10);
    /// assert_eq!(hasher.simhash("x"), Ok(None));
    /// ```
    ///
    /// # Errors
    /// [`TooManySteps`] if matching the ignored pattern takes too long.
    pub fn simhash(&mut self, text: &str) -> Result<Option<u64>, TooManySteps> {
        let mut tally = BitTally::new();
        let Self {
            messages,
            hashes,
            set,
            ..
        } = self;
        hashes.clear();
        messages.begin(text.len());
        set.iter_mut().for_each(HashSet::clear);
        let mut take = |hashes: &[u64], tally: &mut BitTally| {
            tally.add(hashes);
            if let Some(set) = set {
                set.extend(hashes.iter().map(|hash| (hash >> 32) as u32));
            }
        };
        self.shingler.each(text, |buffer, range| {
            messages.push(buffer, range, hashes);
            if hashes.len() >= GATHERED {
                take(hashes, &mut tally);
                hashes.clear();
            }
        })?;
        messages.finish(hashes);
        take(hashes, &mut tally);
        Ok((tally.words() > 0).then(|| tally.majority()))
    }

    /// Returns the tokens of the last text, joined.
    pub fn tokens(&self) -> &str {
        self.shingler.tokens()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::digest;
    use crate::fingerprint::shingles::Tokenization;

    /// Returns the SimHash of these shingles, bit by bit.
    fn defined(shingles: impl Iterator<Item = String>) -> u64 {
        let mut sums = [0_i64; 64];
        for shingle in shingles {
            let [a, b, c, d, e, f, g, h, ..] = digest::md5(shingle.as_bytes());
            let hash = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += if hash >> bit & 1 == 1 { 1 } else { -1 };
            }
        }
        let bits = sums.iter().enumerate().filter(|(_, sum)| **sum > 0);
        bits.fold(0, |all, (bit, _)| all | 1 << bit)
    }

    #[test]
    fn long_texts_agree_with_the_definition() {
        let text: String = (0..12_000).map(|number| format!("{number} ")).collect();
        let expected = defined(text.split_whitespace().map(str::to_owned));
        let shingler = Shingler::new(Tokenization::Space, 1, true, None).unwrap();
        assert_eq!(SimHasher::new(shingler).simhash(&text), Ok(Some(expected)));
    }

    /// The text has characters of one to four bytes, and windows that come again.
    #[test]
    fn characters_agree_with_the_definition() {
        let piece = |number: u32| {
            format!(
                "{} words wörter 日本語 {}😀 ",
                number % 70,
                number * number % 1_009
            )
        };
        let text: String = (0..600).map(piece).collect();
        let characters: Vec<char> = text.chars().collect();
        for size in [1, 6, 8, 12] {
            let windows = characters.windows(size);
            let expected = defined(windows.map(|window| window.iter().collect()));
            let shingler = Shingler::new(Tokenization::Character, size, true, None).unwrap();
            let mut hasher = SimHasher::new(shingler);
            for _ in 0..2 {
                assert_eq!(hasher.simhash(&text), Ok(Some(expected)), "{size}");
            }
        }
    }
}
