//! Finding where to go on after a row whose quotes do not match.
//!
//! A quote that is never closed turns everything up to the next quote, or to the end of the file, into one row. Such a row is read
//! again line by line: most of its lines are then rows of their own, and reading goes on at the first of them. A well-formed cell
//! with line breaks passes, because its lines are not rows.
//!
//! The decision depends only on the bytes of the row itself, so reading gives the same rows wherever it begins.

use memchr::{memchr_iter, memchr2};

use super::scan::{Scan, Syntax};

/// The number of lines of a row that are judged: enough to distinguish rows from the lines of a text.
const JUDGED_LINES: usize = 1000;

/// The reason why a row of several lines is suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The file ends inside quotes.
    Open,
    /// It is longer than a record may be.
    Long,
    /// Text follows a closing quote.
    Stray,
    /// Its quotes match so far, but it has more cells than the header.
    Unended,
    /// Its quotes match, but its number of cells differs from the header's.
    Count,
    /// Nothing visible is wrong.
    Nothing,
}

/// Returns where in `row` the next plausible row begins, if the first line does not belong to what follows.
pub(super) fn next_row(
    row: &[u8],
    syntax: Syntax,
    columns: usize,
    trouble: Trouble,
) -> Option<usize> {
    memchr2(b'\n', b'\r', row)?;
    let mut lines: Vec<Line<'_>> = Lines { row, at: 0 }.take(JUDGED_LINES + 2).collect();
    let is_cut = lines.last().is_some_and(|last| last.end() < row.len());
    match trouble {
        // The lines of a text that breaks off cannot be distinguished from rows of one cell.
        Trouble::Open if columns == 1 => return None,
        Trouble::Open | Trouble::Stray => {}
        // The last line may continue past the limit.
        Trouble::Long => {
            lines.pop();
        }
        // The quotes match, so they are meaningful unless all lines are rows without them.
        Trouble::Unended | Trouble::Count | Trouble::Nothing => {
            let (first, last) = (lines.first()?, lines.last()?);
            let goes_on = is_cut || trouble == Trouble::Unended;
            let are_rows = first.is_plain_row(syntax, columns)
                && (goes_on || last.is_plain_row(syntax, columns));
            // A line of a text may happen to look like a row, but several consecutive lines do not. With tabs, fewer lines are
            // enough.
            let fewest = if syntax.delimiter == b'\t' { 3 } else { 5 };
            if !are_rows || columns == 1 || lines.len() < fewest {
                return None;
            }
            lines.pop();
        }
    }
    let candidates = lines.get(1..)?;
    let mut scan = Scan::new(syntax, usize::MAX);
    let mut good = candidates
        .iter()
        .filter(|line| line.is_row(&mut scan, syntax, columns));
    let first = good.next()?.start;
    ((1 + good.count()) * 2 > candidates.len()).then_some(first)
}

/// A line of a row that is not blank.
struct Line<'a> {
    start: usize,
    text: &'a [u8],
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Returns whether the line has as many cells as the header when a quote is an ordinary character.
    fn is_plain_row(&self, syntax: Syntax, columns: usize) -> bool {
        memchr_iter(syntax.delimiter, self.text).count() + 1 == columns
    }

    /// Returns whether the line is a row of its own whose quotes match.
    fn is_row(&self, scan: &mut Scan, syntax: Syntax, columns: usize) -> bool {
        scan.begin_row();
        let _ = scan.run(self.text);
        let is_open = scan.finish();
        if is_open || scan.is_stray || scan.count != columns as u64 {
            return false;
        }
        // Programs that write tabs rarely quote. Elsewhere a quote inside a cell is the end of one that began before.
        let mut plain = scan.cells.iter().filter(|cell| !cell.is_quoted);
        syntax.delimiter == b'\t'
            || !plain.any(|cell| self.text[cell.start..cell.end].contains(&b'"'))
    }
}

struct Lines<'a> {
    row: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        while self.at < self.row.len() {
            let start = self.at;
            let rest = &self.row[start..];
            let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            self.at = start + length + 1;
            let text = &rest[..length];
            if !text.trim_ascii().is_empty() {
                return Some(Line { start, text });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(row: &str, columns: usize, delimiter: u8, trouble: Trouble, next: Option<&str>) {
        let syntax = Syntax::quoted(delimiter);
        let found = next_row(row.as_bytes(), syntax, columns, trouble);
        assert_eq!(found.map(|at| &row[at..]), next, "{row:?}");
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_line() {
        use Trouble::{Count, Long, Nothing, Open, Stray};
        let rows = "1,\"a\r\n2,b\n\n3,\"c\"\n4,d";
        check(rows, 2, b',', Open, Some("2,b\n\n3,\"c\"\n4,d"));
        check("1,\"a\nb\n2,c\n3,d", 2, b',', Open, Some("2,c\n3,d"));
        check("1,\"a\n2,b\n3,c\n4", 2, b',', Long, Some("2,b\n3,c\n4"));
        check("1\t\"a\n2\t\"b\" c", 2, b'\t', Stray, None);
        check("1\t\"a\n2\tb\n3\t\"c\" d", 2, b'\t', Stray, None);
        check(
            "1\t\"a\n2\tb\n3\tc\n4\t\"d\" e",
            2,
            b'\t',
            Stray,
            Some("2\tb\n3\tc\n4\t\"d\" e"),
        );
        check("\"a\nb\nc", 1, b',', Open, None);
        check("\"a\nb\nc", 1, b',', Long, Some("b\nc"));
        let rows = "1,\"a\n2,b\n3,c\n4,d\n5\",e";
        check(rows, 2, b',', Count, Some("2,b\n3,c\n4,d\n5\",e"));
        check(
            "1\t\"a\n2\tb\n3\tc\"",
            2,
            b'\t',
            Nothing,
            Some("2\tb\n3\tc\""),
        );
    }

    #[test]
    fn the_lines_of_a_text_are_no_rows() {
        use Trouble::{Count, Long, Nothing, Open, Stray};
        check("1,\"a\nb\nc, d\n", 2, b',', Open, None);
        check("1,\"a\nb", 2, b',', Long, None);
        check("1,\"a\nb\" c", 2, b',', Stray, None);
        check("1,\"a\nb, c\" d", 2, b',', Stray, None);
        check("1,\"a\nb, c\nd\",e", 2, b',', Count, None);
        check("1,\"a\nb\",c", 2, b',', Count, None);
        check("1\t\"a\tb\n2\tc\n3\"", 2, b'\t', Nothing, None);
        check("1,\"a\"", 2, b',', Stray, None);
    }
}
