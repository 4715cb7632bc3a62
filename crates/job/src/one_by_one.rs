//! Lists and maps that are serialized without being in memory.

use serde::{Serialize, Serializer};

/// A list that is serialized item by item as the items are made. A view of a million partitions would otherwise take as much memory
/// as the whole state of the job.
pub(crate) struct OneByOne<F>(pub(crate) F);

impl<F, I> Serialize for OneByOne<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0())
    }
}

/// The same for a map, from pairs.
pub(crate) struct PairByPair<F>(pub(crate) F);

impl<F, I, K, V> Serialize for PairByPair<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (K, V)>,
    K: Serialize,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0())
    }
}
