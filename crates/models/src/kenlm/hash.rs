//! The hashes of words and n-grams.

/// Computes MurmurHash64A, which identifies words. It is in the public domain (Austin Appleby).
pub(super) fn of_word(word: &[u8]) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = (word.len() as u64).wrapping_mul(FACTOR);
    let (blocks, rest) = word.as_chunks::<8>();
    for block in blocks {
        let mut block = u64::from_le_bytes(*block).wrapping_mul(FACTOR);
        block ^= block >> 47;
        hash = (hash ^ block.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        hash = (hash ^ number_of(rest)).wrapping_mul(FACTOR);
    }
    hash ^= hash >> 47;
    hash = hash.wrapping_mul(FACTOR);
    hash ^ (hash >> 47)
}

/// Returns the number that up to seven bytes make.
#[inline]
fn number_of(bytes: &[u8]) -> u64 {
    let bits = |bytes: usize| 8 * bytes as u32;
    // Reading two numbers that overlap is faster than reading one byte after the other.
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let last = u64::from(u32::from_le_bytes(*last));
            u64::from(u32::from_le_bytes(*first)) | last << bits(bytes.len() - 4)
        }
        _ => bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// Returns the hash of an n-gram with the word before it. N-grams are read backwards, and the hash of a single word is its number.
#[inline]
pub(super) fn with_word_before(ngram: u64, word: u32) -> u64 {
    ngram.wrapping_mul(8_978_948_897_894_561_157)
        ^ (1 + u64::from(word)).wrapping_mul(17_894_857_484_156_487_943)
}
