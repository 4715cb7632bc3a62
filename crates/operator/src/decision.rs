//! Decisions about the rows of one partition at a barrier.

/// The decision of an operator that needs the whole dataset about the rows of one partition, in their order.
///
/// ```
/// use coldpress_operator::Decision;
///
/// let mut decision = Decision::keep_all(3);
/// decision.remove(1);
/// assert_eq!([0, 1, 2].map(|row| decision.stays(row)), [true, false, true]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    rows: u64,
    /// One bit for each row, the lowest bit of a byte first, set if the row stays.
    stays: Vec<u8>,
    /// The rows that have no signature, in ascending order.
    unsigned: Vec<u64>,
    /// The rows and the indices of the parts that are cut out of them, in ascending order.
    cuts: Vec<(u64, u64)>,
}

impl Decision {
    /// Returns a decision that keeps this number of rows as they are.
    pub fn keep_all(rows: u64) -> Self {
        let mut stays = vec![u8::MAX; rows.div_ceil(8) as usize];
        if let (Some(last), over @ 1..) = (stays.last_mut(), rows % 8) {
            *last = (1 << over) - 1;
        }
        Self {
            rows,
            stays,
            ..Self::default()
        }
    }

    /// Removes a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn remove(&mut self, row: u64) {
        self.stays[(row / 8) as usize] &= !(1 << (row % 8));
    }

    /// Adds the next row that could not be signed. Rows must come in ascending order.
    pub fn push_unsigned(&mut self, row: u64) {
        self.unsigned.push(row);
    }

    /// Cuts a part out of a row. Rows, and the parts of a row, must come in ascending order.
    pub fn push_cut(&mut self, row: u64, part: u64) {
        self.cuts.push((row, part));
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns whether a row stays. Rows after the last one don't.
    pub fn stays(&self, row: u64) -> bool {
        row < self.rows && self.stays[(row / 8) as usize] >> (row % 8) & 1 == 1
    }

    /// Returns the number of rows that stay.
    pub fn staying(&self) -> u64 {
        let ones = self.stays.iter().map(|byte| u64::from(byte.count_ones()));
        ones.sum()
    }

    /// Returns the rows that have no signature: the operator fails on them.
    pub fn unsigned(&self) -> &[u64] {
        &self.unsigned
    }

    /// Returns all cuts: rows, and indices of parts.
    pub fn cuts(&self) -> &[(u64, u64)] {
        &self.cuts
    }

    /// Returns the bits of all rows, eight to a byte, the lowest first.
    pub fn bits(&self) -> &[u8] {
        &self.stays
    }

    /// Makes a decision from its parts; `None` if they do not fit together.
    pub fn from_parts(
        rows: u64,
        stays: Vec<u8>,
        unsigned: Vec<u64>,
        cuts: Vec<(u64, u64)>,
    ) -> Option<Self> {
        let decision = Self {
            rows,
            stays,
            unsigned,
            cuts,
        };
        let rise = decision.unsigned.is_sorted_by(|a, b| a < b)
            && decision.cuts.is_sorted_by(|a, b| a < b);
        let last = decision.unsigned.last().copied();
        let last = last.max(decision.cuts.last().map(|(row, _)| *row));
        let within = last.is_none_or(|row| row < rows);
        let has_bits = decision.stays.len() as u64 == rows.div_ceil(8);
        let beyond = has_bits
            && (rows..8 * rows.div_ceil(8))
                .any(|row| decision.stays[(row / 8) as usize] >> (row % 8) & 1 == 1);
        (rise && within && has_bits && !beyond).then_some(decision)
    }

    /// Returns the indices of the parts that are cut out of a row.
    pub fn cuts_of(&self, row: u64) -> impl Iterator<Item = u64> {
        let first = self.cuts.partition_point(|(of, _)| *of < row);
        let of_row = self.cuts[first..]
            .iter()
            .take_while(move |(of, _)| *of == row);
        of_row.map(|(_, part)| *part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_fit_together_are_no_decision() {
        let whole = |rows, stays: &[u8], unsigned: &[u64], cuts: &[(u64, u64)]| {
            Decision::from_parts(rows, stays.to_vec(), unsigned.to_vec(), cuts.to_vec()).is_some()
        };
        assert!(whole(9, &[0xff, 1], &[2, 8], &[(0, 1), (0, 2), (8, 0)]));
        assert!(whole(0, &[], &[], &[]));
        assert!(!whole(9, &[0xff], &[], &[]));
        assert!(!whole(9, &[0xff, 3], &[], &[]));
        assert!(!whole(9, &[0xff, 1], &[9], &[]));
        assert!(!whole(9, &[0xff, 1], &[3, 2], &[]));
        assert!(!whole(9, &[0xff, 1], &[], &[(9, 0)]));
    }

    #[test]
    fn all_rows_stay_and_no_others() {
        for rows in [0, 1, 7, 8, 9, 64] {
            let decision = Decision::keep_all(rows);
            assert_eq!(decision.staying(), rows);
            assert!(!decision.stays(rows));
            let parts = (decision.bits().to_vec(), Vec::new(), Vec::new());
            assert_eq!(
                Decision::from_parts(rows, parts.0, parts.1, parts.2),
                Some(decision)
            );
        }
    }

    #[test]
    fn cuts_are_found_by_row() {
        let mut decision = Decision::keep_all(5);
        for (row, part) in [(1, 0), (1, 3), (4, 2)] {
            decision.push_cut(row, part);
        }
        let cuts = [0, 1, 4].map(|row| decision.cuts_of(row).collect::<Vec<_>>());
        assert_eq!(cuts, [vec![], vec![0, 3], vec![2]]);
    }
}
