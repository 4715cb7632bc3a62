//! `coldpress jobs remove`: the folders of a job that is not running.

use std::path::Path;
use std::time::Duration;

use coldpress::job::{
    JobLock, JobSummary, Journal, Layout, LockOptions, OwnPlaces, Scratch, open_stores, url_of_job,
};
use coldpress::report::quantity::plain;
use coldpress::storage::{
    AttemptName, ObjectMeta, ObjectName, ObjectStore, StoreSchemes, StoreSpec,
};

use crate::failure::{Failure, chain, code};
use crate::output;

/// Removes the job's folder, and what the job has in folders elsewhere.
///
/// Which those are is read from the summary, a file that anyone may have edited: there only files go that have the
/// names of a job's files, and folders that are empty then.
pub(super) fn run(layout: &Layout, schemes: &StoreSchemes) -> Result<u8, Failure> {
    layout.prove()?;
    // One beat at the start and no more, so that no file appears in a folder that is being removed.
    let options = LockOptions {
        beat_every: Duration::from_secs(3600),
        ..LockOptions::default()
    };
    let lock = JobLock::acquire(layout, &options)?;
    remove_stored(layout, schemes)?;
    remove_copied_log(layout, schemes)?;
    remove_known(
        layout,
        layout.checkpoint_dir(),
        &["partition_", "stage_", "checkpoint_"],
    )?;
    remove_known(layout, layout.event_log_dir(), &["events."])?;
    if let Some(parent) = layout.event_log_dir().parent() {
        remove_known(layout, parent, &[])?;
    }
    if layout.url().is_some() {
        layout.remove_objects()?;
        // Its end is the last beat, which goes too.
        drop(lock);
        layout.remove_heartbeat()?;
        remove_stand_in(layout, schemes)?;
        output::print(&format!("removed {}\n", plain(&layout.shown())))?;
        return Ok(code::DONE);
    }
    // Last, so that after a failure before it there still is a job.
    let job_dir = layout.job_dir();
    let own = layout.places()?;
    let has_others = remove_own(&own, own.job_dir())?;
    if job_dir.is_symlink() && !has_others {
        std::fs::remove_file(job_dir).map_err(cannot_remove(job_dir))?;
    }
    drop(lock);
    let shown = plain(&job_dir.display().to_string());
    if has_others {
        output::tell(&format!(
            "warning: {shown} holds files that are not the job's, and they stay"
        ));
    }
    output::print(&format!("removed {shown}\n"))?;
    Ok(code::DONE)
}

/// Removes the folder in which drivers of this machine worked on the job, where the recipe named no other.
fn remove_stand_in(layout: &Layout, schemes: &StoreSchemes) -> Result<(), Failure> {
    let Some(url) = layout.url() else {
        return Ok(());
    };
    let scratch = Scratch::Below(crate::assets::scratch());
    let of_drivers = Layout::at_url(url, layout.job_id().clone(), schemes, &scratch)?;
    Ok(of_drivers.remove_stand_in()?)
}

/// Removes the files of attempts from stores elsewhere, which the journal names.
fn remove_stored(layout: &Layout, schemes: &StoreSchemes) -> Result<(), Failure> {
    let state = match Journal::read(layout) {
        Ok(state) => state,
        // The journal would say where the files are. Below the URL of the job they can be found without it.
        Err(_) if layout.url().is_some() => return remove_attempts_below(layout),
        // A job without a journal has left nothing elsewhere.
        Err(_) => return Ok(()),
    };
    if state.stores().is_empty() {
        return Ok(());
    }
    let stores = open_stores(layout, &state, schemes)?;
    for place in state.stores().keys() {
        let objects = stores.list(*place, "").map_err(cannot)?;
        remove_attempts(&**stores.of(*place), &objects)?;
    }
    Ok(())
}

fn remove_attempts_below(layout: &Layout) -> Result<(), Failure> {
    let Some(store) = layout.remote_store() else {
        return Ok(());
    };
    remove_attempts(&*store, &store.list("").map_err(cannot)?)
}

/// Returns whether an object has the name of a file of an attempt, in whatever folder of the job it is.
fn is_of_attempt(name: &ObjectName) -> bool {
    let last = name.as_str().rsplit('/').next().unwrap_or_default();
    [name.own(), last]
        .iter()
        .any(|name| name.parse::<AttemptName>().is_ok())
}

/// Removes those of the objects that have names of files of attempts.
fn remove_attempts(store: &dyn ObjectStore, objects: &[ObjectMeta]) -> Result<(), Failure> {
    let names = objects.iter().map(|object| &object.name);
    let ours: Vec<_> = names.filter(|name| is_of_attempt(name)).collect();
    let failed = store.delete_all(&ours).into_iter().next();
    failed.map_or(Ok(()), |failure| Err(cannot(failure)))
}

/// Removes the copy of the event log, of which the summary says where it is.
fn remove_copied_log(layout: &Layout, schemes: &StoreSchemes) -> Result<(), Failure> {
    let summary = JobSummary::read(layout).ok().flatten();
    let url = summary.and_then(|summary| summary.event_log_url);
    let Some(url) = url.filter(|url| url_of_job(url, layout.job_id()) == *url) else {
        return Ok(());
    };
    let store = schemes.open(&StoreSpec::Url(url)).map_err(cannot)?;
    let copies = store.list("event_logs/events.").map_err(cannot)?;
    let names: Vec<_> = copies.iter().map(|copy| &copy.name).collect();
    let failed = store.delete_all(&names).into_iter().next();
    failed.map_or(Ok(()), |failure| Err(cannot(failure)))
}

fn cannot(error: coldpress::storage::Error) -> Failure {
    Failure::failed(chain(&error))
}

/// Removes the job's own files below a folder, and the folder once it is empty; whether others are left, such as an export
/// or an input that somebody keeps there.
fn remove_own(own: &OwnPlaces, folder: &Path) -> Result<bool, Failure> {
    let mut has_others = false;
    for entry in std::fs::read_dir(folder).map_err(cannot_remove(folder))? {
        let entry = entry.map_err(cannot_remove(folder))?;
        let (path, kind) = (entry.path(), entry.file_type());
        // A killed driver leaves files that it had not finished. Files beside an export have hidden names too.
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_begun = name.starts_with('.') && !name.contains(".coldpress.");
        if kind.is_ok_and(|kind| kind.is_dir()) {
            has_others |= remove_own(own, &path)?;
        } else if is_begun || own.would_make(&path) {
            std::fs::remove_file(&path).map_err(cannot_remove(&path))?;
        } else {
            has_others = true;
        }
    }
    if !has_others {
        std::fs::remove_dir(folder).map_err(cannot_remove(folder))?;
    }
    Ok(has_others)
}

fn remove_known(layout: &Layout, folder: &Path, prefixes: &[&str]) -> Result<(), Failure> {
    if folder.starts_with(layout.job_dir()) || !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(cannot_remove(folder))? {
        let entry = entry.map_err(cannot_remove(folder))?;
        let name = entry.file_name();
        let is_known = prefixes
            .iter()
            .any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
        if is_known && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            std::fs::remove_file(entry.path()).map_err(cannot_remove(&entry.path()))?;
        }
    }
    if std::fs::remove_dir(folder).is_err() {
        let folder = plain(&folder.display().to_string());
        output::tell(&format!(
            "warning: {folder} holds other files too, and stays"
        ));
    }
    Ok(())
}

fn cannot_remove(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::failed(format!("cannot remove `{path}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_attempts_are_known_in_whatever_folder_they_are() {
        let is_ours = |name: &str| is_of_attempt(&ObjectName::new(name).unwrap());
        assert!(is_ours("results/partition_000000.e1.a1.jsonl"));
        assert!(is_ours("partition_000000.e1.a1.index.parquet"));
        assert!(!is_ours("results/mine.jsonl"));
    }
}
