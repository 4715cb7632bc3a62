//! Finding the character that separates cells.

use super::rows::{Event, Rows};
use super::scan::Syntax;

/// The delimiters that are tried when the recipe names none, the likelier first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// The number of first rows that are examined.
const SAMPLE_ROWS: usize = 1000;

/// Returns the delimiter that divides the first rows most evenly; `likely` if none or several do.
///
/// `is_whole` says that `head` is all of the text. Otherwise its last row is cut.
pub(crate) fn find_delimiter(head: &[u8], is_whole: bool, likely: Syntax) -> u8 {
    let (syntax, likely) = (likely, likely.delimiter);
    let others = DELIMITERS.into_iter().filter(|other| *other != likely);
    let mut best = (0, likely);
    for delimiter in std::iter::once(likely).chain(others) {
        let evenness = evenness(
            head,
            is_whole,
            Syntax {
                delimiter,
                ..syntax
            },
        );
        if evenness > best.0 {
            best = (evenness, delimiter);
        }
    }
    best.1
}

/// Returns how many of 1000 rows have as many cells as the first one; 0 if the first has only one cell.
fn evenness(head: &[u8], is_whole: bool, syntax: Syntax) -> usize {
    let counts = cell_counts(head, is_whole, syntax);
    match counts.first() {
        None | Some(1) => 0,
        Some(first) => {
            let same = counts.iter().filter(|count| *count == first).count();
            same * 1000 / counts.len()
        }
    }
}

/// Returns how many cells the first rows have.
fn cell_counts(head: &[u8], is_whole: bool, syntax: Syntax) -> Vec<u64> {
    let mut rows = Rows::new(syntax, 0, u64::MAX);
    let mut counts = Vec::new();
    let mut at = 0;
    while at < head.len() && counts.len() < SAMPLE_ROWS {
        let (taken, event) = rows.next(&head[at..]);
        at += taken;
        count(event, &mut counts);
    }
    if at == head.len() && (is_whole || counts.is_empty()) {
        rows.finish()
            .into_iter()
            .for_each(|event| count(event, &mut counts));
    }
    counts
}

fn count(event: Event<'_>, counts: &mut Vec<u64>) {
    if let Event::Row(row) = event
        && !row.is_blank(2)
        && !row.is_open
    {
        counts.push(row.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_that_divides_evenly_is_taken() {
        for (head, likely, expected) in [
            ("a,b\n1,2\n", b',', b','),
            ("a;b\n1,5;2,5\n3,5;4,5\n", b',', b';'),
            ("a\tb\n1, and 2\t3\n", b',', b'\t'),
            ("a|b|c\n1|2|3\n", b',', b'|'),
            ("a,b\n\"x;y\nz\",2\n", b';', b','),
            ("text\nhello, world\n", b',', b','),
            ("a,b\n1,2\n", b'\t', b','),
            ("id,text\n1,\"a;b\"\n2,\"c;d\"", b',', b','),
            ("", b'\t', b'\t'),
        ] {
            let found = find_delimiter(head.as_bytes(), true, Syntax::quoted(likely));
            assert_eq!(char::from(found), char::from(expected), "{head:?}");
        }
        assert_eq!(
            find_delimiter(b"a;b\n1;2\n3", false, Syntax::quoted(b',')),
            b';'
        );
    }
}
