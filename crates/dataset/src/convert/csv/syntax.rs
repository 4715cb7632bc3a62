//! Finding out from its first rows whether a file quotes its cells, and how.

use memchr::{memchr_iter, memmem};

use super::rows::{Event, Rows};
use super::scan::Syntax;

/// The number of first rows that are examined.
const SAMPLE_ROWS: usize = 1000;

/// Returns whether a quote at the start of a cell begins a quoted one.
///
/// Tables with tabs are often written without any quoting. In such a table some line has a cell that begins with a quote and does
/// not end with one, and nearly all lines have as many cells as the first, with or without quoting. Everywhere else quotes are
/// quotes.
///
/// `is_whole` says that `head` is all of the text. Otherwise its last line is cut.
pub(crate) fn find_quoting(head: &[u8], is_whole: bool, delimiter: u8) -> bool {
    if delimiter != b'\t' {
        return true;
    }
    let mut lines: Vec<&[u8]> = head
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .take(SAMPLE_ROWS + 1)
        .collect();
    if !is_whole || lines.len() > SAMPLE_ROWS {
        lines.pop();
    }
    lines.retain(|line| !line.trim_ascii().is_empty());
    let cells = |line: &[u8]| memchr_iter(delimiter, line).count() + 1;
    let Some(columns) = lines.first().map(|line| cells(line)) else {
        return true;
    };
    let are_even = |line: &&[u8]| cells(line) == columns;
    let even = lines.iter().copied().filter(are_even).count();
    if columns < 2 || even * 20 < lines.len() * 19 {
        return true;
    }
    let (mut closed, mut open) = (0, 0);
    for (at, line) in lines.iter().enumerate().skip(1) {
        // A cell that continues on the next line makes that line uneven.
        let goes_on = lines.get(at + 1).is_some_and(|next| !are_even(next));
        for cell in line.split(|byte| *byte == delimiter) {
            match quotes_of(cell) {
                Quotes::Doubled => closed += 1,
                Quotes::Open if are_even(line) && !goes_on => open += 1,
                Quotes::None | Quotes::Around | Quotes::Open => {}
            }
        }
    }
    open <= closed
}

/// The evidence that the quotes of a cell on one line give about quoting.
enum Quotes {
    /// The cell does not begin with a quote.
    None,
    /// A quote at its start and one at its end: a quoted cell, or a text in quotation marks.
    Around,
    /// The same with doubled quotes inside, which nobody writes in plain text.
    Doubled,
    /// The quote at its start has no match at its end.
    Open,
}

fn quotes_of(cell: &[u8]) -> Quotes {
    let Some(inner) = cell.strip_prefix(b"\"") else {
        return Quotes::None;
    };
    let Some(inner) = inner.strip_suffix(b"\"") else {
        return Quotes::Open;
    };
    if !inner.contains(&b'"') {
        return Quotes::Around;
    }
    let runs = inner.split(|byte| *byte != b'"');
    match runs.map(<[u8]>::len).all(|length| length % 2 == 0) {
        true => Quotes::Doubled,
        false => Quotes::Open,
    }
}

/// Returns the character that escapes quotes inside quoted cells, if the first rows need one. It is a backslash.
pub(crate) fn find_escape(head: &[u8], syntax: Syntax) -> Option<u8> {
    if !syntax.quoting || memmem::find(head, b"\\\"").is_none() {
        return None;
    }
    let escape = Some(b'\\');
    let escaped = good_rows(head, Syntax { escape, ..syntax });
    escape.filter(|_| escaped > good_rows(head, syntax))
}

/// Returns how many rows have as many cells as the first and quotes that match.
fn good_rows(head: &[u8], syntax: Syntax) -> usize {
    let mut rows = Rows::new(syntax, 0, u64::MAX);
    let (mut at, mut read, mut good, mut columns) = (0, 0, 0, None);
    while at < head.len() && read < SAMPLE_ROWS {
        let (taken, event) = rows.next(&head[at..]);
        at += taken;
        if let Event::Row(row) = event
            && !row.is_blank(2)
        {
            read += 1;
            let expected = *columns.get_or_insert(row.count);
            good += usize::from(row.count == expected && !row.is_stray);
        }
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_with_tabs_show_whether_they_quote() {
        for (head, quoting) in [
            ("id\ttext\n1\t\"a\n2\tb\n", false),
            ("id\ttext\n1\t\"a\" b\n2\tb\n", false),
            ("id\ttext\n1\t\"a\"\n2\tb\n", true),
            ("id\ttext\n1\t\"a\nb\"\n2\tb\n", true),
            ("id\ttext\n1\t\"a \"\"b\"\"\"\n2\tb\n", true),
            ("id\ttext\n1\t\"a \"\"b\"\"\"\n2\t\"b\n3\tc\n", true),
            ("text\n\"a\nb\n", true),
            ("", true),
        ] {
            assert_eq!(
                find_quoting(head.as_bytes(), true, b'\t'),
                quoting,
                "{head:?}"
            );
        }
        assert!(find_quoting(b"id,text\n1,\"a\n2,b\n", true, b','));
    }

    #[test]
    fn a_backslash_is_one_where_rows_need_it() {
        let csv = Syntax::quoted(b',');
        for (head, escape) in [
            ("id,text\n1,\"a \\\"b\\\", c\"\n", Some(b'\\')),
            ("id,text\n1,\"a \"\"b\"\" \\\"\n", None),
            ("id,text\n1,\"C:\\\",2\n", None),
            ("id,text\n1,\"{\"\"a\"\": \"\"\\\"\"\"\"}\"\n", None),
        ] {
            assert_eq!(find_escape(head.as_bytes(), csv), escape, "{head:?}");
        }
    }
}
