//! Lists and maps that are written without being in memory.

use serde::{Serialize, Serializer};

/// A list that is written item by item as they are made. A view of a million partitions would otherwise be as large in memory
/// as all that is true about them.
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

/// The same of a map, from pairs.
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
