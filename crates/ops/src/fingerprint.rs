//! Computes small signatures of texts, which find duplicates without keeping the texts.
//!
//! | signature | of | equal or near when |
//! | --- | --- | --- |
//! | [`exact::ExactHasher`] | the whole text | the texts are the same |
//! | [`lines::LineHasher`] | each line | the lines are the same |
//! | [`minhash::MinHasher`] | the set of shingles | their sets overlap |
//! | [`simhash::SimHasher`] | all shingles | few of 64 bits differ |
//!
//! All of them give the values that Data-Juicer gives. [`shingles`] cuts a text into overlapping windows of tokens,
//! [`permutations`] and [`bands`] are the two halves of MinHash, and [`digest`] has the hash functions.
//!
//! A hasher keeps its memory from text to text, so it is made once per thread.
//!
//! # Short texts
//! A text with fewer tokens than the window has no shingle, so it cannot be compared with other texts. Data-Juicer gives all such
//! texts the same signature, and so treats them as duplicates of each other. Here their signature is `None`, and the caller
//! decides; [`minhash::WITHOUT_SHINGLES`] and [`simhash::WITHOUT_SHINGLES`] are Data-Juicer's signatures.

pub mod bands;
mod bit_tally;
pub mod digest;
pub mod exact;
mod hash_set;
mod lanes;
pub mod lines;
pub mod minhash;
pub mod permutations;
mod seen;
pub mod shingles;
mod short_messages;
pub mod simhash;

#[cfg(test)]
mod vectors;
