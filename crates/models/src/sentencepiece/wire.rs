//! The encoding of protocol buffers: fields, each with a number and a value in one of a few formats.

use crate::Fault;

/// The fields of one message, in their order.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// The position of the rest in the file, for messages.
    at: usize,
}

/// A field's value as it is encoded.
pub(super) enum Value<'a> {
    /// An integer, a truth value or a member of an enumeration.
    Varint(u64),
    /// A string or a message, and its position in the file.
    Bytes(&'a [u8], usize),
    /// Four bytes, such as a `float`.
    Four([u8; 4]),
    /// Eight bytes, such as a `double`.
    Eight,
}

impl<'a> Fields<'a> {
    /// Reads a message that begins at this position of the file.
    pub(super) fn new(message: &'a [u8], at: usize) -> Self {
        Self { rest: message, at }
    }

    /// Reads the number and the value of the next field, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.array::<8>().map(|_| Value::Eight)?,
            2 => {
                let length = self.varint()?;
                let at = self.at;
                Value::Bytes(self.bytes(length)?, at)
            }
            5 => Value::Four(self.array()?),
            other => {
                let reason = format!("the field at byte {start} has the unknown encoding {other}");
                return Err(Fault::damaged(reason));
            }
        };
        Ok(Some((tag >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let mut value = 0_u64;
        for place in 0..10 {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        let reason = format!("the number at byte {start} does not end");
        Err(Fault::damaged(reason))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.cut_short());
        };
        self.rest = rest;
        self.at += N;
        Ok(*array)
    }

    fn bytes(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let split = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((bytes, rest)) = split else {
            let reason = format!(
                "the field at byte {} should have {length} bytes, but {} are left",
                self.at,
                self.rest.len()
            );
            return Err(Fault::damaged(reason));
        };
        self.rest = rest;
        self.at += bytes.len();
        Ok(bytes)
    }

    fn cut_short(&self) -> Fault {
        Fault::damaged(format!("it ends within the field at byte {}", self.at))
    }
}
