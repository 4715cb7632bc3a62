//! The rules by which a model normalises characters: strings and their replacements.

use crate::Fault;

/// The rules as compiled by SentencePiece: a double array of Darts, and the strings that it refers to.
#[derive(Debug)]
pub(super) struct CharsMap {
    units: Vec<u32>,
    /// The replacements, each followed by a zero.
    replacements: String,
}

/// The length of the longest replacement that is accepted. Those of Unicode have at most 33 bytes. Without a limit, a small file
/// could turn a text into something too large for any memory.
const MAX_REPLACEMENT_BYTES: usize = 1024;

impl CharsMap {
    /// Reads the rules of a model.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let broken = |reason: &str| Fault::damaged(format!("its normalization rules {reason}"));
        let (length, rest) = bytes
            .split_first_chunk::<4>()
            .ok_or_else(|| broken("are cut short"))?;
        let length = u32::from_le_bytes(*length) as usize;
        // The offsets of a double array flip bits of a byte in a unit's number, so there must be whole blocks of 256.
        if length < 1024 || !length.is_multiple_of(1024) {
            return Err(broken(&format!(
                "have a trie of {length} bytes, which is not a multiple of 1024"
            )));
        }
        let (trie, replacements) = rest
            .split_at_checked(length)
            .ok_or_else(|| broken("are cut short"))?;
        let replacements =
            std::str::from_utf8(replacements).map_err(|_| broken("are not UTF-8"))?;
        if !replacements.ends_with('\0') {
            return Err(broken("do not end with a zero"));
        }
        if replacements
            .split('\0')
            .any(|text| text.len() > MAX_REPLACEMENT_BYTES)
        {
            return Err(broken(&format!(
                "have a replacement of more than {MAX_REPLACEMENT_BYTES} bytes"
            )));
        }
        let units = trie.chunks_exact(4);
        Ok(Self {
            units: units
                .map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]))
                .collect(),
            replacements: replacements.to_owned(),
        })
    }

    /// Returns the length of the longest string with a rule that `text` starts with, and its replacement.
    #[inline]
    pub(super) fn longest(&self, text: &str) -> Option<(usize, &str)> {
        let mut place = self.root();
        let mut longest = None;
        for (at, byte) in text.bytes().enumerate() {
            let Some((next, value)) = self.step(place, byte) else {
                break;
            };
            place = next;
            longest = value.map(|value| (at + 1, value)).or(longest);
        }
        let (length, value) = longest?;
        // Neither case occurs in a file that SentencePiece wrote.
        let rules = self.replacements.get(value as usize..)?;
        let (replacement, _) = rules.split_once('\0')?;
        text.is_char_boundary(length)
            .then_some((length, replacement))
    }

    /// Returns whether a rule's string starts with these two bytes.
    pub(super) fn has_pair(&self, first: u8, second: u8) -> bool {
        let one = self.step(self.root(), first);
        one.is_some_and(|(place, _)| self.step(place, second).is_some())
    }

    fn root(&self) -> usize {
        offset(self.units[0])
    }

    /// Steps from the place of a node's children to the place of the children of one of them, and returns its value too.
    #[inline]
    fn step(&self, place: usize, byte: u8) -> Option<(usize, Option<u32>)> {
        let at = place ^ usize::from(byte);
        let unit = *self.units.get(at)?;
        // The highest bit marks the units of values.
        if unit & 0x8000_00ff != u32::from(byte) {
            return None;
        }
        let next = at ^ offset(unit);
        let value = match unit >> 8 & 1 {
            0 => None,
            _ => self.units.get(next).map(|unit| unit & 0x7fff_ffff),
        };
        Some((next, value))
    }
}

fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize
}
