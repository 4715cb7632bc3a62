//! Finding the files at a URL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress_storage::{RemoteFiles, RemoteMeta, StoreSchemes};

use super::layout::is_hive;
use super::sorted::Sorted;
use super::{Found, IsInput, Remarks};
use crate::error::{Error, Result};
use crate::source::Location;

/// Returns whether a path in the recipe is a URL: a scheme of letters, and `://`.
pub(super) fn is_url(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// Returns the files at `url` in order: a file, those below a folder, or those that match a pattern.
pub(super) fn files_of(
    url: &str,
    suffixes: &[String],
    schemes: &StoreSchemes,
    is_input: &mut IsInput<'_>,
    remarks: &mut Remarks,
) -> Result<Vec<Location>> {
    let files = schemes.files(url)?;
    let web = url.starts_with("http://") || url.starts_with("https://");
    if url.contains(['*', '?', '[']) && !web {
        return of_pattern(url, &files, is_input);
    }
    if !url.ends_with('/') {
        match files.examine(url) {
            Ok(meta) => {
                let file = Location::remote(meta, files);
                let found = Found {
                    file: &file,
                    path: url,
                    is_named: true,
                };
                return Ok(if is_input(found)? { vec![file] } else { vec![] });
            }
            Err(error) if !error.is_not_found() || web => return Err(error.into()),
            Err(_) => {}
        }
    }
    of_folder(url, suffixes, &files, is_input, remarks)
}

/// Returns the files of a folder: everything that begins with its name and a `/`.
fn of_folder(
    url: &str,
    suffixes: &[String],
    files: &Arc<dyn RemoteFiles>,
    is_input: &mut IsInput<'_>,
    remarks: &mut Remarks,
) -> Result<Vec<Location>> {
    let folder = format!("{}/", url.trim_end_matches('/'));
    let (mut sorted, mut metas) = (Sorted::new(&folder, suffixes), BTreeMap::new());
    let mut others = 0;
    list(files, &folder, &mut |meta| {
        others += 1;
        let below = meta.url.strip_prefix(&folder).unwrap_or_default();
        // Some tools create an object that represents a folder.
        if below.is_empty() || below.ends_with('/') {
            return Ok(());
        }
        let (above, name) = below.rsplit_once('/').unwrap_or(("", below));
        // Spark, Hadoop, Arrow and Hugging Face treat these as bookkeeping.
        let is_bookkeeping = |part: &str| part.starts_with(['.', '_']);
        if above.split('/').any(is_bookkeeping) || is_bookkeeping(name) {
            return Ok(());
        }
        let file = Location::remote(meta.clone(), Arc::clone(files));
        let found = Found {
            file: &file,
            path: url,
            is_named: false,
        };
        if !is_input(found)? {
            return Ok(());
        }
        for folder in Path::new(above)
            .ancestors()
            .filter(|folder| is_hive(folder))
        {
            sorted.note_hive(folder);
        }
        let path = PathBuf::from(&meta.url);
        sorted.add(path.clone(), name);
        metas.insert(path, file);
        Ok(())
    })?;
    if others == 0 {
        return Err(Error::Missing {
            path: url.to_owned(),
        });
    }
    let found = sorted.finish(remarks)?.into_iter();
    Ok(found.filter_map(|path| metas.remove(&path)).collect())
}

fn of_pattern(
    url: &str,
    files: &Arc<dyn RemoteFiles>,
    is_input: &mut IsInput<'_>,
) -> Result<Vec<Location>> {
    let pattern = glob::Pattern::new(url).map_err(|error| Error::Pattern {
        path: url.to_owned(),
        reason: error.to_string(),
    })?;
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        require_literal_separator: true,
        ..glob::MatchOptions::new()
    };
    let plain = url.split(['*', '?', '[']).next().unwrap_or_default();
    let mut found = Vec::new();
    list(files, plain, &mut |meta| {
        if meta.url.ends_with('/') || !pattern.matches_with(&meta.url, options) {
            return Ok(());
        }
        let file = Location::remote(meta, Arc::clone(files));
        let asked = Found {
            file: &file,
            path: url,
            is_named: false,
        };
        if is_input(asked)? {
            found.push(file);
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Err(Error::Missing {
            path: url.to_owned(),
        });
    }
    Ok(found)
}

/// Calls `each` with all files whose URLs begin with `prefix`, and returns its error if it fails.
fn list(
    files: &Arc<dyn RemoteFiles>,
    prefix: &str,
    each: &mut dyn FnMut(RemoteMeta) -> Result<()>,
) -> Result<()> {
    let mut failed = None;
    let listed = files.list(prefix, &mut |meta| {
        each(meta).map_err(|error| {
            let stopped = std::io::Error::other(error.to_string());
            failed = Some(error);
            coldpress_storage::Error::io("list", prefix, stopped)
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(listed?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme() {
        for url in ["s3://b/k", "HTTPS://host", "git+ssh://x"] {
            assert!(is_url(url), "{url}");
        }
        for path in [
            "/a/b", "a.jsonl", "c:\\x", "c://x", "a b://x", "://x", "1s://x",
        ] {
            assert!(!is_url(path), "{path}");
        }
    }
}
