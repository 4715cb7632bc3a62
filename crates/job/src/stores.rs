//! The stores of a job: the folders of its layout, except for those that its journal names.

use std::path::Path;

use coldpress_storage::{Place, StoreSchemes, StoreSpec, StoreSpecs, Stores};

use crate::journal::JobState;
use crate::layout::{Layout, is_plain};
use crate::{Error, Result};

/// Opens the stores of an existing job, as named in its journal.
///
/// # Errors
///
/// [`Error::OutsideJob`] if the journal names a folder that cannot be this job's; [`Error::Storage`] if a store cannot be opened,
/// for example because its scheme is not among `schemes`.
pub fn open_stores(layout: &Layout, state: &JobState, schemes: &StoreSchemes) -> Result<Stores> {
    let mut specs = layout.store_specs();
    for (place, spec) in state.stores() {
        if let StoreSpec::Folder(folder) = spec {
            check_folder(layout, folder)?;
        }
        specs = specs.with(*place, spec.clone());
    }
    Ok(Stores::open(specs, schemes)?)
}

/// Checks that a folder belongs to this job, because anyone may have put the journal there.
fn check_folder(layout: &Layout, folder: &Path) -> Result<()> {
    let is_ours = folder.file_name() == Some(layout.job_id().as_str().as_ref());
    if !is_ours || !is_plain(folder) {
        return Err(Error::OutsideJob {
            path: folder.display().to_string(),
        });
    }
    layout.refuse_link(folder)
}

impl Layout {
    /// Returns the stores of the job according to its folders: each place is a folder, or is below the URL of a job in an object
    /// store.
    #[must_use]
    pub fn store_specs(&self) -> StoreSpecs {
        let in_folders = StoreSpecs::in_folder(self.job_dir());
        let in_job = Place::ALL
            .into_iter()
            .fold(in_folders, |specs, place| match self.url() {
                Some(url) => specs.with(place, StoreSpec::Url(format!("{url}/{place}"))),
                None => specs,
            });
        let moved = [
            (Place::Checkpoints, self.checkpoint_dir()),
            (Place::Partitions, self.partition_dir()),
        ];
        let moved = moved
            .into_iter()
            .filter(|(place, folder)| *folder != self.job_dir().join(place.as_str()));
        moved.fold(in_job, |specs, (place, folder)| {
            specs.with(place, StoreSpec::Folder(folder.to_path_buf()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use std::fmt;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    use coldpress_storage::{
        Error as StorageError, MemoryStore, ObjectKey, ObjectMeta, ObjectName, ObjectStore,
        StoreReader, StoreWriter, suite,
    };

    use super::*;
    use crate::journal::{EpochStarted, JournalRecord};
    use crate::{DriverIdentity, JobId};

    fn state(stores: &[(Place, StoreSpec)]) -> JobState {
        let mut state = JobState::default();
        let started = EpochStarted {
            schema_version: 1,
            driver: DriverIdentity::current(),
            version: "0.1.0".to_owned(),
            sealed: Vec::new(),
            takeover: false,
        };
        state
            .apply(1, &JournalRecord::EpochStarted(started))
            .unwrap();
        let stores = stores.iter().cloned().collect();
        state
            .apply(1, &JournalRecord::StoresSet { stores })
            .unwrap();
        state
    }

    fn layout(base: &Path) -> Layout {
        let id: JobId = "job".parse().unwrap();
        Layout::in_dir(base, id).unwrap()
    }

    #[test]
    fn the_journal_says_where_files_are() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let elsewhere = dir.path().join("fast/job");
        let memory = MemoryStore::new();
        let same = memory.clone();
        let schemes = StoreSchemes::default().with("memory", move |_| Ok(Arc::new(same.clone())));
        let spec = |url: &str| StoreSpec::Url(url.to_owned());
        let state = state(&[
            (Place::Results, spec("memory:")),
            (Place::Partitions, StoreSpec::Folder(elsewhere.clone())),
        ]);
        let stores = open_stores(&layout, &state, &schemes).unwrap();
        let name = ObjectName::new("a").unwrap();
        for (place, folder) in [
            (Place::Partitions, Some(elsewhere)),
            (Place::Checkpoints, Some(dir.path().join("job/checkpoints"))),
            (Place::Results, None),
        ] {
            let path = stores.of(place).path_of(&name);
            assert_eq!(path, folder.map(|folder| folder.join("a")), "{place}");
        }
        stores
            .put_new(Place::Results, &name)
            .unwrap()
            .finish()
            .unwrap();
        assert!(coldpress_storage::ObjectStore::get(&memory, &name).is_ok());
        let refused = open_stores(&layout, &state, &StoreSchemes::default());
        assert!(refused.unwrap_err().to_string().contains("`memory`"));
    }

    #[test]
    fn a_folder_that_cannot_be_the_jobs_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        for folder in ["/etc", "/fast/other", "/fast/x/../job", "job"] {
            let state = state(&[(Place::Results, StoreSpec::Folder(folder.into()))]);
            let refused = open_stores(&layout, &state, &StoreSchemes::default());
            assert!(matches!(refused, Err(Error::OutsideJob { .. })), "{folder}");
        }
    }

    /// A place of a job as a store, which forwards to the job's stores.
    #[derive(Debug)]
    struct Placed(Stores, Place);

    impl fmt::Display for Placed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.of(self.1).fmt(f)
        }
    }

    impl Placed {
        fn key(&self, name: &ObjectName) -> ObjectKey {
            ObjectKey::new(self.1, name.clone())
        }
    }

    impl ObjectStore for Placed {
        fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>, StorageError> {
            self.0.put_new(self.1, name)
        }

        fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>, StorageError> {
            self.0.get(&self.key(name))
        }

        fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StorageError> {
            self.0.list(self.1, prefix)
        }

        fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
            self.0.delete(&self.key(name))
        }

        fn delete_all(&self, names: &[&ObjectName]) -> Vec<StorageError> {
            let keys: Vec<ObjectKey> = names.iter().map(|name| self.key(name)).collect();
            self.0.delete_all(&keys.iter().collect::<Vec<_>>())
        }

        fn path_of(&self, name: &ObjectName) -> Option<PathBuf> {
            self.0.path_of(&self.key(name))
        }
    }

    /// Every place keeps the contract, in the job's folders and over the store in memory. No place sees another's files.
    #[test]
    fn every_place_of_a_job_keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        let next = AtomicU32::new(0);
        let memory = StoreSchemes::default().with("memory", |_| Ok(Arc::new(MemoryStore::new())));
        for (place, url) in Place::ALL
            .into_iter()
            .flat_map(|place| [(place, None), (place, Some("memory:"))])
        {
            suite::run_all(&|| {
                let number = next.fetch_add(1, Ordering::Relaxed).to_string();
                let layout = layout(&dir.path().join(number));
                let spec = url.map(|url| StoreSpec::Url(url.to_owned()));
                let stores: Vec<_> = spec.map(|spec| (place, spec)).into_iter().collect();
                let stores = open_stores(&layout, &state(&stores), &memory).unwrap();
                for other in Place::ALL.into_iter().filter(|other| *other != place) {
                    let name = ObjectName::new("theirs").unwrap();
                    stores.put_new(other, &name).unwrap().finish().unwrap();
                }
                Arc::new(Placed(stores, place))
            });
        }
    }
}
