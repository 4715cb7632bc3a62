//! The header of binary files.

use super::MAX_ORDER;
use crate::Fault;
use crate::cursor::Cursor;

const MAGIC: &[u8] = b"mmap lm http://kheafield.com/code format version 5\n\0\0\0\0\0";
const UNFINISHED: &[u8] = b"mmap lm http://kheafield.com/code incomplete\n";
const ANY_VERSION: &[u8] = b"mmap lm http://kheafield.com/code format version";

/// The structure that holds the n-grams of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Hash tables. With rest costs, which no score depends on, each value is longer.
    Probing { has_rest_costs: bool },
    Trie {
        is_quantised: bool,
        has_pointer_arrays: bool,
    },
}

#[derive(Debug)]
pub(super) struct Header {
    pub(super) layout: Layout,
    /// The number of buckets of a hash table for each entry.
    pub(super) multiplier: f32,
    /// True if the words are at the end of the file.
    pub(super) has_words: bool,
    /// The numbers of n-grams of each length, from 1 on.
    pub(super) counts: Vec<u64>,
}

impl Header {
    /// Returns whether these are the first bytes of a binary file of any version.
    pub(super) fn is_there(bytes: &[u8]) -> bool {
        bytes.starts_with(ANY_VERSION) || bytes.starts_with(UNFINISHED)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let what = "the end of the header";
        let magic = cursor.take(MAGIC.len() as u64, what)?;
        if magic.starts_with(UNFINISHED) {
            return Err(Fault::damaged("the program that made it did not finish"));
        }
        if magic != MAGIC {
            return Err(Fault::unsupported(
                "it is of another version of the format than 5; make it again from the ARPA file",
            ));
        }
        let test_values = (cursor.f32(what)?, cursor.f32(what)?, cursor.f32(what)?);
        let test_words = (cursor.u32(what)?, cursor.u32(what)?, cursor.u32(what)?);
        if test_values != (0.0, 1.0, -0.5)
            || test_words != (1, u32::MAX, 0)
            || cursor.u64(what)? != 1
        {
            return Err(Fault::unsupported(
                "it was made on another kind of machine; make it again from the ARPA file",
            ));
        }
        let order = cursor.u32(what)? as u8;
        let multiplier = cursor.f32(what)?;
        let layout = cursor.u32(what)?;
        let has_words = cursor.u32(what)? as u8 != 0;
        let version = cursor.u32(what)?;
        check_order(usize::from(order))?;
        if !(1.0..1e6).contains(&multiplier) {
            return Err(Fault::damaged(format!(
                "it claims {multiplier} buckets for each n-gram"
            )));
        }
        let layout = layout_of(layout, version)?;
        let counts = (0..order).map(|_| cursor.u64(what));
        let counts = counts.collect::<Result<Vec<_>, _>>()?;
        if counts[0] == 0 || counts[0] >= u64::from(u32::MAX) {
            return Err(Fault::damaged(format!("it claims {} words", counts[0])));
        }
        // The next part begins at a multiple of eight bytes.
        cursor.take(4, what)?;
        Ok(Self {
            layout,
            multiplier,
            has_words,
            counts,
        })
    }

    /// Appends the header of a model in hash tables, in the form that [`read`](Self::read) reads.
    pub(super) fn write(counts: &[u64], multiplier: f32, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        for value in [0.0_f32, 1.0, -0.5] {
            out.extend(value.to_le_bytes());
        }
        for value in [1, u32::MAX, 0, 1, 0, counts.len() as u32] {
            out.extend(value.to_le_bytes());
        }
        out.extend(multiplier.to_le_bytes());
        for value in [0_u32, 0, 0] {
            out.extend(value.to_le_bytes());
        }
        out.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        out.resize(out.len().next_multiple_of(8), 0);
    }
}

/// Checks the length of a model's longest n-grams.
pub(super) fn check_order(order: usize) -> Result<(), Fault> {
    if (2..=MAX_ORDER).contains(&order) {
        return Ok(());
    }
    Err(Fault::unsupported(format!(
        "its n-grams have up to {order} words, and 2 to {MAX_ORDER} are supported"
    )))
}

fn layout_of(number: u32, version: u32) -> Result<Layout, Fault> {
    let layout = match number {
        0 | 1 => Layout::Probing {
            has_rest_costs: number == 1,
        },
        2..=5 => Layout::Trie {
            is_quantised: number % 2 == 1,
            has_pointer_arrays: number >= 4,
        },
        _ => {
            return Err(Fault::unsupported(format!(
                "it is a model of type {number}, and 0 to 5 are known"
            )));
        }
    };
    let known = u32::from(matches!(layout, Layout::Trie { .. }));
    if version != known {
        return Err(Fault::unsupported(format!(
            "the n-grams are kept as version {version} of its type does, and version {known} is known"
        )));
    }
    Ok(layout)
}
