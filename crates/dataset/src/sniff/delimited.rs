//! The syntax of delimited text, and the kinds of its columns.

use std::path::Path;

use super::Sniffed;
use crate::convert::Chunks;
use crate::convert::csv::{Syntax, find_delimiter, find_escape, find_quoting, survey};
use crate::decode::{decompress, transcode};
use crate::error::{Error, Result};
use crate::format::{CsvColumn, CsvDialect, CsvHeader, CsvKind, Format};
use crate::options::ResolveOptions;
use crate::source::InputFile;

/// Returns the syntax of delimited text: as the recipe says, or as the first rows suggest.
pub(super) fn find_syntax(
    head: &[u8],
    is_whole: bool,
    likely: u8,
    options: &ResolveOptions,
) -> Syntax {
    let given = Syntax {
        delimiter: options.delimiter.unwrap_or(likely),
        quoting: options.quoting.unwrap_or(true),
        escape: options.escape,
    };
    let delimiter = options
        .delimiter
        .unwrap_or_else(|| find_delimiter(head, is_whole, given));
    let quoting = options
        .quoting
        .unwrap_or_else(|| find_quoting(head, is_whole, delimiter));
    let found = Syntax {
        delimiter,
        quoting,
        ..given
    };
    let escape = given.escape.or_else(|| find_escape(head, found));
    Syntax { escape, ..found }
}

/// Returns notes about the syntax of a file, if it is not what the name of the file promises.
pub(super) fn syntax_notes(
    path: &Path,
    syntax: Syntax,
    likely: u8,
    options: &ResolveOptions,
) -> Vec<String> {
    let path = path.display();
    let mut notes = Vec::new();
    if syntax.delimiter != likely && options.delimiter.is_none() {
        let delimiter = char::from(syntax.delimiter).escape_default();
        notes.push(format!(
            "the cells of `{path}` are read as delimited by `{delimiter}`"
        ));
    }
    if !syntax.quoting && options.quoting.is_none() {
        notes.push(format!(
            "quotes in `{path}` are read as ordinary characters; set `load_dataset_kwargs.quoting` to say otherwise"
        ));
    }
    if let Some(escape) = syntax.escape.filter(|_| options.escape.is_none()) {
        let escape = match escape {
            b'\\' => "a backslash".to_owned(),
            other => format!("`{}`", char::from(other)),
        };
        notes.push(format!(
            "`{path}`: {escape} before a quote is read as an escape; set `load_dataset_kwargs.escape` to say otherwise"
        ));
    }
    notes
}

/// Reads delimited text to find the names of its columns and their kinds.
pub(super) fn sniff_columns(
    path: &Path,
    file: &mut InputFile,
    syntax: Syntax,
    options: &ResolveOptions,
    sniffed: &mut Sniffed,
) -> Result<()> {
    let bytes = decompress(Box::new(file), sniffed.compression).map_err(Error::io("read", path))?;
    let chunks = Chunks::new(transcode(bytes, sniffed.encoding), 0);
    let is_text = |name: &str| {
        let is_chosen = options.columns.is_empty() || options.columns.iter().any(|c| c == name);
        !is_chosen || options.text_keys.iter().any(|key| key == name)
    };
    let survey =
        match survey(chunks, syntax, &options.header, is_text).map_err(Error::io("read", path))? {
            Ok(survey) => survey,
            Err(reason) => {
                sniffed.format = Format::Damaged(reason);
                return Ok(());
            }
        };
    let name = path.display();
    for note in survey.notes {
        sniffed.notes.push(format!("`{name}`: {note}"));
    }
    for column in &options.columns {
        if !survey.names.contains(column) {
            sniffed
                .notes
                .push(format!("`{name}` has no column `{column}`"));
        }
    }
    let columns = survey.names.into_iter().map(|name| CsvColumn {
        name,
        kind: CsvKind::Text,
    });
    sniffed.format = Format::Csv(CsvDialect {
        delimiter: syntax.delimiter,
        columns: columns.collect(),
        quoting: syntax.quoting,
        escape: syntax.escape,
        header: options.header == CsvHeader::FirstRow,
    });
    sniffed.kinds = survey.kinds;
    Ok(())
}
