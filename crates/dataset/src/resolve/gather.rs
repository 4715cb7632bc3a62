//! From opened files to sources: text files are put together.

use std::path::PathBuf;

use crate::source::{Format, Opened, Source, SourceIdentity, settle_kinds};

/// Text files of one source, at most. It is a part of every plan that names the source.
const MAX_MEMBERS: usize = 10_000;

/// The sources so far.
#[derive(Default)]
pub(super) struct Gathered {
    done: Vec<Opened>,
    /// The path of the recipe that the files come from.
    path: String,
    /// Text files that make one source.
    texts: Vec<Source>,
}

impl Gathered {
    /// The next files come from this path of the recipe.
    pub(super) fn begin_path(&mut self, path: &str) {
        self.close_texts();
        path.clone_into(&mut self.path);
    }

    /// Adds a file; returns its notes.
    pub(super) fn add(&mut self, mut opened: Opened) -> Vec<String> {
        let notes = std::mem::take(&mut opened.notes);
        let source = &opened.source;
        let goes_with = |first: &Source| {
            (first.compression, first.encoding) == (source.compression, source.encoding)
        };
        let is_text = source.format == Format::Text;
        let joins =
            is_text && self.texts.len() < MAX_MEMBERS && self.texts.first().is_none_or(goes_with);
        if !joins {
            self.close_texts();
        }
        if is_text {
            self.texts.push(opened.source);
        } else {
            self.done.push(opened);
        }
        notes
    }

    pub(super) fn finish(mut self) -> Vec<Source> {
        self.close_texts();
        let (mut sources, mut kinds) = (Vec::new(), Vec::new());
        for opened in self.done {
            sources.push(opened.source);
            kinds.push(opened.kinds);
        }
        settle_kinds(&mut sources, kinds);
        sources
    }

    fn close_texts(&mut self) {
        let mut texts = std::mem::take(&mut self.texts);
        let Some(mut source) = texts.pop() else {
            return;
        };
        if !texts.is_empty() {
            texts.push(source.clone());
            let (members, identities): (Vec<PathBuf>, Vec<SourceIdentity>) = texts
                .into_iter()
                .map(|text| (text.path, text.identity))
                .unzip();
            source.identity = SourceIdentity::of_members(&self.path, &members, &identities);
            source.path = PathBuf::from(&self.path);
            source.members = members;
        }
        self.done.push(Opened {
            source,
            kinds: Vec::new(),
            notes: Vec::new(),
        });
    }
}
