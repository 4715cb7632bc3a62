//! The set of the hashes of a text's shingles.

/// Gathers hashes in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct HashSet(Vec<u32>);

impl HashSet {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn extend(&mut self, hashes: impl Iterator<Item = u32>) {
        self.0.extend(hashes);
    }

    /// Returns the hashes that were gathered, in ascending order, each once.
    pub(super) fn sorted(&mut self) -> &[u32] {
        self.0.sort_unstable();
        self.0.dedup();
        &self.0
    }
}
