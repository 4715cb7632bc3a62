//! The part of Thrift's compact protocol that the checks of Parquet metadata need.

use crate::table_stream::flaw::Flaw;

/// The deepest nesting of values.
const MAX_DEPTH: usize = 32;

/// The reason why bytes cannot be read as Thrift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The bytes end before the value does.
    Short,
    /// The bytes are not a valid value.
    Invalid,
}

impl From<Malformed> for Flaw {
    fn from(malformed: Malformed) -> Self {
        Self::Damaged(match malformed {
            Malformed::Short => "its metadata is cut short".to_owned(),
            Malformed::Invalid => "its metadata is not valid Thrift".to_owned(),
        })
    }
}

type Read<T> = Result<T, Malformed>;

/// The kinds of values that the checks need. All others are skipped.
pub(super) mod kind {
    pub(in crate::table_stream) const TRUE: u8 = 1;
    pub(in crate::table_stream) const FALSE: u8 = 2;
    pub(in crate::table_stream) const I32: u8 = 5;
    pub(in crate::table_stream) const I64: u8 = 6;
    pub(in crate::table_stream) const LIST: u8 = 9;
    pub(in crate::table_stream) const STRUCT: u8 = 12;
}

/// A cursor over Thrift bytes.
#[derive(Debug)]
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Returns how many bytes were read.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Returns how many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Reads the fields of a struct: `field` gets each one's number and kind, and must read or [skip](Self::skip) it.
    pub(super) fn read_struct(
        &mut self,
        mut field: impl FnMut(&mut Self, i16, u8) -> Read<()>,
    ) -> Read<()> {
        let mut number = 0_i16;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            number = match header >> 4 {
                0 => i16::try_from(self.int()?).map_err(|_| Malformed::Invalid)?,
                delta => number
                    .checked_add(i16::from(delta))
                    .ok_or(Malformed::Invalid)?,
            };
            field(self, number, header & 15)?;
        }
    }

    /// Returns the kind and number of the elements of the list that follows: no more than there are bytes for.
    pub(super) fn list(&mut self) -> Read<(u8, usize)> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| Malformed::Invalid)?,
            count => usize::from(count),
        };
        if count > self.remaining() {
            return Err(Malformed::Short);
        }
        Ok((header & 15, count))
    }

    pub(super) fn int(&mut self) -> Read<i64> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Reads an integer if the value is one.
    pub(super) fn int_of(&mut self, found: u8) -> Read<i64> {
        match found {
            kind::I32 | kind::I64 => self.int(),
            _ => Err(Malformed::Invalid),
        }
    }

    pub(super) fn skip(&mut self, found: u8) -> Read<()> {
        self.skip_nested(found, MAX_DEPTH)
    }

    fn skip_nested(&mut self, found: u8, depth: usize) -> Read<()> {
        let depth = depth.checked_sub(1).ok_or(Malformed::Invalid)?;
        match found {
            kind::TRUE | kind::FALSE => Ok(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Invalid)?;
                self.advance(length)
            }
            kind::LIST | 10 => {
                let (element, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(element, depth))
            }
            11 => self.skip_map(depth),
            kind::STRUCT => self.read_struct(|thrift, _, found| thrift.skip_nested(found, depth)),
            13 => self.advance(16),
            _ => Err(Malformed::Invalid),
        }
    }

    /// Skips an element. In lists and maps a Boolean is a byte; in structs it is the field's kind.
    fn skip_element(&mut self, found: u8, depth: usize) -> Read<()> {
        match found {
            kind::TRUE | kind::FALSE => self.advance(1),
            _ => self.skip_nested(found, depth),
        }
    }

    fn skip_map(&mut self, depth: usize) -> Read<()> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        if count > self.remaining() as u64 {
            return Err(Malformed::Short);
        }
        let kinds = self.byte()?;
        (0..count).try_for_each(|_| {
            self.skip_element(kinds >> 4, depth)?;
            self.skip_element(kinds & 15, depth)
        })
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = *self.bytes.get(self.position).ok_or(Malformed::Short)?;
        self.position += 1;
        Ok(byte)
    }

    fn advance(&mut self, length: usize) -> Read<()> {
        self.take(length).map(drop)
    }

    /// Returns the next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        if length > self.remaining() {
            return Err(Malformed::Short);
        }
        let start = self.position;
        self.position += length;
        Ok(&self.bytes[start..self.position])
    }

    pub(super) fn varint(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_checked_before_they_are_believed() {
        // A list of 2^28 structs; a string of 2^28 bytes; a varint without end.
        let list = [0xfc, 0x80, 0x80, 0x80, 0x80, 0x01];
        assert_eq!(Thrift::new(&list).list(), Err(Malformed::Short));
        let text = [0x80, 0x80, 0x80, 0x80, 0x01];
        assert_eq!(Thrift::new(&text).skip(8), Err(Malformed::Short));
        assert_eq!(Thrift::new(&[0xff; 12]).int(), Err(Malformed::Invalid));
        // Structs in structs.
        assert_eq!(
            Thrift::new(&[0x1c; 4000]).skip(kind::STRUCT),
            Err(Malformed::Invalid)
        );
    }

    #[test]
    fn fields_have_numbers_and_kinds() {
        let bytes = [0x15, 0x02, 0x05, 0x28, 0x03, 0x11, 0x00, 0xaa];
        let (mut thrift, mut seen) = (Thrift::new(&bytes), Vec::new());
        let read = thrift.read_struct(|thrift, number, found| {
            if found == kind::I32 {
                seen.push((number, thrift.int()?));
                return Ok(());
            }
            seen.push((number, i64::from(found)));
            thrift.skip(found)
        });
        assert_eq!(read, Ok(()));
        assert_eq!(seen, [(1, 1), (20, -2), (21, 1)]);
        assert_eq!(thrift.position(), 7);
    }
}
