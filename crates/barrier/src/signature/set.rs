//! Writes sets of 32-bit hashes as bytes: each hash as its distance from the one before, seven bits to a byte.

use crate::error::Result;
use crate::read::damaged;

use super::WHAT;

/// Appends the bytes of a set, which is in ascending order and has each hash once.
pub(super) fn write(set: &[u32], out: &mut Vec<u8>) {
    let mut last = 0;
    for hash in set {
        let mut distance = hash - last;
        while distance >= 0x80 {
            out.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        out.push(distance as u8);
        last = *hash;
    }
}

/// Reads a set into `set`.
pub(super) fn read(bytes: &[u8], set: &mut Vec<u32>) -> Result<()> {
    set.clear();
    let wrong = || damaged(WHAT, "a set is not in order");
    let (mut last, mut distance, mut shift) = (0u64, 0u64, 0);
    for byte in bytes {
        distance |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 != 0 {
            shift += 7;
            // Five bytes are enough for 32 bits.
            if shift > 28 {
                return Err(wrong());
            }
            continue;
        }
        if distance == 0 && !set.is_empty() {
            return Err(wrong());
        }
        last += distance;
        set.push(u32::try_from(last).map_err(|_| wrong())?);
        (distance, shift) = (0, 0);
    }
    match shift {
        0 => Ok(()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sets_are_read_as_they_were_written(
            set in prop::collection::btree_set(prop_oneof![any::<u32>(), 0u32..200], 0..100),
        ) {
            let set: Vec<u32> = set.into_iter().collect();
            let (mut bytes, mut found) = (Vec::new(), vec![7]);
            write(&set, &mut bytes);
            read(&bytes, &mut found).unwrap();
            prop_assert_eq!(found, set);
        }

        #[test]
        fn whatever_bytes_there_are_they_are_a_set_or_damaged(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut set = Vec::new();
            if read(&bytes, &mut set).is_ok() {
                prop_assert_eq!(set.iter().copied().collect::<BTreeSet<u32>>().into_iter().collect::<Vec<_>>(), set);
            }
        }
    }
}
