//! The origins of records.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The place of a record in the dataset, which never changes on its way.
///
/// The order is that of the dataset: by source, by position in it, by the path through splitters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The index of the source in plan order.
    pub source: u32,
    /// The byte offset of the line in its (decompressed) source, or the row number in a columnar one.
    pub position: u64,
    /// The splitters and the indices of their children that led to this record; empty for a record as it was read.
    #[serde(default, skip_serializing_if = "ChildPath::is_whole")]
    pub piece: ChildPath,
}

impl Origin {
    /// Returns the origin of a record as it was read.
    pub fn new(source: u32, position: u64) -> Self {
        Self {
            source,
            position,
            piece: ChildPath::default(),
        }
    }

    /// Returns the origin of the `index`-th child that a splitter made of this record.
    pub fn child(&self, index: u32) -> Self {
        Self {
            piece: self.piece.child(index),
            ..*self
        }
    }

    /// Returns a number that depends only on this origin and `seed`, from which a seeded operator draws.
    pub fn mix(&self, seed: u64) -> u64 {
        let start = split_mix(seed ^ split_mix(u64::from(self.source)));
        let placed = split_mix(start ^ self.position);
        let indices = self.piece.indices().iter();
        indices.fold(placed, |hash, index| mix_index(hash, *index))
    }

    /// Returns the [`mix`](Self::mix) of the `index`-th child without making the child.
    pub fn mix_of_child(&self, index: u32, seed: u64) -> u64 {
        mix_index(self.mix(seed), index)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source {} at {}", self.source, self.position)?;
        self.piece
            .indices()
            .iter()
            .try_for_each(|index| write!(f, "/{index}"))
    }
}

/// The path of a record through splitters: the index of the child at each.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChildPath(Option<Box<[u32]>>);

impl ChildPath {
    /// Creates the path of these indices.
    pub fn from_indices(indices: &[u32]) -> Self {
        Self(if indices.is_empty() {
            None
        } else {
            Some(indices.into())
        })
    }

    /// Returns the index of the child at each splitter, outermost first.
    pub fn indices(&self) -> &[u32] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Returns whether no splitter made this record.
    pub fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    fn child(&self, index: u32) -> Self {
        let mut indices = self.indices().to_vec();
        indices.push(index);
        Self(Some(indices.into()))
    }
}

fn mix_index(hash: u64, index: u32) -> u64 {
    split_mix(hash ^ u64::from(index).rotate_left(32))
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_dataset_order() {
        let first = Origin::new(0, 90);
        let second = Origin::new(1, 5);
        assert!(first < second);
        assert!(second < second.child(0));
        assert!(second.child(0) < second.child(1));
        assert!(second.child(0).child(7) < second.child(1));
    }

    #[test]
    fn mix_depends_on_every_part() {
        let base = Origin::new(1, 2);
        let others = [
            base.mix(8),
            Origin::new(2, 2).mix(7),
            Origin::new(1, 3).mix(7),
            base.child(0).mix(7),
        ];
        assert!(others.iter().all(|other| *other != base.mix(7)));
        assert_eq!(
            base.child(3).mix_of_child(9, 7),
            base.child(3).child(9).mix(7)
        );
    }

    #[test]
    fn json_form_omits_the_piece_of_a_whole_record() {
        assert_eq!(
            serde_json::to_string(&Origin::new(1, 2)).unwrap(),
            r#"{"source":1,"position":2}"#
        );
        let child = serde_json::to_string(&Origin::new(1, 2).child(3)).unwrap();
        assert_eq!(child, r#"{"source":1,"position":2,"piece":[3]}"#);
        assert_eq!(
            serde_json::from_str::<Origin>(&child).unwrap(),
            Origin::new(1, 2).child(3)
        );
    }
}
