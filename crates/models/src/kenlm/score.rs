//! Scores of words after others.

use super::MAX_ORDER;

/// What a model says of an n-gram, as logarithms to the base 10.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// The probability of the last word after the others.
    pub(super) prob: f32,
    /// What a word costs besides that does not follow the n-gram in the model.
    pub(super) backoff: f32,
}

/// An n-gram of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<N> {
    pub(super) weights: Weights,
    /// Whether longer n-grams end in this one.
    pub(super) is_extended: bool,
    /// From where these are found.
    pub(super) node: N,
}

/// Where the n-grams of a model are found, from their last word to the first.
pub(super) trait Search {
    /// Where longer n-grams are found that end in one.
    type Node: Copy;

    /// Returns a word alone. Every number of the vocabulary is one.
    fn unigram(&self, bytes: &[u8], word: u32) -> Found<Self::Node>;

    /// Returns the n-gram of the one at `node` and `word` before it. Those of two words are number 0.
    fn middle(
        &self,
        bytes: &[u8],
        number: usize,
        word: u32,
        node: Self::Node,
    ) -> Option<Found<Self::Node>>;

    /// Prefetches the entry of a single word.
    fn prefetch(&self, bytes: &[u8], word: u32);

    /// Prefetches more of what scoring the last of these words after the others may need. The addresses come from memory that was
    /// prefetched before.
    fn prefetch_more(&self, bytes: &[u8], words: &[u32]);

    /// Returns the probability of an n-gram of the greatest length.
    fn longest(&self, bytes: &[u8], word: u32, node: Self::Node) -> Option<f32>;
}

/// The words before the next one, as far as they matter, nearest first, and what each stretch of them costs.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    words: [u32; MAX_ORDER - 1],
    backoffs: [f32; MAX_ORDER - 1],
    length: usize,
}

impl State {
    /// The state after the beginning of a sentence.
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
/// Sums are taken in the order in which the C++ library takes them.
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
    // One word after the other: there are so few that copying them at once takes longer.
    for at in 1..after.length {
        after.words[at] = before.words[at - 1];
    }
    for backoff in before.backoffs.iter().take(before.length).skip(length - 1) {
        prob += backoff;
    }
    prob
}

/// Returns whether an n-gram matters to what follows: negative zero is the backoff of one that no other begins with.
fn matters(backoff: f32) -> bool {
    backoff.to_bits() != (-0.0_f32).to_bits()
}
