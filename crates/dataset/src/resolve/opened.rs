//! Opened files, and the properties that several of them settle together.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;
use crate::format::{CsvKind, Format};
use crate::options::ResolveOptions;
use crate::sniff::sniff;
use crate::source::{Location, Source, SourceIdentity, open_source};

/// The kinds of the columns of one file; `None` if all cells are empty.
pub(super) type Kinds = Vec<Option<CsvKind>>;

/// A source whose columns do not yet take those of other files into account.
pub(super) struct Opened {
    pub(super) source: Source,
    pub(super) kinds: Kinds,
    pub(super) notes: Vec<String>,
    /// True if the last byte of a short text ends a record.
    pub(super) ends_whole: bool,
}

impl Opened {
    /// Opens, sniffs and identifies a file.
    pub(super) fn new(path: &Location, options: &ResolveOptions) -> Result<Self> {
        let mut file = open_source(path)?;
        let sniffed = sniff(path.shown(), &mut file, options)?;
        let mut source = Source {
            path: path.clone(),
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

/// Gives columns of the same name the same kind in all files. `kinds` are those found in each source.
pub(super) fn settle_kinds(sources: &mut [Source], kinds: Vec<Kinds>) {
    let mut joined: BTreeMap<String, Option<CsvKind>> = BTreeMap::new();
    for (source, kinds) in sources.iter().zip(&kinds) {
        if let Format::Csv(dialect) = &source.format {
            for (column, kind) in dialect.columns.iter().zip(kinds) {
                let entry = joined.entry(column.name.clone()).or_default();
                *entry = CsvKind::join(*entry, *kind);
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

impl Source {
    /// Opens, sniffs and identifies the file. The notes mention anything odd about it.
    ///
    /// # Errors
    /// Fails when the file cannot be read or has a format that is not supported.
    pub fn open(path: &Path) -> Result<(Self, Vec<String>)> {
        let opened = Opened::new(&path.into(), &ResolveOptions::default())?;
        let mut sources = vec![opened.source];
        settle_kinds(&mut sources, vec![opened.kinds]);
        Ok((sources.remove(0), opened.notes))
    }
}
