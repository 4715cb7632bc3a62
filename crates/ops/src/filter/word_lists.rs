//! The common part of filters by the share of listed words.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use coldpress_operator::{
    Asset, Filter, LoadError, ParamError, Record, RecordError, ResolveContext, Resolved, Shared,
    StatKind, StatValue,
};

use serde_json::json;

use super::range::range_filter_of_records;
use super::words::{WordReader, Words};
use crate::text::words::{GroupCount, WordList, WordLists};

/// The size of the largest file of word lists that is read. All languages of a real one come to less than a megabyte.
const MAX_BYTES: u64 = 64 << 20;

/// A kind of word lists.
pub(super) struct Kind {
    /// The text that the names of the files contain.
    pub(super) name: &'static str,
    /// The parameter that names the folder.
    pub(super) folder: &'static str,
    pub(super) stat: &'static str,
    /// The list that is used if there is no file.
    pub(super) built_in: &'static [u8],
    /// The name of the built-in list, with its version.
    pub(super) stand_in: &'static str,
}

/// The parameters of a filter by such lists.
pub(super) struct Call {
    pub(super) lang: String,
    pub(super) tokenization: bool,
    pub(super) bounds: (Option<f64>, Option<f64>),
    pub(super) folder: Option<String>,
    /// The sizes of groups of words that count as words too, and the text between their words.
    pub(super) groups: Option<(Vec<u64>, String)>,
}

impl Kind {
    /// Resolves a filter by the share of words that are on the list of a language.
    pub(super) fn filter(
        &self,
        call: Call,
        context: &mut ResolveContext<'_>,
    ) -> Result<Resolved<impl Filter + use<>>, ParamError> {
        let words = Words::resolve(&call.lang, call.tokenization, context)?;
        let list = self.list(&call, context)?;
        let basis = json!([call.lang, call.tokenization, call.folder, call.groups]);
        let groups = call.groups.map(|(sizes, join)| {
            let sizes = sizes
                .into_iter()
                .map(|size| usize::try_from(size).unwrap_or(usize::MAX));
            (sizes.collect::<Vec<_>>(), join)
        });
        let make = move |shared: &Shared| {
            let mut words = words.load(shared)?;
            let (list, groups) = (list.clone()?, groups.clone());
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
        let resolved = range_filter_of_records(stat, call.bounds, context, make);
        Ok(resolved.stats_depend_on(basis))
    }

    /// Returns the list of the language, from the files of the folder or else the built-in one. A file that cannot be opened is an
    /// error only when the operator is made, so that all assets of a recipe can be listed even if some are missing.
    fn list(
        &self,
        call: &Call,
        context: &mut ResolveContext<'_>,
    ) -> Result<Result<Arc<WordList>, LoadError>, ParamError> {
        let mut lists = WordLists::default();
        let files = self.files(call.folder.as_deref(), context)?;
        if files.is_empty() {
            let added = lists.add(self.built_in);
            added.map_err(|error| ParamError::new(self.folder, error))?;
        }
        for file in &files {
            let path = file.path.display();
            let json = match read(&file.path) {
                Ok(json) => json,
                Err(error) => {
                    return Ok(Err(LoadError::new(format!(
                        "cannot read `{path}`: {error}"
                    ))));
                }
            };
            lists.add(&json).map_err(|error| {
                ParamError::new(
                    self.folder,
                    format_args!("leads to `{path}`, which {error}"),
                )
            })?;
        }
        match lists.list(&call.lang) {
            Some(list) => Ok(Ok(Arc::new(list))),
            None => Err(self.no_language(&call.lang, &lists)),
        }
    }

    /// Returns the files with lists. `None` means that the built-in ones are used, which is reported. Where Data-Juicer's are
    /// wanted, the file that it downloads must be there.
    fn files(
        &self,
        folder: Option<&str>,
        context: &mut ResolveContext<'_>,
    ) -> Result<Vec<Asset>, ParamError> {
        let name = self.name;
        let is_list = |file: &str| file.ends_with(".json") && file.contains(name);
        let files = context.asset_files(self.folder, folder, is_list)?;
        if !files.is_empty() {
            return Ok(files);
        }
        if context.compat() {
            let folder = folder.map_or(String::new(), |folder| format!("{folder}/"));
            let file = context.asset(self.folder, &format!("{folder}{name}.json"))?;
            return Ok(vec![file]);
        }
        let place = match folder {
            Some(folder) => format!("the folder `{folder}`"),
            None => "the place where assets are kept".to_owned(),
        };
        context.stand_in(format!("`*{name}*.json` in {place}"), self.stand_in);
        Ok(files)
    }

    fn no_language(&self, lang: &str, lists: &WordLists) -> ParamError {
        let known: Vec<&str> = lists.languages().collect();
        let files = format!("`*{}*.json`", self.name);
        let message = match known.is_empty() {
            true => format!("is `{lang}`, and no language has a list in {files}"),
            false => format!(
                "is `{lang}`, which has no list in {files}; use {}, or all for all of these",
                known.join(", ")
            ),
        };
        ParamError::new("lang", message)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut json = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut json)?;
    match json.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        ))),
        false => Ok(json),
    }
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
