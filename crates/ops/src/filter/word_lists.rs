//! What filters by the share of listed words have in common.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use coldpress_operator::{
    Asset, Filter, ParamError, Record, RecordError, ResolveContext, Resolved, Shared, StatKind,
    StatValue,
};

use super::range::range_filter_of_records;
use super::words::{WordReader, Words};
use crate::text::words::{GroupCount, WordList, WordLists};

/// The largest file of word lists that is read. All languages of a real one come to less than a megabyte.
const MAX_BYTES: u64 = 64 << 20;

/// A kind of word lists.
pub(super) struct Kind {
    /// What is in the names of the files.
    pub(super) name: &'static str,
    /// The parameter that names the folder.
    pub(super) folder: &'static str,
    pub(super) stat: &'static str,
    /// Used where there is no file.
    pub(super) built_in: &'static [u8],
    /// What that is, with its version.
    pub(super) stand_in: &'static str,
}

/// The parameters of a filter by such lists.
pub(super) struct Call {
    pub(super) lang: String,
    pub(super) tokenization: bool,
    pub(super) bounds: (Option<f64>, Option<f64>),
    pub(super) folder: Option<String>,
    /// The sizes of groups of words that count too, and what is between their words.
    pub(super) groups: Option<(Vec<u64>, String)>,
}

impl Kind {
    /// Resolves a filter by the share of words that are in the list of a language.
    pub(super) fn filter(
        &self,
        call: Call,
        context: &mut ResolveContext<'_>,
    ) -> Result<Resolved<impl Filter + use<>>, ParamError> {
        let words = Words::resolve(&call.lang, call.tokenization)?;
        let list = Arc::new(self.list(&call, context)?);
        let groups = call.groups.map(|(sizes, join)| {
            let sizes = sizes
                .into_iter()
                .map(|size| usize::try_from(size).unwrap_or(usize::MAX));
            (sizes.collect::<Vec<_>>(), join)
        });
        let make = move |shared: &Shared| {
            let mut words = words.load(shared)?;
            let (list, groups) = (Arc::clone(&list), groups.clone());
            let mut count = GroupCount::default();
            Ok(move |record: &Record<'_>| {
                let share = match &groups {
                    None => list.share(&*words.lowered(record)?),
                    Some((sizes, join)) => {
                        read_groups(&mut count, &mut words, record, join)?;
                        count.share(&list, sizes)
                    }
                };
                Ok(StatValue::Float(share))
            })
        };
        let stat = (self.stat, StatKind::Float);
        Ok(range_filter_of_records(stat, call.bounds, context, make))
    }

    /// The list of the language, from the files of the folder or else from what is built in.
    fn list(&self, call: &Call, context: &mut ResolveContext<'_>) -> Result<WordList, ParamError> {
        let folder = call.folder.as_deref();
        let is_list = |name: &str| name.ends_with(".json") && name.contains(self.name);
        let files = context.asset_files(self.folder, folder, is_list)?;
        let mut lists = WordLists::default();
        for file in &files {
            read(file, &mut lists).map_err(|error| {
                let path = file.path.display();
                ParamError::new(
                    self.folder,
                    format_args!("leads to `{path}`, which {error}"),
                )
            })?;
        }
        if files.is_empty() {
            self.use_built_in(folder, context)?;
            let added = lists.add(self.built_in);
            added.map_err(|error| ParamError::new(self.folder, error))?;
        }
        lists.list(&call.lang).ok_or_else(|| {
            let lang = &call.lang;
            let known: Vec<&str> = lists.languages().collect();
            let known = known.join(", ");
            let message = format!("names the language `{lang}`, which has no list of {}; there are {known}, and all for all of these", self.name);
            ParamError::new("lang", message)
        })
    }

    /// Says that the built-in lists are used; refuses to where Data-Juicer's are wanted.
    fn use_built_in(
        &self,
        folder: Option<&str>,
        context: &mut ResolveContext<'_>,
    ) -> Result<(), ParamError> {
        let name = self.name;
        let place = match folder {
            Some(folder) => format!("the folder `{folder}`"),
            None => "the place where assets are kept".to_owned(),
        };
        if context.compat() {
            let message = format!(
                "must name a folder with Data-Juicer's lists, `{name}.json`; {place} has no file `*{name}*.json`, and `compat` \
                 rules out the built-in ones"
            );
            return Err(ParamError::new(self.folder, message));
        }
        context.stand_in(format!("`*{name}*.json` in {place}"), self.stand_in);
        Ok(())
    }
}

fn read(file: &Asset, lists: &mut WordLists) -> Result<(), String> {
    let mut json = Vec::new();
    let opened = File::open(&file.path);
    let read = opened.and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut json));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if json.len() as u64 > MAX_BYTES {
        return Err(format!("has more than {MAX_BYTES} bytes"));
    }
    lists.add(&json)
}

fn read_groups(
    count: &mut GroupCount,
    words: &mut WordReader,
    record: &Record<'_>,
    join: &str,
) -> Result<(), RecordError> {
    count.clear();
    words.each_lowered(record, |word| count.push(word, join))
}
