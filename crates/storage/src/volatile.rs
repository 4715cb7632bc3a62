//! What a power cut would take: for tests that kill the process and lose what was not synced.
//!
//! With `COLDPRESS_CRASH_LOSES=unsynced` a crash point first undoes what this crate did to the disk and did not sync: bytes
//! of files behind their last sync, names in folders behind theirs. That is the worst that a power cut may leave. Without a
//! crash point nothing is noted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::armed_point::is_armed;
use crate::exchange::exchange;
use crate::parent::parent_of;

/// The environment variable that makes a crash a power cut.
pub const LOSES_VARIABLE: &str = "COLDPRESS_CRASH_LOSES";

/// What is on the disk and would not survive.
#[derive(Default)]
struct Volatile {
    /// How much of each file was synced.
    synced_bytes: HashMap<PathBuf, u64>,
    /// Changes of names, the oldest first.
    names: Vec<Change>,
}

impl Volatile {
    /// Files and those in folders go with their names: each of these goes to the other.
    fn moves(&mut self, names: &[(&Path, &Path)]) {
        let moved = |path: PathBuf| {
            let found = names
                .iter()
                .find_map(|(from, to)| Some((path.strip_prefix(from).ok()?, to)));
            match found {
                Some((rest, to)) if rest.as_os_str().is_empty() => to.to_path_buf(),
                Some((rest, to)) => to.join(rest),
                None => path,
            }
        };
        let files = std::mem::take(&mut self.synced_bytes).into_iter();
        self.synced_bytes = files.map(|(path, bytes)| (moved(path), bytes)).collect();
    }
}

/// A change of names in folders that are not synced since.
enum Change {
    Created(PathBuf),
    /// With the bytes of a file that was replaced.
    Renamed(PathBuf, PathBuf, Option<Vec<u8>>),
    Exchanged(PathBuf, PathBuf),
    Removed(PathBuf, Vec<u8>),
}

/// None where nothing is lost; locked for good once the power is cut, so that nobody takes anything for synced then.
fn volatile() -> Option<MutexGuard<'static, Volatile>> {
    static STATE: OnceLock<Option<Mutex<Volatile>>> = OnceLock::new();
    if !is_armed() {
        return None;
    }
    let state = STATE.get_or_init(|| {
        let is_wanted = std::env::var_os(LOSES_VARIABLE).is_some_and(|lost| lost == "unsynced");
        is_wanted.then(Mutex::default)
    });
    let state = state.as_ref()?;
    Some(state.lock().unwrap_or_else(PoisonError::into_inner))
}

fn whole(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A file or folder got its name.
pub(crate) fn created(path: &Path) {
    if let Some(mut state) = volatile() {
        state.names.push(Change::Created(whole(path)));
        if !path.is_dir() {
            state.synced_bytes.insert(whole(path), 0);
        }
    }
}

/// The bytes of a file were synced.
pub(crate) fn synced_file(path: &Path) {
    if let Some(mut state) = volatile() {
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        state.synced_bytes.insert(whole(path), length);
    }
}

/// The names in a folder were synced.
pub(crate) fn synced_folder(folder: &Path) {
    if let Some(mut state) = volatile() {
        let folder = whole(folder);
        state.names.retain(|change| {
            let path = match change {
                Change::Created(path)
                | Change::Renamed(_, path, _)
                | Change::Exchanged(_, path)
                | Change::Removed(path, _) => path,
            };
            parent_of(path) != folder
        });
    }
}

/// A file or folder is about to get another name.
pub(crate) fn renames(from: &Path, to: &Path) {
    if let Some(mut state) = volatile() {
        let (from, to) = (whole(from), whole(to));
        let replaced = fs::read(&to).ok();
        state.synced_bytes.retain(|path, _| !path.starts_with(&to));
        state.moves(&[(&from, &to)]);
        state.names.push(Change::Renamed(from, to, replaced));
    }
}

/// Two names are about to be exchanged.
pub(crate) fn exchanges(one: &Path, other: &Path) {
    if let Some(mut state) = volatile() {
        let (one, other) = (whole(one), whole(other));
        state.moves(&[(&one, &other), (&other, &one)]);
        state.names.push(Change::Exchanged(one, other));
    }
}

/// A file is about to be removed.
pub(crate) fn removes(path: &Path) {
    if let Some(mut state) = volatile()
        && let Ok(bytes) = fs::read(path)
    {
        state.synced_bytes.remove(&whole(path));
        state.names.push(Change::Removed(whole(path), bytes));
    }
}

/// Cuts the power, as far as the disk is concerned; the process must end now.
pub(crate) fn lose() {
    let Some(mut state) = volatile() else {
        return;
    };
    let Volatile {
        synced_bytes,
        names,
    } = std::mem::take(&mut *state);
    for (path, length) in synced_bytes {
        let file = fs::File::options().write(true).open(&path);
        // What is gone already cannot be lost.
        let _ = file.and_then(|file| match file.metadata()?.len() > length {
            true => file.set_len(length),
            false => Ok(()),
        });
    }
    names.into_iter().rev().for_each(undo);
    // Nobody may go on.
    std::mem::forget(state);
}

/// What cannot be undone was undone by whoever made it.
fn undo(change: Change) {
    let _ = match change {
        Change::Created(path) if path.is_dir() => fs::remove_dir_all(path),
        Change::Created(path) => fs::remove_file(path),
        Change::Renamed(from, to, replaced) => fs::rename(&to, from)
            .and_then(|()| replaced.map_or(Ok(()), |bytes| fs::write(to, bytes))),
        Change::Exchanged(one, other) => exchange(&one, &other),
        Change::Removed(path, bytes) => fs::write(path, bytes),
    };
}
