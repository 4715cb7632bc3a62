//! Places where no output may go, whatever may be replaced there.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use coldpress_dataset::{Location, Source};
use coldpress_export::{ExportTarget, Standing};
use coldpress_job::{JobId, Journal, Layout};
use coldpress_storage::{FileId, real_place};

use super::list::{Output, Outputs};
use crate::error::Result;

/// Refuses outputs that have no place where they are to go, whatever may be replaced there: among the files of a job, on
/// each other, on a device.
pub(crate) fn refuse_misplaced(outputs: &Outputs, layout: &Layout) -> Result<()> {
    let mut taken: Vec<(PathBuf, &Output)> = Vec::new();
    for output in outputs.iter().filter(|output| !output.is_of_job()) {
        let place = real_place(output.target.path())?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.contains(".coldpress.") {
            return Err(output.refused("has a name that is kept for files beside exports"));
        }
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
            let other = other.target.path().display();
            let reason = format!("would be lost in the output `{other}`; choose another place");
            return Err(output.refused(&reason));
        }
        if let Standing::Special(what) = special_standing(&output.target)? {
            let reason = format!("{what}; export to a regular file");
            return Err(output.refused(&reason));
        }
        taken.push((place, output));
    }
    Ok(())
}

/// What stands there, if it is special; nothing is read.
fn special_standing(target: &ExportTarget) -> Result<Standing> {
    match std::fs::metadata(target.path()) {
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
        let (path, ownership) = (output.target.path(), output.target.ownership_path());
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
