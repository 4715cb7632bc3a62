//! The entries that a sorter sorts: a key of fixed width, or bytes of any length, with the ordinal of its record.

use std::cmp::Ordering;

/// A value that is sorted, in memory or on disk.
pub(crate) trait Entry: Ord + Send + Sync + std::fmt::Debug {
    /// The length on disk in bytes, without the tail.
    const WIDTH: usize;

    /// Returns the length of the tail in bytes, which the first [`WIDTH`](Self::WIDTH) bytes give.
    fn tail_bytes(_head: &[u8]) -> usize {
        0
    }

    /// Returns the memory in bytes that it takes in addition to its own size.
    fn owned_bytes(&self) -> usize {
        0
    }

    /// Appends it to `out`.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it from exactly [`WIDTH`](Self::WIDTH) bytes and its tail.
    fn read(bytes: &[u8]) -> Self;
}

/// A key of a record, and the record's ordinal. Equal keys are in the order of the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Keyed<K> {
    pub(crate) key: K,
    pub(crate) ordinal: u64,
}

/// A key to sort by.
pub(crate) trait Key: Copy + Ord + Send + Sync + std::fmt::Debug {
    const WIDTH: usize;
    fn write(self, out: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! integer_key {
    ($($integer:ty),*) => {$(
        impl Key for $integer {
            const WIDTH: usize = size_of::<$integer>();

            fn write(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Self {
                let mut whole = [0; size_of::<$integer>()];
                whole.copy_from_slice(bytes);
                Self::from_le_bytes(whole)
            }
        }
    )*};
}

integer_key!(u64, u128);

/// The key of an entry that is just an ordinal.
impl Key for () {
    const WIDTH: usize = 0;

    fn write(self, _out: &mut Vec<u8>) {}

    fn read(_bytes: &[u8]) -> Self {}
}

impl<A: Key, B: Key> Key for (A, B) {
    const WIDTH: usize = A::WIDTH + B::WIDTH;

    fn write(self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &[u8]) -> Self {
        let (first, second) = bytes.split_at(A::WIDTH);
        (A::read(first), B::read(second))
    }
}

impl<K: Key> Entry for Keyed<K> {
    const WIDTH: usize = K::WIDTH + 8;

    fn write(&self, out: &mut Vec<u8>) {
        self.key.write(out);
        self.ordinal.write(out);
    }

    fn read(bytes: &[u8]) -> Self {
        let (key, ordinal) = bytes.split_at(K::WIDTH);
        Self {
            key: K::read(key),
            ordinal: Key::read(ordinal),
        }
    }
}

/// Bytes of any length, and a record's ordinal. The least bytes come first, or the greatest if it is descending. Equal ones are in
/// the order of the dataset in both cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Valued<const DESCENDING: bool> {
    pub(crate) value: Box<[u8]>,
    pub(crate) ordinal: u64,
}

impl<const DESCENDING: bool> Ord for Valued<DESCENDING> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = match DESCENDING {
            true => other.value.cmp(&self.value),
            false => self.value.cmp(&other.value),
        };
        by_value.then(self.ordinal.cmp(&other.ordinal))
    }
}

impl<const DESCENDING: bool> PartialOrd for Valued<DESCENDING> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const DESCENDING: bool> Entry for Valued<DESCENDING> {
    const WIDTH: usize = 16;

    fn tail_bytes(head: &[u8]) -> usize {
        // It was a length in memory when it was written, so it fits.
        u64::read(&head[8..16]) as usize
    }

    fn owned_bytes(&self) -> usize {
        /// The estimated overhead of the allocator for each allocation. Without it, many short values would exceed the memory
        /// limit.
        const KEPT_BESIDE: usize = 16;
        self.value.len() + KEPT_BESIDE
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.ordinal.write(out);
        (self.value.len() as u64).write(out);
        out.extend(&self.value);
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            value: bytes[Self::WIDTH..].into(),
            ordinal: Key::read(&bytes[..8]),
        }
    }
}
