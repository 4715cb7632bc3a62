//! A row as bytes while it is on its way to its place: where it came from, its statistics, and its line.
//!
//! All numbers are little-endian: the source (`u32`), the position (`u64`), the number of splitters it went through (`u32`)
//! and the child taken at each (`u32`); for each statistic of the recipe the bytes of its value (`u32`, 0 for none) and the
//! value; then the line, without its end. These bytes never outlive the process.

use coldpress_checkpoint::RowBlock;
use coldpress_record::{ChildPath, Origin, Stat, StatValue};

/// A row, unpacked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unpacked<'b> {
    pub(super) origin: Origin,
    /// The value of each statistic of the recipe.
    pub(super) stats: Vec<Option<StatValue>>,
    pub(super) line: &'b [u8],
}

/// Packs a row of a block. `columns` are the places of the recipe's statistics among those of the block.
pub(super) fn pack(block: &RowBlock, row: usize, columns: &[Option<usize>]) -> Box<[u8]> {
    let line = &block.lines.bytes[block.lines.records[row].range()];
    let origin = &block.origins[row];
    let mut out = Vec::with_capacity(line.len() + 16 + 4 * columns.len());
    out.extend(origin.source.to_le_bytes());
    out.extend(origin.position.to_le_bytes());
    let indices = origin.piece.indices();
    out.extend((indices.len() as u32).to_le_bytes());
    out.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
    let mut bytes = Vec::new();
    for column in columns {
        bytes.clear();
        let values = column.and_then(|column| block.stats.get(column));
        if let Some(Some(value)) = values.and_then(|(_, values)| values.get(row)) {
            value.encode(&mut bytes);
        }
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(&bytes);
    }
    out.extend(line);
    out.into()
}

/// Returns where the statistics of a recipe are among those of a block.
pub(super) fn columns_of(block: &RowBlock, stats: &[Stat]) -> Vec<Option<usize>> {
    let column = |stat: &Stat| block.stats.iter().position(|(name, _)| *name == stat.name);
    stats.iter().map(column).collect()
}

/// Unpacks a row with so many statistics; none of bytes that were not packed.
pub(super) fn unpack(packed: &[u8], stats: usize) -> Option<Unpacked<'_>> {
    let mut rest = packed;
    let source = u32::from_le_bytes(*take(&mut rest)?);
    let position = u64::from_le_bytes(*take(&mut rest)?);
    let count = u32::from_le_bytes(*take(&mut rest)?);
    let indices = (0..count).map(|_| take(&mut rest).map(|index| u32::from_le_bytes(*index)));
    let indices = indices.collect::<Option<Vec<u32>>>()?;
    let mut values = Vec::with_capacity(stats);
    for _ in 0..stats {
        let length = u32::from_le_bytes(*take(&mut rest)?) as usize;
        let (value, after) = rest.split_at_checked(length)?;
        rest = after;
        values.push(match length {
            0 => None,
            _ => Some(StatValue::decode(value)?),
        });
    }
    Some(Unpacked {
        origin: Origin {
            piece: ChildPath::from_indices(&indices),
            ..Origin::new(source, position)
        },
        stats: values,
        line: rest,
    })
}

fn take<'b, const WIDTH: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; WIDTH]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use coldpress_record::StatKind;

    use super::*;

    #[test]
    fn a_row_comes_back_as_it_was_packed() {
        let mut block = RowBlock::default();
        let origins = [Origin::new(3, 1 << 40), Origin::new(0, 7).child(2).child(0)];
        for (origin, line) in origins.iter().zip([&b"{}"[..], br#"{"a": 1}"#]) {
            block.lines.push(0, line);
            block.origins.push(origin.clone());
        }
        let float = StatValue::Float(f64::from_bits(1));
        block.stats = vec![
            ("b".to_owned(), vec![None, Some(float.clone())]),
            ("a".to_owned(), vec![Some(StatValue::Int(-1)), None]),
        ];
        let stats = ["a", "c", "b"].map(|name| Stat {
            name: name.to_owned(),
            kind: StatKind::Int,
        });
        let columns = columns_of(&block, &stats);
        assert_eq!(columns, [Some(1), None, Some(0)]);
        for (row, (origin, values)) in origins
            .iter()
            .zip([
                [Some(StatValue::Int(-1)), None, None],
                [None, None, Some(float)],
            ])
            .enumerate()
        {
            let packed = pack(&block, row, &columns);
            let unpacked = unpack(&packed, 3).unwrap();
            assert_eq!(&unpacked.origin, origin);
            assert_eq!(unpacked.stats, values);
            let line = &block.lines.bytes[block.lines.records[row].range()];
            assert_eq!(unpacked.line, line);
            for length in 0..packed.len() - line.len() {
                assert_eq!(unpack(&packed[..length], 3), None);
            }
        }
    }
}
