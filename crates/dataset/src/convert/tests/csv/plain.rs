//! Delimited text, read byte by byte: what the rows mean, said plainly.

use coldpress_record::rejected_line;

use crate::source::CsvKind;

/// One cell: what it says, and whether it stood in quotes.
type PlainCell = (Vec<u8>, bool);

/// A row, told by a parser that goes byte by byte over the whole text: RFC 4180 said plainly.
#[derive(Debug, Default)]
pub(super) struct PlainRow {
    pub(super) start: usize,
    pub(super) bytes: Vec<u8>,
    cells: Vec<PlainCell>,
    pub(super) is_open: bool,
}

pub(super) fn plain_rows(bytes: &[u8], delimiter: u8) -> Vec<PlainRow> {
    let mut rows = Vec::new();
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    while at < bytes.len() {
        let mut row = PlainRow {
            start: at,
            ..PlainRow::default()
        };
        loop {
            let (mut cell, mut quoted) = (Vec::new(), false);
            if bytes.get(at) == Some(&b'"') {
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
                cell.push(*byte);
                at += 1;
            }
            row.cells.push((cell, quoted));
            if bytes.get(at) != Some(&delimiter) {
                break;
            }
            at += 1;
        }
        row.bytes = bytes[row.start..at].to_vec();
        at += 1;
        let is_blank = row.bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let of_one_column = rows
            .first()
            .is_some_and(|first: &PlainRow| first.cells.len() == 1);
        let is_row = !row.bytes.is_empty() && (!is_blank || row.cells.len() > 1 || of_one_column);
        if is_row {
            rows.push(row);
        }
    }
    rows
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

/// The lines that the rows after the header mean.
pub(super) fn plain_lines(rows: &[PlainRow], names: &[String]) -> Vec<Vec<u8>> {
    let texts = |row: &PlainRow| -> Option<Vec<(String, bool)>> {
        std::str::from_utf8(&row.bytes).ok()?;
        let good = !row.is_open && row.cells.len() == names.len();
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
    if row.is_open {
        format!("a quote is left open in the row that begins at byte {start}; the file ends in it")
    } else if std::str::from_utf8(&row.bytes).is_err() {
        format!("the row that begins at byte {start} is not valid UTF-8")
    } else {
        format!("the row that begins at byte {start} has {count} cells, the header has {columns}")
    }
}
