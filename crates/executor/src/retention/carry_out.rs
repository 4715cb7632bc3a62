//! Looking at a job's files and deleting them, in whatever stores they are, and telling of it.

use std::fs;

use coldpress_events::{Event, EventKind};
use coldpress_failure::full_message;
use coldpress_storage::{ObjectKey, ObjectRef, Place, Stores};

use super::decide::JobFile;

/// The files that are in a place. A store that cannot be listed holds nothing that can be deleted now.
pub(crate) fn list(stores: &Stores, place: Place) -> Vec<JobFile> {
    let objects = stores.list(place, "").unwrap_or_default().into_iter();
    objects
        .map(|object| JobFile {
            key: ObjectKey::new(place, object.name),
            bytes: object.length,
        })
        .collect()
}

/// Returns whether a file is the one that was cited.
pub(crate) fn is_whole(stores: &Stores, file: &ObjectRef) -> bool {
    stores.verify(file).is_ok()
}

/// Deletes files that nothing counts on; gives what went wrong. What is gone already is passed over.
pub(crate) fn delete(files: &[JobFile], stores: &Stores) -> Vec<String> {
    let keys: Vec<&ObjectKey> = files.iter().map(|file| &file.key).collect();
    let failures = stores.delete_all(&keys);
    keys.iter().for_each(|key| remove_empty_folder(key, stores));
    failures.iter().map(|error| full_message(error)).collect()
}

/// The event that tells which files go, and why.
pub(crate) fn event(doomed: &[JobFile], why: &str) -> Event {
    let bytes: u64 = doomed.iter().map(|file| file.bytes).sum();
    let noun = if doomed.len() == 1 { "file" } else { "files" };
    let message = format!("{} {noun} removed, {bytes} bytes: {why}", doomed.len());
    Event::new(EventKind::CheckpointCleanup, message)
        .metadata("files", doomed.len() as u64)
        .metadata("bytes", bytes)
}

/// Earlier releases kept intermediate data in a folder per partition, of which nothing is left.
fn remove_empty_folder(key: &ObjectKey, stores: &Stores) {
    if key.place == Place::Intermediate
        && key.name.parts().count() > 1
        && let Some(folder) = stores
            .path_of(key)
            .as_deref()
            .and_then(|path| path.parent())
    {
        // One that holds other files stays.
        let _ = fs::remove_dir(folder);
    }
}
