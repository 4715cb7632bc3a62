//! Reading any bytes as a file of some name, or as HTML, to its end: nothing may panic, run for ever or take memory that the file
//! does not justify.

use std::fs;

use coldpress_dataset::{Block, LineStream, Source, TableFile};
use coldpress_ops::text::html_text::html_text;
use coldpress_ops::text::soup::{markup_of_tables, rows_of_tables};
use coldpress_record::{Batch, DeclaredFields, Lines};

/// Longer records are read in pieces.
const MAX_RECORD_BYTES: u64 = 1 << 16;

/// Reads `bytes` as a file with this name.
pub fn read_as(name: &str, bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let path = folder.path().join(name);
    if fs::write(&path, bytes).is_err() {
        return;
    }
    let Ok((source, _)) = Source::open(&path) else {
        return;
    };
    if source.is_columnar() {
        read_table(&source);
    } else {
        read_lines(&source);
    }
}

/// Reads `bytes` as HTML, in both ways in which the operators do.
pub fn read_html(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let _ = html_text(&html);
    let _ = rows_of_tables(&html, true);
    let _ = markup_of_tables(&html);
}

fn read_table(source: &Source) {
    let Ok(file) = TableFile::open(source) else {
        return;
    };
    let Ok(mut rows) = file.stream(0..file.rows()) else {
        return;
    };
    // A file of a few bytes may rightly claim very many rows.
    for _ in 0..64 {
        if !matches!(rows.next_rows(), Ok(Some(_))) {
            return;
        }
    }
}

fn read_lines(source: &Source) {
    let Ok(mut stream) = LineStream::open(source, 0, None, MAX_RECORD_BYTES) else {
        return;
    };
    let fields = DeclaredFields::new(["text", "meta.text"]);
    let (mut lines, mut batch) = (Lines::default(), Batch::default());
    while let Ok(block) = stream.next_block(&mut lines) {
        if block == Block::End {
            return;
        }
        batch.fill(&mut lines, &fields, &mut Vec::new());
    }
}
