//! The similarity of two documents, by its definition.

use std::collections::BTreeSet;

/// The number of words in a shingle, as in `document_minhash_deduplicator`.
const WINDOW: usize = 5;

/// Returns the share of shingles that two documents have in common.
pub(super) fn similarity(one: &[u64], other: &[u64]) -> f64 {
    let shingles = |words: &[u64]| -> BTreeSet<Vec<u64>> {
        words.windows(WINDOW).map(<[u64]>::to_vec).collect()
    };
    let (one, other) = (shingles(one), shingles(other));
    let common = one.intersection(&other).count();
    common as f64 / (one.len() + other.len() - common) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_in_five_shingles() {
        let one: Vec<u64> = (0..24).collect();
        let mut other = one.clone();
        other[10] = 99;
        assert_eq!(similarity(&one, &one), 1.0);
        assert_eq!(similarity(&one, &other), 15.0 / 25.0);
    }
}
