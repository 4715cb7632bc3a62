//! The part of a row group that its columns cannot express.
//!
//! The format: the number of bytes that follow in 4 bytes, the lowest first; then, compressed with Zstandard and with all numbers
//! in LEB128:
//!
//! - the number of shapes, 0 if each record has the key of each column in their order; for each shape the number of its keys, and
//!   for each key its column plus 1, or 0 for one without a column;
//! - if there are two shapes or more, runs that add up to the number of rows: a shape, and the number of rows with it;
//! - the number of columns of numbers that have integers; for each of them its column, and a bit for each row, the lowest first,
//!   that is set if the number is an integer.

use std::collections::HashMap;
use std::sync::Arc;

use super::shapes::Shapes;

const LEVEL: i32 = 1;

/// The part of a row group that its columns cannot express.
#[derive(Debug, Default)]
pub(crate) struct Side {
    pub(crate) shapes: Shapes,
    /// For columns of numbers that have integers: a bit for each row.
    pub(crate) integers: HashMap<u32, Vec<u8>>,
}

impl Side {
    /// Returns the side's bytes; empty if the columns express everything.
    pub(crate) fn to_bytes(&self, columns: usize) -> std::io::Result<Vec<u8>> {
        let is_plain = self.shapes.are_plain(columns);
        if is_plain && self.integers.is_empty() {
            return Ok(Vec::new());
        }
        let mut out = Vec::new();
        match is_plain {
            true => put(0, &mut out),
            false => self.put_shapes(&mut out),
        }
        put(self.integers.len() as u64, &mut out);
        let mut integers: Vec<_> = self.integers.iter().collect();
        integers.sort();
        for (column, bits) in integers {
            put(u64::from(*column), &mut out);
            out.extend_from_slice(bits);
        }
        let length = u32::try_from(out.len()).map_err(std::io::Error::other)?;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(zstd::bulk::compress(&out, LEVEL)?);
        Ok(bytes)
    }

    fn put_shapes(&self, out: &mut Vec<u8>) {
        let Shapes { list, of_rows } = &self.shapes;
        put(list.len() as u64, out);
        for shape in list {
            put(shape.len() as u64, out);
            for place in shape.iter() {
                put(u64::from(place.wrapping_add(1)), out);
            }
        }
        if list.len() > 1 {
            for run in of_rows.chunk_by(|one, other| one == other) {
                put(u64::from(run[0]), out);
                put(run.len() as u64, out);
            }
        }
    }

    /// Reads the side of a row group with this number of rows and columns; `None` if it is damaged.
    pub(crate) fn from_bytes(bytes: &[u8], rows: usize, columns: usize) -> Option<Self> {
        let plain = || Shapes {
            list: vec![(0..columns as u32).collect()],
            of_rows: vec![0; rows],
        };
        if bytes.is_empty() {
            return Some(Self {
                shapes: plain(),
                ..Self::default()
            });
        }
        let (length, bytes) = bytes.split_first_chunk()?;
        let bytes = zstd::bulk::decompress(bytes, u32::from_le_bytes(*length) as usize).ok()?;
        let mut rest = &bytes[..];
        let shapes = match take(&mut rest)? {
            0 => plain(),
            count => take_shapes(usize::try_from(count).ok()?, &mut rest, rows, columns)?,
        };
        let mut integers = HashMap::new();
        for _ in 0..take(&mut rest)? {
            let column = take(&mut rest).filter(|column| *column < columns as u64)?;
            let (bits, after) = rest.split_at_checked(rows.div_ceil(8))?;
            integers.insert(column as u32, bits.to_vec());
            rest = after;
        }
        rest.is_empty().then_some(Self { shapes, integers })
    }
}

fn take_shapes(count: usize, rest: &mut &[u8], rows: usize, columns: usize) -> Option<Shapes> {
    let mut shapes = Shapes::default();
    for _ in 0..count {
        let length = take(rest).filter(|length| *length <= rest.len() as u64)?;
        let places = (0..length).map(|_| {
            let place = take(rest).filter(|place| *place <= columns as u64)?;
            Some((place as u32).wrapping_sub(1))
        });
        shapes.list.push(places.collect::<Option<Arc<[u32]>>>()?);
    }
    if count == 1 {
        shapes.of_rows = vec![0; rows];
        return Some(shapes);
    }
    while shapes.of_rows.len() < rows {
        let number = take(rest).filter(|number| *number < count as u64)?;
        let left = rows - shapes.of_rows.len();
        let length = take(rest).filter(|length| (1..=left as u64).contains(length))?;
        let end = shapes.of_rows.len() + length as usize;
        shapes.of_rows.resize(end, number as u32);
    }
    Some(shapes)
}

fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
