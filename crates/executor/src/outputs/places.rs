//! Places where no output may go, whatever may be replaced there.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use coldpress_dataset::{Location, Source};
use coldpress_export::{ExportTarget, OutputPlace, Standing};
use coldpress_job::{JobId, Journal, Layout};
use coldpress_storage::{FileId, real_place, spelled_alike};

use super::list::{Output, Outputs};
use crate::error::{Error, Result};

/// Refuses outputs that have no place where they are to go, whatever may be replaced there: among the files of a job, on
/// each other, on a device.
pub(crate) fn refuse_misplaced(outputs: &Outputs, layout: &Layout) -> Result<()> {
    let mut taken: Vec<(PathBuf, &Output)> = Vec::new();
    let mut taken_urls: Vec<(String, &Output)> = Vec::new();
    for output in outputs.iter().filter(|output| !output.is_of_job()) {
        let name = output.target.place().name();
        if name.starts_with('.') && name.contains(".coldpress.") {
            return Err(output.refused("has a name that is kept for files beside exports"));
        }
        let path = match output.target.place() {
            OutputPlace::Path(path) => path,
            OutputPlace::Url(place) => {
                let url = place.url().to_owned();
                let clash = taken_urls.iter().find(|(other, known)| {
                    *other == url || (known.target.is_directory() && is_below(&url, other))
                });
                if let Some((_, other)) = clash {
                    return Err(lost_in(output, other));
                }
                taken_urls.push((url, output));
                continue;
            }
        };
        let place = real_place(path)?;
        let reserving = match is_analysis(layout, &place) {
            true => None,
            false => job_that_reserves(layout, &place),
        };
        if let Some(job) = reserving {
            let reason = format!("lies among the files of the job `{job}`; export elsewhere");
            return Err(output.refused(&reason));
        }
        let clash = taken.iter().find(|(other, known)| {
            *other == place || (known.target.is_directory() && place.starts_with(other))
        });
        if let Some((_, other)) = clash {
            return Err(lost_in(output, other));
        }
        if let Standing::Special(what) = special_standing(&output.target, path)? {
            let reason = format!("{what}; export to a regular file");
            return Err(output.refused(&reason));
        }
        taken.push((place, output));
    }
    Ok(())
}

fn lost_in(output: &Output, other: &Output) -> Error {
    let other = other.target.place();
    output.refused(&format!(
        "would be lost in the output `{other}`; choose another place"
    ))
}

/// Returns whether a URL is that of something below another one.
fn is_below(url: &str, above: &str) -> bool {
    url.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// What stands there, if it is special; nothing is read.
fn special_standing(target: &ExportTarget, path: &Path) -> Result<Standing> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(target.standing()?),
        _ => Ok(Standing::Free),
    }
}

/// Returns whether a place is that of the job's own statistics: an analysis writes them into its folder.
fn is_analysis(own: &Layout, place: &Path) -> bool {
    real_place(own.statistics()).is_ok_and(|statistics| statistics == place)
}

/// The job, this one or another, that keeps this place for its own files.
fn job_that_reserves(own: &Layout, place: &Path) -> Option<JobId> {
    let reserves = |layout: &Layout| layout.places().is_ok_and(|own| own.reserves(place));
    if reserves(own) {
        return Some(own.job_id().clone());
    }
    place.ancestors().skip(1).find_map(|folder| {
        let id: JobId = folder.file_name()?.to_str()?.parse().ok()?;
        let layout = Layout::in_dir(folder.parent()?, id).ok()?;
        let is_its = reserves(&layout) && Journal::exists(&layout).ok()?;
        is_its.then(|| layout.job_id().clone())
    })
}

/// Refuses outputs that would take the place of an input, however either of them is spelled or linked.
///
/// Asked at the start, and again right before an output takes its place.
pub(crate) fn refuse_replacing(sources: &[Source], outputs: &Outputs) -> Result<()> {
    let mut taken: HashMap<FileId, &Output> = HashMap::new();
    for output in outputs.iter() {
        let target = &output.target;
        let (Some(path), Some(ownership)) = (target.path(), target.ownership_path()) else {
            refuse_replacing_urls(sources, output)?;
            continue;
        };
        let ids = [
            FileId::of(path),
            FileId::of_name(path),
            FileId::of(&ownership),
            FileId::of_name(&ownership),
        ];
        taken.extend(ids.into_iter().flatten().map(|id| (id, output)));
    }
    if taken.is_empty() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for source in sources {
        for input in files_of(source).iter().filter_map(Location::local) {
            let own = [FileId::of(input), FileId::of_name(input)];
            let above = folders_above(input, &mut seen);
            let ids = own.into_iter().flatten().chain(above);
            for id in ids {
                if let Some(output) = taken.get(&id) {
                    let input = input.display();
                    let reason = format!("would replace the input `{input}`; export elsewhere");
                    return Err(output.refused(&reason));
                }
            }
        }
    }
    Ok(())
}

/// As [`refuse_replacing`], of an output in a store: no input is one of its objects or its signature.
fn refuse_replacing_urls(sources: &[Source], output: &Output) -> Result<()> {
    for input in sources.iter().flat_map(files_of) {
        if output.has_object(input) {
            let input = input.display();
            let reason = format!("would replace the input `{input}`; export elsewhere");
            return Err(output.refused(&reason));
        }
    }
    Ok(())
}

impl Output {
    /// Returns whether a file behind a URL is where this output has an object or its signature.
    pub(crate) fn has_object(&self, file: &Location) -> bool {
        let (OutputPlace::Url(place), None) = (self.target.place(), file.local()) else {
            return false;
        };
        let Some(found) = file.shown().to_str() else {
            return false;
        };
        let name = self.target.place().name();
        let (found, url) = spelled_alike(found, place.url());
        let folder = url.rsplit_once('/').map_or("", |(folder, _)| folder);
        found == url
            || self.target.is_directory() && is_below(&found, &url)
            || found == format!("{folder}/.{name}.coldpress.json")
    }
}

fn files_of(source: &Source) -> &[Location] {
    match source.members.as_slice() {
        [] => std::slice::from_ref(&source.path),
        members => members,
    }
}

/// The folders that an input is in, by its name and by where its name leads, but for those that were seen before.
fn folders_above(input: &Path, seen: &mut HashSet<PathBuf>) -> Vec<FileId> {
    let mut ids = Vec::new();
    let places = [std::path::absolute(input), input.canonicalize()];
    for place in places.into_iter().flatten() {
        for folder in place.ancestors().skip(1) {
            if !seen.insert(folder.to_path_buf()) {
                break;
            }
            ids.extend(FileId::of(folder));
        }
    }
    ids
}
