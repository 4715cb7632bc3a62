//! A simple parser of delimited text that goes byte by byte, as the reference for tests.

use coldpress_record::rejected_line;

use crate::format::CsvKind;

/// One cell: its content, and whether it was in quotes.
type PlainCell = (Vec<u8>, bool);

/// A row as a simple parser of RFC 4180 finds it, going byte by byte over the whole text.
#[derive(Debug, Default)]
pub(super) struct PlainRow {
    pub(super) start: usize,
    pub(super) bytes: Vec<u8>,
    cells: Vec<PlainCell>,
    pub(super) is_open: bool,
    is_stray: bool,
    /// The first cell that continues after a quote that follows a backslash.
    escaped: Option<usize>,
    /// The start of the next row, for lines whose quotes do not match.
    broken_to: Option<usize>,
}

/// Returns where in the row reading continues, if its quotes do not match.
fn plain_next(row: &PlainRow, delimiter: u8, columns: usize, is_ended: bool) -> Option<usize> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in row.bytes.split(|byte| *byte == b'\n' || *byte == b'\r') {
        if line.iter().any(|byte| !byte.is_ascii_whitespace()) {
            lines.push((at, line));
        }
        at += line.len() + 1;
    }
    let plain_count = |line: &[u8]| line.split(|byte| *byte == delimiter).count();
    let mut candidates = lines.iter().skip(1).collect::<Vec<_>>();
    if row.is_open && columns == 1 || !row.bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return None;
    }
    if !is_ended || !row.is_open && !row.is_stray {
        let ends_are_rows = lines.len() > 4
            && plain_count(lines[0].1) == columns
            && (!is_ended || plain_count(lines[lines.len() - 1].1) == columns);
        if row.cells.len() == columns || columns == 1 || !ends_are_rows {
            return None;
        }
        candidates.pop();
    }
    let is_row = |line: &[u8]| {
        let (row, _) = plain_row(line, 0, delimiter, None);
        let bare = |cell: &PlainCell| !cell.1 && cell.0.contains(&b'"');
        !row.is_open && !row.is_stray && row.cells.len() == columns && !row.cells.iter().any(bare)
    };
    let good: Vec<usize> = candidates
        .iter()
        .filter(|(_, line)| is_row(line))
        .map(|(at, _)| *at)
        .collect();
    (good.len() * 2 > candidates.len()).then(|| good[0])
}

pub(super) fn plain_rows(bytes: &[u8], delimiter: u8) -> Vec<PlainRow> {
    let mut rows: Vec<PlainRow> = Vec::new();
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    while at < bytes.len() {
        let columns = rows.first().map(|first| first.cells.len());
        let (mut row, end) = plain_row(bytes, at, delimiter, columns);
        if let Some(next) = row.broken_to {
            rows.push(row);
            at = next;
            continue;
        }
        row.bytes = bytes[row.start..end].to_vec();
        at = end + 1;
        let has_quotes = row.cells.iter().any(|(_, quoted)| *quoted);
        let next = columns
            .filter(|_| has_quotes)
            .and_then(|columns| plain_next(&row, delimiter, columns, true));
        if let Some(next) = next {
            at = row.start + next;
            row.bytes.truncate(next - 1);
            row.is_open = false;
            row.broken_to = Some(at);
            rows.push(row);
            continue;
        }
        let is_blank = row.bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let is_row =
            !row.bytes.is_empty() && (!is_blank || row.cells.len() > 1 || columns == Some(1));
        if is_row {
            rows.push(row);
        }
    }
    rows
}

/// Returns the row that begins at `at`, and where it ends.
///
/// A row of more than `columns` cells is judged at the next quoted cell.
fn plain_row(
    bytes: &[u8],
    mut at: usize,
    delimiter: u8,
    columns: Option<usize>,
) -> (PlainRow, usize) {
    let mut unjudged = columns;
    let mut row = PlainRow {
        start: at,
        ..PlainRow::default()
    };
    loop {
        let (mut cell, mut quoted) = (Vec::new(), false);
        if bytes.get(at) == Some(&b'"') {
            let has_quotes = row.cells.iter().any(|(_, quoted)| *quoted);
            if let Some(columns) = unjudged.take_if(|columns| row.cells.len() > *columns)
                && has_quotes
            {
                row.bytes = bytes[row.start..at].to_vec();
                if let Some(next) = plain_next(&row, delimiter, columns, false) {
                    row.bytes.truncate(next - 1);
                    row.broken_to = Some(row.start + next);
                    return (row, at);
                }
            }
            quoted = true;
            at += 1;
            loop {
                match bytes[at..] {
                    [] => {
                        row.is_open = true;
                        break;
                    }
                    [b'"', b'"', ..] => {
                        cell.push(b'"');
                        at += 2;
                    }
                    [b'"', ..] => {
                        at += 1;
                        let ends = [delimiter, b'\n', b'\r'];
                        let goes_on = bytes.get(at).is_some_and(|next| !ends.contains(next));
                        if goes_on && bytes[at - 2] == b'\\' {
                            row.escaped.get_or_insert(row.cells.len());
                        }
                        break;
                    }
                    [other, ..] => {
                        cell.push(other);
                        at += 1;
                    }
                }
            }
        }
        while let Some(byte) = bytes.get(at) {
            if *byte == delimiter || *byte == b'\n' || *byte == b'\r' {
                break;
            }
            row.is_stray |= quoted;
            cell.push(*byte);
            at += 1;
        }
        row.cells.push((cell, quoted));
        if bytes.get(at) != Some(&delimiter) {
            return (row, at);
        }
        at += 1;
    }
}

fn plain_kind(content: &str) -> Option<CsvKind> {
    let content = content.trim_matches([' ', '\t']);
    let lower = ["true", "True", "TRUE", "false", "False", "FALSE"];
    match content {
        "" => None,
        _ if lower.contains(&content) => Some(CsvKind::Bool),
        _ if content.trim().len() < content.len() => Some(CsvKind::Text),
        _ if serde_json::from_str::<serde_json::Number>(content).is_ok() => Some(CsvKind::Number),
        _ => Some(CsvKind::Text),
    }
}

/// Returns the lines that the rows after the header should become.
pub(super) fn plain_lines(rows: &[PlainRow], names: &[String]) -> Vec<Vec<u8>> {
    let texts = |row: &PlainRow| -> Option<Vec<(String, bool)>> {
        std::str::from_utf8(&row.bytes).ok()?;
        let good = !row.is_open && row.broken_to.is_none() && row.cells.len() == names.len();
        let cells = row.cells.iter();
        good.then(|| {
            cells
                .map(|(cell, quoted)| (String::from_utf8(cell.clone()).unwrap(), *quoted))
                .collect()
        })
    };
    let mut kinds = vec![None; names.len()];
    for row in rows.iter().filter_map(texts) {
        for (kind, (cell, _)) in kinds.iter_mut().zip(&row) {
            *kind = match (*kind, plain_kind(cell)) {
                (kind, None) | (None, kind) => kind,
                (one, other) if one == other => one,
                _ => Some(CsvKind::Text),
            };
        }
    }
    let line = |row: &PlainRow| {
        let mut line = Vec::new();
        let Some(cells) = texts(row) else {
            rejected_line(&plain_reason(row, names.len()), &row.bytes, &mut line);
            return line;
        };
        if let Some(cell) = row.escaped {
            let reason = format!(
                "the cell of column `{}` in the row that begins at byte {} goes on after a quote that follows a \
                 backslash; if a backslash keeps the meaning from quotes here, set `load_dataset_kwargs.escape`",
                names[cell], row.start
            );
            rejected_line(&reason, &row.bytes, &mut line);
            return line;
        }
        let fields = names
            .iter()
            .zip(cells)
            .zip(&kinds)
            .map(|((name, (cell, quoted)), kind)| {
                let trimmed = cell.trim_matches([' ', '\t']);
                let value = match kind {
                    _ if cell.is_empty() && !quoted => "null".to_owned(),
                    Some(CsvKind::Text) | None => serde_json::to_string(&cell).unwrap(),
                    Some(_) if trimmed.is_empty() => "null".to_owned(),
                    Some(CsvKind::Number) => trimmed.to_owned(),
                    Some(CsvKind::Bool) => trimmed.to_lowercase(),
                };
                format!("{}: {value}", serde_json::to_string(name).unwrap())
            });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", ")).into_bytes()
    };
    rows.iter().map(line).collect()
}

fn plain_reason(row: &PlainRow, columns: usize) -> String {
    let (start, count) = (row.start, row.cells.len());
    if let Some(end) = row.broken_to {
        format!(
            "a quote is left open in the row that begins at byte {start}; bytes {start} to {end} are left out, and \
             reading goes on with the row at byte {end} (`load_dataset_kwargs.quoting: none` reads quotes as characters)"
        )
    } else if row.is_open {
        format!("a quote is left open in the row that begins at byte {start}; the file ends in it")
    } else if std::str::from_utf8(&row.bytes).is_err() {
        format!("the row that begins at byte {start} is not valid UTF-8")
    } else {
        format!("the row that begins at byte {start} has {count} cells, the header has {columns}")
    }
}
