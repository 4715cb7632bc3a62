//! A trie of strings in a double array: one load for each byte of a text.

use crate::Fault;

/// Strings with a number each, found byte by byte.
///
/// Maintains the following invariants. The number of units is a multiple of 256, and every offset is below it, so that an offset
/// combined with any byte by exclusive or is the place of a unit. No two nodes with children have the same offset, so that a unit
/// with the byte of the step belongs to the node of the step.
#[derive(Clone)]
pub(crate) struct Trie {
    units: Vec<Unit>,
}

/// The value (28 bits), the offset of the children (27 bits), and the byte (9 bits), starting at the highest bit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Unit(u64);

/// A place in a [`Trie`], reached by some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(u64);

/// The value of a node at which no string ends. All other values are smaller.
const NO_VALUE: u32 = (1 << 28) - 1;

const OFFSET_MASK: u64 = (1 << 27) - 1;
const BYTE_MASK: u64 = (1 << 9) - 1;

/// The byte of units without a node, which no step reaches.
const NO_BYTE: u64 = 256;

impl Unit {
    fn new(byte: u64) -> Self {
        Self(u64::from(NO_VALUE) << 36 | byte)
    }

    fn set_offset(&mut self, offset: usize) {
        self.0 |= (offset as u64) << 9;
    }

    fn set_value(&mut self, value: u32) {
        self.0 = self.0 & (u64::MAX >> 28) | u64::from(value) << 36;
    }
}

impl Trie {
    /// The number of strings, at most; their numbers are smaller.
    pub(crate) const MAX_STRINGS: usize = NO_VALUE as usize;

    /// Builds the trie of strings that are sorted, differ from each other and are not empty.
    ///
    /// # Errors
    /// If there are more than a trie has room for.
    pub(crate) fn build(keys: &[(&[u8], u32)]) -> Result<Self, Fault> {
        debug_assert!(
            keys.is_sorted_by(|a, b| a.0 < b.0) && keys.iter().all(|key| !key.0.is_empty())
        );
        let mut builder = Builder::new();
        // A node that still needs its children: its unit, the strings that go through it, and the number of bytes that lead to it.
        let mut open = vec![(0_usize, keys, 0_usize)];
        while let Some((unit, mut keys, depth)) = open.pop() {
            if let Some(((key, value), rest)) = keys.split_first()
                && key.len() == depth
            {
                builder.units[unit].set_value(*value);
                keys = rest;
            }
            if keys.is_empty() {
                continue;
            }
            let children = || keys.chunk_by(|a, b| a.0[depth] == b.0[depth]);
            let bytes: Vec<u8> = children().map(|keys| keys[0].0[depth]).collect();
            let offset = builder.place(&bytes)?;
            builder.units[unit].set_offset(offset);
            let children = bytes.iter().zip(children());
            open.extend(
                children.map(|(&byte, keys)| (offset ^ usize::from(byte), keys, depth + 1)),
            );
        }
        Ok(Self {
            units: builder.units,
        })
    }

    /// Returns the place before the first byte.
    #[inline]
    pub(crate) fn root(&self) -> Node {
        Node(self.units[0].0)
    }

    /// Returns the place that one more byte leads to, if a string continues that way.
    #[inline]
    pub(crate) fn step(&self, node: Node, byte: u8) -> Option<Node> {
        let offset = (node.0 >> 9 & OFFSET_MASK) as usize;
        let unit = self.units[offset ^ usize::from(byte)];
        (unit.0 & BYTE_MASK == u64::from(byte)).then_some(Node(unit.0))
    }

    /// Returns the place that these bytes lead to from another one.
    #[inline]
    pub(crate) fn walk(&self, node: Node, bytes: &[u8]) -> Option<Node> {
        bytes
            .iter()
            .try_fold(node, |node, &byte| self.step(node, byte))
    }

    /// Returns the number of this string.
    pub(crate) fn get(&self, key: &[u8]) -> Option<u32> {
        self.walk(self.root(), key)?.value()
    }

    /// Returns the length of the longest string that the bytes start with.
    #[inline]
    pub(crate) fn longest_prefix(&self, bytes: &[u8]) -> Option<usize> {
        let (mut node, mut longest) = (self.root(), None);
        for (at, &byte) in bytes.iter().enumerate() {
            let Some(next) = self.step(node, byte) else {
                break;
            };
            node = next;
            if node.value().is_some() {
                longest = Some(at + 1);
            }
        }
        longest
    }
}

impl Node {
    /// Returns the number of the string that ends here.
    #[inline]
    pub(crate) fn value(self) -> Option<u32> {
        let value = (self.0 >> 36) as u32;
        (value != NO_VALUE).then_some(value)
    }
}

/// Units in blocks of 256. Only the last blocks are searched for free space, so that building is linear.
struct Builder {
    units: Vec<Unit>,
    is_offset: Vec<bool>,
    /// A ring of the free units in the last blocks, in order. It begins and ends at the root's unit.
    free: Vec<Links>,
}

#[derive(Clone, Copy, Default)]
struct Links {
    next: u32,
    previous: u32,
}

const BLOCK: usize = 256;

/// The number of blocks that are searched for free space.
const SEARCHED_BLOCKS: usize = 16;

impl Builder {
    fn new() -> Self {
        let mut builder = Self {
            units: Vec::new(),
            is_offset: Vec::new(),
            free: vec![Links::default()],
        };
        builder.add_block();
        builder.take(0);
        // Offset 0 means no children, so no step may find a unit from there.
        builder.is_offset[0] = true;
        builder
    }

    fn add_block(&mut self) {
        let start = self.units.len();
        let end = start + BLOCK;
        self.units.resize(end, Unit::new(NO_BYTE));
        self.is_offset.resize(end, false);
        self.free.resize(end, Links::default());
        if let Some(too_old) = end.checked_sub(SEARCHED_BLOCKS * BLOCK) {
            while self.free[0].next != 0 && (self.free[0].next as usize) < too_old {
                self.take(self.free[0].next as usize);
            }
        }
        for unit in start.max(1)..end {
            let previous = self.free[0].previous;
            self.free[unit] = Links { next: 0, previous };
            self.free[previous as usize].next = unit as u32;
            self.free[0].previous = unit as u32;
        }
    }

    /// Removes a unit from the ring.
    fn take(&mut self, unit: usize) {
        let Links { next, previous } = self.free[unit];
        if unit != 0 {
            self.free[previous as usize].next = next;
            self.free[next as usize].previous = previous;
        }
    }

    /// Finds space for a node's children, takes it, and returns the offset.
    fn place(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let offset = match self.room(bytes) {
            Some(offset) => offset,
            None if (self.units.len() + BLOCK) as u64 > OFFSET_MASK => {
                return Err(Fault::unsupported("it has too many strings"));
            }
            None => {
                self.add_block();
                self.units.len() - BLOCK
            }
        };
        self.is_offset[offset] = true;
        for &byte in bytes {
            let unit = offset ^ usize::from(byte);
            self.take(unit);
            self.units[unit] = Unit::new(u64::from(byte));
        }
        Ok(offset)
    }

    fn room(&self, bytes: &[u8]) -> Option<usize> {
        let ring = std::iter::successors(Some(0), |&unit| Some(self.free[unit as usize].next));
        let free = ring.skip(1).take_while(|&unit| unit != 0);
        let is_free = |unit: usize| self.units[unit].0 & BYTE_MASK == NO_BYTE && unit != 0;
        free.map(|unit| unit as usize ^ usize::from(bytes[0]))
            .filter(|&offset| !self.is_offset[offset])
            .find(|offset| {
                bytes
                    .iter()
                    .all(|&byte| is_free(offset ^ usize::from(byte)))
            })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn trie(keys: &BTreeMap<Vec<u8>, u32>) -> Trie {
        let keys: Vec<_> = keys.iter().map(|(key, value)| (&key[..], *value)).collect();
        Trie::build(&keys).unwrap()
    }

    #[test]
    fn a_trie_of_nothing_finds_nothing() {
        let trie = trie(&BTreeMap::new());
        for byte in 0..=255 {
            assert_eq!(trie.step(trie.root(), byte), None);
        }
        assert_eq!(trie.get(b""), None);
    }

    #[test]
    fn many_strings_are_found_and_nothing_else() {
        let mut random = 1_u64;
        let keys: BTreeMap<Vec<u8>, u32> = (0..60_000)
            .map(|value| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(value + 1);
                let length = 1 + (random >> 60) as usize % 6;
                (random.to_be_bytes()[..length].to_vec(), value as u32)
            })
            .collect();
        let trie = trie(&keys);
        for (key, value) in &keys {
            assert_eq!(trie.get(key), Some(*value));
            let mut other = key.clone();
            other.push(0);
            assert_eq!(trie.get(&other), keys.get(&other).copied());
        }
        assert!(
            trie.units.len() < 2 * keys.len() * 6,
            "{}",
            trie.units.len()
        );
    }

    proptest! {
        #[test]
        fn steps_agree_with_a_sorted_map(
            keys in prop::collection::btree_map(prop::collection::vec(0_u8..4, 1..5), 0_u32..99, 0..40),
            wide in prop::collection::btree_map(prop::collection::vec(any::<u8>(), 1..3), 0_u32..99, 0..400),
            text in prop::collection::vec(0_u8..4, 0..6),
        ) {
            for keys in [keys, wide] {
                let trie = trie(&keys);
                for length in 0..=text.len() {
                    let prefix = &text[..length];
                    prop_assert_eq!(trie.get(prefix), keys.get(prefix).copied());
                    let goes_on = keys.keys().any(|key| key.starts_with(prefix)) || prefix.is_empty();
                    prop_assert_eq!(trie.walk(trie.root(), prefix).is_some(), goes_on);
                }
                let longest = (0..=text.len()).rev().find(|&length| keys.contains_key(&text[..length]));
                prop_assert_eq!(trie.longest_prefix(&text), longest);
                for (key, value) in &keys {
                    prop_assert_eq!(trie.get(key), Some(*value));
                }
            }
        }
    }
}
