//! A table from characters to small values, and the notation for sets of characters.

/// The number of characters in a page.
const PAGE: usize = 64;

/// A map from `char` to a small value, in two levels.
///
/// Characters that were never set share one page of defaults, so a table for a few hundred characters stays in
/// the first-level cache.
#[derive(Debug)]
pub(super) struct CharTable<T> {
    /// The index in `cells` of the page for each run of 64 code points.
    pages: Vec<u16>,
    cells: Vec<T>,
}

impl<T: Copy> CharTable<T> {
    pub(super) fn new(default: T) -> Self {
        Self {
            pages: vec![0; (char::MAX as usize + 1) / PAGE],
            cells: vec![default; PAGE],
        }
    }

    #[inline]
    pub(super) fn get(&self, c: char) -> T {
        self.at(c as usize / PAGE, c as usize % PAGE)
    }

    /// Returns the value of the code point `page * 64 + cell`. UTF-8 splits code points in the same way: the last byte has the
    /// cell.
    #[inline]
    pub(super) fn at(&self, page: usize, cell: usize) -> T {
        self.cells[usize::from(self.pages[page]) * PAGE + cell]
    }

    /// Returns the value of `c` for writing. The page of `c` gets cells of its own.
    pub(super) fn slot(&mut self, c: char) -> &mut T {
        let page = c as usize / PAGE;
        if self.pages[page] == 0 {
            self.pages[page] = (self.cells.len() / PAGE) as u16;
            self.cells.extend_from_within(..PAGE);
        }
        &mut self.cells[usize::from(self.pages[page]) * PAGE + c as usize % PAGE]
    }
}

/// Returns the characters of a set written like a regular expression's brackets: `x-z` is a range, and all other characters mean
/// themselves.
pub(super) fn members(set: &str) -> Vec<char> {
    let signs: Vec<char> = set.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&first) = signs.get(at) {
        match (signs.get(at + 1), signs.get(at + 2)) {
            (Some('-'), Some(&last)) => {
                found.extend(first..=last);
                at += 3;
            }
            _ => {
                found.push(first);
                at += 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_what_was_set_and_the_default_elsewhere() {
        let mut table = CharTable::new(7_u8);
        *table.slot('é') = 1;
        *table.slot('\u{10ffff}') = 2;
        *table.slot('\0') = 3;
        assert_eq!([1, 2, 3], ['é', '\u{10ffff}', '\0'].map(|c| table.get(c)));
        assert_eq!([7, 7, 7], ['è', 'a', '漢'].map(|c| table.get(c)));
    }

    #[test]
    fn a_set_has_ranges_and_single_characters() {
        assert_eq!(members("a-cx"), ['a', 'b', 'c', 'x']);
        assert_eq!(members(""), []);
    }
}
