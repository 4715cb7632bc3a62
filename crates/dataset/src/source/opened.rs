//! Files as they are found, and what several of them settle together.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use coldpress_storage::open_file;

use super::{CsvKind, Format, Source, SourceIdentity};
use crate::convert::csv::join;
use crate::error::{Error, Result};
use crate::resolve::ResolveOptions;
use crate::sniff::sniff;

/// What the columns of one file hold; `None` where all cells are empty.
pub(crate) type Kinds = Vec<Option<CsvKind>>;

/// A source whose columns do not know yet what those of other files hold.
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) kinds: Kinds,
    pub(crate) notes: Vec<String>,
    /// Whether the last byte of a short text ends a record.
    pub(crate) ends_whole: bool,
}

impl Opened {
    /// Opens, sniffs and identifies a file.
    pub(crate) fn new(path: &Path, options: &ResolveOptions) -> Result<Self> {
        let mut file = open_source(path)?;
        let sniffed = sniff(path, &mut file, options)?;
        let mut source = Source {
            path: path.to_owned(),
            identity: SourceIdentity::of_file(&path.display().to_string(), path)?,
            compression: sniffed.compression,
            encoding: sniffed.encoding,
            format: sniffed.format,
            columns: Vec::new(),
            texts: sniffed.texts,
            members: Vec::new(),
        };
        if source.is_columnar() || matches!(source.format, Format::Csv(_)) {
            source.columns.clone_from(&options.columns);
        }
        Ok(Self {
            source,
            kinds: sniffed.kinds,
            notes: sniffed.notes,
            ends_whole: sniffed.ends_whole,
        })
    }
}

/// Opens a file of a dataset; a pipe or a device, which gives its bytes only once, is refused without waiting for it.
pub(crate) fn open_source(path: &Path) -> Result<File> {
    open_file(path).map_err(|error| match error {
        coldpress_storage::Error::NotAFile { found, .. } => Error::Unsupported {
            path: path.display().to_string(),
            what: found,
            help: "a dataset is read more than once, so write the content to a file first",
        },
        coldpress_storage::Error::Io { source, .. } => Error::io("open", path)(source),
        other => other.into(),
    })
}

/// Gives columns of the same name the same kind in all files; `kinds` are what each source was found to hold.
pub(crate) fn settle_kinds(sources: &mut [Source], kinds: Vec<Kinds>) {
    let mut joined: BTreeMap<String, Option<CsvKind>> = BTreeMap::new();
    for (source, kinds) in sources.iter().zip(&kinds) {
        if let Format::Csv(dialect) = &source.format {
            for (column, kind) in dialect.columns.iter().zip(kinds) {
                let entry = joined.entry(column.name.clone()).or_default();
                *entry = join(*entry, *kind);
            }
        }
    }
    for source in sources {
        if let Format::Csv(dialect) = &mut source.format {
            for column in &mut dialect.columns {
                let kind = joined.get(&column.name).copied().flatten();
                column.kind = kind.unwrap_or_default();
            }
        }
    }
}
