//! Turns opened files into sources: text files are combined, and so are many small files of one kind.

use super::opened::{Opened, settle_kinds};
use crate::format::{CsvKind, Format};
use crate::sniff::SNIFF_BYTES;
use crate::source::{Location, Source, SourceIdentity};

/// The most files of one source. The list is part of every plan that names the source.
const MAX_MEMBERS: usize = 10_000;

/// The fewest small files that are combined. With fewer, a partition for each costs nothing, and the quarantine names the file.
const MIN_SMALL_FILES: usize = 64;

/// The sources so far.
#[derive(Default)]
pub(super) struct Gathered {
    done: Vec<Opened>,
    /// The path in the recipe that the files come from.
    path: String,
    /// The number of sources that were done when each path began.
    begins: Vec<usize>,
    /// Files that may become one source.
    run: Vec<Opened>,
    /// True if all files must have the same suffix.
    by_suffix: bool,
}

impl Gathered {
    pub(super) fn new(by_suffix: bool) -> Self {
        Self {
            by_suffix,
            ..Self::default()
        }
    }

    /// Starts the files of this path in the recipe.
    pub(super) fn begin_path(&mut self, path: &str) {
        self.close_run();
        self.begins.push(self.done.len());
        path.clone_into(&mut self.path);
    }

    /// Adds a file and returns its notes.
    pub(super) fn add(&mut self, mut opened: Opened) -> Vec<String> {
        let notes = std::mem::take(&mut opened.notes);
        let joins = can_join(&opened)
            && self.run.len() < MAX_MEMBERS
            && self
                .run
                .first()
                .is_none_or(|first| self.go_together(first, &opened));
        if !joins {
            self.close_run();
        }
        if can_join(&opened) {
            self.run.push(opened);
        } else {
            self.done.push(opened);
        }
        notes
    }

    fn go_together(&self, first: &Opened, other: &Opened) -> bool {
        let kind = |source: &Source| (source.compression, source.encoding);
        kind(&first.source) == kind(&other.source)
            && first.source.format == other.source.format
            && first.source.columns == other.source.columns
            && (!self.by_suffix || first.source.suffix() == other.source.suffix())
    }

    /// Returns the sources, and how many each path led to.
    pub(super) fn finish(mut self) -> (Vec<Source>, Vec<usize>) {
        self.close_run();
        let end = self.done.len();
        let ends = self.begins.iter().skip(1).chain([&end]);
        let of_paths = self.begins.iter().zip(ends);
        let of_paths = of_paths.map(|(begin, end)| end - begin).collect();
        let (mut sources, mut kinds) = (Vec::new(), Vec::new());
        for opened in self.done {
            sources.push(opened.source);
            kinds.push(opened.kinds);
        }
        settle_kinds(&mut sources, kinds);
        (sources, of_paths)
    }

    fn close_run(&mut self) {
        let mut run = std::mem::take(&mut self.run);
        let is_text = run
            .first()
            .is_some_and(|first| first.source.format == Format::Text);
        let fewest = if is_text { 2 } else { MIN_SMALL_FILES };
        if run.len() < fewest {
            self.done.append(&mut run);
            return;
        }
        let Some(first) = run.first() else { return };
        let (mut source, mut kinds) = (first.source.clone(), first.kinds.clone());
        for opened in &run {
            for (kind, other) in kinds.iter_mut().zip(&opened.kinds) {
                *kind = CsvKind::join(*kind, *other);
            }
        }
        let (members, identities): (Vec<Location>, Vec<SourceIdentity>) = run
            .into_iter()
            .map(|opened| (opened.source.path, opened.source.identity))
            .unzip();
        source.identity = SourceIdentity::of_members(&self.path, &members, &identities);
        source.path = match members.first() {
            Some(first) if first.is_remote() => first.clone(),
            _ => Location::File(self.path.clone().into()),
        };
        source.members = members;
        self.done.push(Opened {
            source,
            kinds,
            notes: Vec::new(),
            ends_whole: true,
        });
    }
}

/// Returns whether a file may be read as one with its neighbours: a text file, or a small one that does not end in a torn record.
fn can_join(opened: &Opened) -> bool {
    let source = &opened.source;
    match source.format {
        Format::Text => true,
        Format::Lines | Format::Array | Format::Values | Format::Field(_) => {
            source.is_plain() && opened.ends_whole
        }
        Format::Csv(_) => source.is_plain() && source.identity.length < SNIFF_BYTES,
        _ => false,
    }
}
