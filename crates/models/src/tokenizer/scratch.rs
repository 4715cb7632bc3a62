//! The memory of one thread that makes tokens.

use super::cache::WordCache;
use super::merges::WordScratch;

/// The memory that one thread needs to turn texts into tokens. It can be used with several tokenizers in turn.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(super) cache: WordCache,
    pub(super) word: WordScratch,
    /// The tokenizer whose words are in the cache.
    owner: u64,
}

impl Scratch {
    /// Forgets the words if they belong to another tokenizer.
    pub(super) fn serve(&mut self, owner: u64) {
        if self.owner != owner {
            self.cache.clear();
            self.owner = owner;
        }
    }
}
