//! Rows of an analysis whose recipe splits records. A value that was computed before a splitter occurs once for each piece.

use coldpress_checkpoint::RowBlock;
use coldpress_record::Origin;

use crate::job_report::thresholds::Call;

/// Identifies the records that an operator saw, in the rows that were made of them.
pub(super) struct Pieces {
    /// The number of splitters.
    splitters: usize,
    /// The last row of the block before.
    before: Option<Origin>,
}

impl Pieces {
    pub(super) fn of(calls: &[Call]) -> Self {
        Self {
            splitters: splitters(calls),
            before: None,
        }
    }

    /// Returns which rows of a block are the first that were made of a record as it was after this many splitters; none if each row
    /// is such a record.
    pub(super) fn firsts(&self, block: &RowBlock, splitters: usize) -> Option<Vec<bool>> {
        if splitters >= self.splitters {
            return None;
        }
        let before = std::iter::once(self.before.as_ref()).chain(block.origins.iter().map(Some));
        let rows = before.zip(&block.origins);
        let is_first = |(before, row): (Option<&Origin>, &Origin)| {
            before.is_none_or(|before| !is_same(before, row, splitters))
        };
        Some(rows.map(is_first).collect())
    }

    /// Notes that a block was seen.
    pub(super) fn pass(&mut self, block: &RowBlock) {
        if let Some(last) = block.origins.last() {
            self.before = Some(last.clone());
        }
    }
}

/// Returns how many of these operators are splitters.
pub(super) fn splitters(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.splits).count()
}

/// Returns whether two rows are pieces of the same record. The pieces of a record follow one another.
fn is_same(one: &Origin, other: &Origin, splitters: usize) -> bool {
    let path = |origin: &Origin| -> Vec<u32> {
        let path = origin.piece.indices().iter().take(splitters);
        path.copied().collect()
    };
    (one.source, one.position) == (other.source, other.position) && path(one) == path(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_record_are_one_record_to_who_came_before_the_splitter() {
        let (one, other) = (Origin::new(0, 7), Origin::new(0, 9));
        let origins = [
            one.child(0).child(0),
            one.child(0).child(1),
            one.child(1).child(0),
            other.child(0).child(0),
        ];
        let block = |range: std::ops::Range<usize>| {
            let mut block = RowBlock::default();
            block.origins.extend_from_slice(&origins[range]);
            block
        };
        let mut pieces = Pieces {
            splitters: 2,
            before: None,
        };
        let firsts = |pieces: &Pieces, block: &RowBlock| {
            [0, 1].map(|splitters| pieces.firsts(block, splitters).unwrap())
        };
        assert_eq!(
            firsts(&pieces, &block(0..4)),
            [[true, false, false, true], [true, false, true, true]]
        );
        assert_eq!(pieces.firsts(&block(0..4), 2), None);
        // The place where one block ends and the next begins makes no difference.
        pieces.pass(&block(0..1));
        assert_eq!(
            firsts(&pieces, &block(1..4)),
            [[false, false, true], [false, true, true]]
        );
    }
}
