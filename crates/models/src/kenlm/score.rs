//! Scores words in context.

use super::MAX_ORDER;

/// The weights of an n-gram in a model, as logarithms to the base 10.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// The probability of the last word after the others.
    pub(super) prob: f32,
    /// The penalty for a word that does not follow the n-gram in the model.
    pub(super) backoff: f32,
}

/// An n-gram of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<N> {
    pub(super) weights: Weights,
    /// True if longer n-grams end in this one.
    pub(super) is_extended: bool,
    /// The node from which these are found.
    pub(super) node: N,
}

/// Finds the n-grams of a model, from their last word to the first.
pub(super) trait Search {
    /// The node from which longer n-grams with the same ending are found.
    type Node: Copy;

    /// Returns a single word. Every number of the vocabulary is one.
    fn unigram(&self, bytes: &[u8], word: u32) -> Found<Self::Node>;

    /// Returns the n-gram of the one at `node` and the `word` before it. `number` is 0 for n-grams of two words, 1 for three, and
    /// so on.
    fn middle(
        &self,
        bytes: &[u8],
        number: usize,
        word: u32,
        node: Self::Node,
    ) -> Option<Found<Self::Node>>;

    /// Prefetches the entry of a single word.
    fn prefetch(&self, bytes: &[u8], word: u32);

    /// Prefetches more of the memory that scoring the last of these words after the others may need. The addresses come from memory
    /// that was prefetched before.
    fn prefetch_more(&self, bytes: &[u8], words: &[u32]);

    /// Returns the probability of an n-gram of the greatest length.
    fn longest(&self, bytes: &[u8], word: u32, node: Self::Node) -> Option<f32>;
}

/// The relevant words before the next one, nearest first, with the backoff of each stretch of them.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    words: [u32; MAX_ORDER - 1],
    backoffs: [f32; MAX_ORDER - 1],
    length: usize,
}

impl State {
    /// Returns the state after the beginning of a sentence.
    pub(super) fn after<S: Search>(search: &S, bytes: &[u8], begin: u32) -> Self {
        let mut state = Self {
            length: 1,
            ..Self::default()
        };
        state.words[0] = begin;
        state.backoffs[0] = search.unigram(bytes, begin).weights.backoff;
        state
    }
}

/// Returns the logarithm of the probability of `word` after `before`, and sets `after`.
///
/// Sums are computed in the same order as in the C++ library.
#[inline]
pub(super) fn score<S: Search>(
    search: &S,
    (bytes, order): (&[u8], usize),
    before: &State,
    word: u32,
    after: &mut State,
) -> f32 {
    let mut found = search.unigram(bytes, word);
    let mut prob = found.weights.prob;
    // The length of the longest n-gram that the model has.
    let mut length = 1;
    after.words[0] = word;
    after.backoffs[0] = found.weights.backoff;
    after.length = usize::from(matters(found.weights.backoff));
    for (number, &earlier) in before.words[..before.length].iter().enumerate() {
        if !found.is_extended {
            break;
        }
        if number == order - 2 {
            if let Some(longest) = search.longest(bytes, earlier, found.node) {
                prob = longest;
                length = order;
            }
            break;
        }
        let Some(longer) = search.middle(bytes, number, earlier, found.node) else {
            break;
        };
        found = longer;
        prob = found.weights.prob;
        length = number + 2;
        after.backoffs[length - 1] = found.weights.backoff;
        if matters(found.weights.backoff) {
            after.length = length;
        }
    }
    // One word after the other, because there are so few that copying them at once takes longer.
    for at in 1..after.length {
        after.words[at] = before.words[at - 1];
    }
    for backoff in before.backoffs.iter().take(before.length).skip(length - 1) {
        prob += backoff;
    }
    prob
}

/// Returns whether an n-gram matters for the words that follow. Negative zero is the backoff of an n-gram that no other begins
/// with.
fn matters(backoff: f32) -> bool {
    backoff.to_bits() != (-0.0_f32).to_bits()
}
