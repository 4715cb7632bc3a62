//! Good stores pass the suite, and for each way to be bad there is a clause that finds it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::panic::catch_unwind;
use std::sync::Mutex;

use super::*;
use crate::{LocalStore, MemoryStore, StoreReader};

#[test]
fn the_store_in_memory_keeps_the_contract() {
    run_all(&|| Arc::new(MemoryStore::new()));
}

#[test]
fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let made = Mutex::new(0);
    run_all(&|| {
        let mut made = made.lock().unwrap();
        *made += 1;
        Arc::new(LocalStore::new(folder.path().join(made.to_string())))
    });
}

#[test]
fn every_bad_store_is_found_out() {
    let cases: [(Fault, &[&str]); 9] = [
        (Fault::LosesAnObject, &["finished_objects_read_back"]),
        (Fault::TearsAnObject, &["finished_objects_read_back"]),
        (Fault::LiesAboutTheStamp, &["finished_objects_read_back"]),
        (
            Fault::Overwrites,
            &["nothing_is_overwritten", "one_writer_of_a_name_wins"],
        ),
        (
            Fault::GivesStaleBytes,
            &["a_name_written_again_gives_the_new_bytes"],
        ),
        (
            Fault::RemembersWhatWasMissing,
            &["a_name_written_again_gives_the_new_bytes"],
        ),
        (
            Fault::FinishesOnDrop,
            &["an_unfinished_writer_leaves_nothing"],
        ),
        (Fault::ListsInPart, &["listings_are_whole_and_sorted"]),
        (
            Fault::FailsToDeleteTwice,
            &["deleted_objects_are_gone_and_deleting_again_is_fine"],
        ),
    ];
    for (fault, expected) in cases {
        let failed: HashSet<&str> = CLAUSES
            .into_iter()
            .filter(|(_, clause)| catch_unwind(|| clause(&BadStore::new(fault))).is_err())
            .map(|(name, _)| name)
            .collect();
        for name in expected {
            assert!(failed.contains(name), "{fault:?} passes {name}");
        }
        let all = catch_unwind(|| run_all(&|| Arc::new(BadStore::new(fault))));
        assert!(all.is_err(), "{fault:?} passes the suite");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    LosesAnObject,
    TearsAnObject,
    LiesAboutTheStamp,
    Overwrites,
    GivesStaleBytes,
    RemembersWhatWasMissing,
    FinishesOnDrop,
    ListsInPart,
    FailsToDeleteTwice,
}

/// A store in memory with one thing wrong about it.
#[derive(Debug)]
struct BadStore {
    inner: MemoryStore,
    fault: Fault,
    seen: Mutex<HashMap<ObjectName, MemoryStore>>,
}

impl BadStore {
    fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryStore::new(),
            fault,
            seen: Mutex::default(),
        }
    }
}

impl fmt::Display for BadStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a store that {:?}", self.fault)
    }
}

impl ObjectStore for BadStore {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        if self.fault == Fault::Overwrites {
            self.inner.delete(name)?;
        }
        Ok(Box::new(BadWriter {
            store: self.inner.clone(),
            inner: Some(self.inner.put_new(name)?),
            name: name.clone(),
            fault: self.fault,
            bytes: Vec::new(),
        }))
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let caches_bytes = self.fault == Fault::GivesStaleBytes;
        let caches_absence = self.fault == Fault::RemembersWhatWasMissing;
        let mut seen = self.seen.lock().unwrap();
        if let Some(stale) = seen.get(name) {
            return stale.get(name);
        }
        match self.inner.get(name) {
            Ok(reader) if caches_bytes => {
                let mut bytes = vec![0; reader.len() as usize];
                reader.read_at(0, &mut bytes)?;
                let copy = MemoryStore::new();
                put(&copy, name, &bytes);
                seen.insert(name.clone(), copy);
                Ok(reader)
            }
            Err(error) if caches_absence => {
                seen.insert(name.clone(), MemoryStore::new());
                Err(error)
            }
            result => result,
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let mut found = self.inner.list(prefix)?;
        if self.fault == Fault::ListsInPart {
            found.truncate(3);
        }
        Ok(found)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        if self.fault == Fault::FailsToDeleteTwice {
            self.inner.get(name)?;
        }
        self.inner.delete(name)
    }
}

#[derive(Debug)]
struct BadWriter {
    store: MemoryStore,
    inner: Option<Box<dyn StoreWriter>>,
    name: ObjectName,
    fault: Fault,
    bytes: Vec<u8>,
}

impl BadWriter {
    fn finish_with(&mut self, bytes: &[u8]) -> Result<FileStamp> {
        let mut inner = self.inner.take().expect("finished once");
        inner.write_all(bytes).unwrap();
        inner.finish()
    }
}

impl Write for BadWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StoreWriter for BadWriter {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(mut self: Box<Self>) -> Result<FileStamp> {
        let bytes = std::mem::take(&mut self.bytes);
        let stamp = FileStamp::of(&bytes);
        match self.fault {
            Fault::LosesAnObject => {
                self.inner = None;
                Ok(stamp)
            }
            Fault::TearsAnObject => self
                .finish_with(&bytes[..bytes.len() - bytes.len() / 100])
                .map(|_| stamp),
            Fault::LiesAboutTheStamp => self.finish_with(&bytes).map(|_| FileStamp::of(b"lie")),
            Fault::Overwrites => {
                self.store.delete(&self.name)?;
                self.finish_with(&bytes)
            }
            _ => self.finish_with(&bytes),
        }
    }
}

impl Drop for BadWriter {
    fn drop(&mut self) {
        if self.fault == Fault::FinishesOnDrop && self.inner.is_some() {
            let bytes = std::mem::take(&mut self.bytes);
            let _ = self.finish_with(&bytes);
        }
    }
}
