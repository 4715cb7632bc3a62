//! From the paths of a recipe to the sources of a dataset.

use std::path::PathBuf;

use coldpress_storage::{StoreSchemes, one_spelling};

use crate::error::{Error, Result};
use crate::format::Format;
use crate::options::ResolveOptions;
use crate::source::{Location, Source, check_sealed};

mod gather;
mod layout;
mod opened;
mod pattern;
mod remote;
mod search;
mod sorted;

use gather::Gathered;
use opened::Opened;

/// The most notes that are reported, because thousands of files may have the same oddity.
const MAX_NOTES: usize = 100;

/// The sources of a dataset, and notes about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The sources in plan order: in the given order, and by name within a directory or pattern.
    pub sources: Vec<Source>,
    /// The number of sources that each path led to.
    pub of_paths: Vec<usize>,
    /// Notes about oddities, such as a wrong suffix or files that are left out.
    pub notes: Vec<String>,
    /// Files that a folder lists as its data but does not have.
    pub missing: Vec<MissingFile>,
}

impl Resolved {
    /// Returns one sentence for each file that cannot be read at all, because it is damaged as a whole or does not exist.
    pub fn unreadable(&self) -> Vec<String> {
        let damaged = self.sources.iter().filter_map(|source| {
            let path = &source.identity.path;
            match &source.format {
                Format::Damaged(reason) => Some(format!("`{path}` cannot be read: {reason}")),
                _ => None,
            }
        });
        let missing = self
            .missing
            .iter()
            .map(|file| format!("`{}` cannot be read: {}", file.path.display(), file.reason));
        damaged.chain(missing).collect()
    }
}

/// A file that belongs to the dataset according to its folder, but does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFile {
    /// The place where it should be.
    pub path: PathBuf,
    /// The reason why it is expected.
    pub reason: String,
}

/// Findings about the files, besides the files themselves.
#[derive(Default)]
struct Remarks {
    notes: Vec<String>,
    missing: Vec<MissingFile>,
}

/// Finds and opens the files of `paths`: files, directories (searched recursively) and patterns.
///
/// `suffixes` are those of the files to read from a directory; none means the known ones, packed or not. A file that is named twice
/// is read twice.
///
/// # Errors
/// Fails when a path leads nowhere, when a directory has no such file, or when a file cannot be read or has another format.
pub fn resolve(paths: &[String], suffixes: &[String]) -> Result<Resolved> {
    let options = ResolveOptions {
        suffixes: suffixes.to_vec(),
        ..ResolveOptions::default()
    };
    resolve_inputs(paths, &options, &StoreSchemes::default(), &mut |_| Ok(true))
}

/// A file that a path in the recipe leads to, before it is opened.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The file.
    pub file: &'a Location,
    /// The path that led to it.
    pub path: &'a str,
    /// True if that path is the file's own, not that of a directory or a pattern.
    pub is_named: bool,
}

/// A function that says whether a file is an input, or merely lies among inputs.
pub type IsInput<'a> = dyn FnMut(Found<'_>) -> Result<bool> + 'a;

/// Like [`resolve`], with all options, and without files that are not inputs. A path may be a URL with one of the `schemes`: of a
/// file, or, if files can be listed there, of a folder (everything that begins with it and a `/`) or a pattern.
///
/// A file that is damaged as a whole becomes a source of [`Format::Damaged`](crate::Format), so that the others can be read.
///
/// # Errors
/// Fails like [`resolve`], when the options name a delimiter that is not allowed, and with any error of `is_input`.
pub fn resolve_inputs(
    paths: &[String],
    options: &ResolveOptions,
    schemes: &StoreSchemes,
    is_input: &mut IsInput<'_>,
) -> Result<Resolved> {
    check_delimiter(options)?;
    let mut gathered = Gathered::new(options.by_suffix);
    let mut remarks = Remarks::default();
    for path in paths {
        let path = &*one_spelling(local_path(path));
        gathered.begin_path(path);
        let files = match remote::is_url(path) {
            true => remote::files_of(path, &options.suffixes, schemes, is_input, &mut remarks)?,
            false => search::files_of(path, &options.suffixes, is_input, &mut remarks)?,
        };
        for file in files {
            remarks.notes.extend(without_version(&file));
            let file = match &options.key {
                None => file,
                Some(key) => file.sealed(key),
            };
            check_sealed(&file)?;
            let opened = Opened::new(&file, options)?;
            remarks.notes.extend(gathered.add(opened));
        }
    }
    let Remarks { mut notes, missing } = remarks;
    let more = notes.len().saturating_sub(MAX_NOTES);
    if more > 0 {
        notes.truncate(MAX_NOTES);
        notes.push(format!("{more} more notes like these are left out"));
    }
    let (sources, of_paths) = gathered.finish();
    Ok(Resolved {
        sources,
        of_paths,
        notes,
        missing,
    })
}

/// Returns a note about a file at a URL whose server does not tell versions apart.
fn without_version(file: &Location) -> Option<String> {
    let Location::Remote(remote) = file else {
        return None;
    };
    remote.meta().version.is_none().then(|| {
        format!(
            "the server of `{}` gives neither an ETag nor the time of the last change: if the file changes while the job runs, \
             that is noticed only where its length changes too",
            file.display()
        )
    })
}

/// Returns the path without the scheme of a `file://` URL.
pub fn local_path(path: &str) -> &str {
    match path.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => rest,
        _ => path,
    }
}

fn check_delimiter(options: &ResolveOptions) -> Result<()> {
    match options.delimiter {
        Some(delimiter @ (b'"' | b'\n' | b'\r' | 0x80..)) => Err(Error::Delimiter { delimiter }),
        _ => Ok(()),
    }
}
