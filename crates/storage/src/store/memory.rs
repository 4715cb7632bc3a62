//! A store in memory, for tests: stricter than a disk, and it fails on request.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::name::ObjectName;
use super::upload::{Expected, ObjectVersion, SealedUpload, Upload, check};
use crate::{Error, FileStamp, Result};

/// Objects in memory.
///
/// Nothing of an object is seen before it is finished, writers do not outlive a power cut
/// ([`lose_unsynced`](Self::lose_unsynced)), any step can be made to fail ([`inject`](Self::inject)) and any
/// object to rot ([`tamper`](Self::tamper)). Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectName, Arc<Vec<u8>>>,
    /// What their contents are called.
    versions: BTreeMap<ObjectName, u64>,
    last_version: u64,
    /// Uploads that were neither completed nor dropped.
    uploads: BTreeMap<u64, ObjectName>,
    /// Counts the power cuts; writers from before the last one are dead.
    power_cuts: u64,
    faults: Vec<Fault>,
}

impl State {
    /// Gives a name this content.
    fn set(&mut self, name: ObjectName, bytes: Vec<u8>) -> String {
        self.last_version += 1;
        self.versions.insert(name.clone(), self.last_version);
        self.objects.insert(name, Arc::new(bytes));
        self.last_version.to_string()
    }

    fn version_of(&self, name: &ObjectName) -> Option<String> {
        self.versions.get(name).map(u64::to_string)
    }
}

/// A step of a store that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// [`ObjectStore::put_new`] and [`ObjectStore::upload`].
    PutNew,
    /// A write to an object.
    Write,
    /// [`StoreWriter::finish`] and [`SealedUpload::complete`].
    Finish,
    /// [`ObjectStore::get`].
    Get,
    /// [`StoreReader::read_at`].
    Read,
    /// [`ObjectStore::list`] and [`ObjectStore::versions`].
    List,
    /// [`ObjectStore::delete`].
    Delete,
}

/// A failure to come.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The step that fails, once.
    pub step: Step,
    /// How many of these steps go well before it.
    pub after: u32,
    /// How the operating system would answer.
    pub kind: io::ErrorKind,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power: every writer at work is dead, and nothing of what it wrote is left.
    pub fn lose_unsynced(&self) {
        self.state().power_cuts += 1;
    }

    /// Makes a step fail, once.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Changes the bytes of an object, as a failing disk would; `false` if there is no such object.
    pub fn tamper(&self, name: &ObjectName, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.state();
        let Some(bytes) = state.objects.get(name) else {
            return false;
        };
        // A reader that is open keeps the bytes that it had.
        let mut changed = bytes.to_vec();
        change(&mut changed);
        state.set(name.clone(), changed);
        true
    }

    /// How many uploads were neither completed nor abandoned.
    #[must_use]
    pub fn open_uploads(&self) -> usize {
        self.state().uploads.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single step, so a panic elsewhere cannot have left half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        for (index, fault) in state.faults.iter_mut().enumerate() {
            if fault.step != step {
                continue;
            }
            if fault.after == 0 {
                return Err(state.faults.remove(index).kind.into());
            }
            fault.after -= 1;
        }
        Ok(())
    }

    fn step(&self, step: Step, action: &'static str, name: &str) -> Result<()> {
        self.pass(step)
            .map_err(|source| self.error(action, name, source))
    }

    fn error(&self, action: &'static str, name: &str, source: io::Error) -> Error {
        Error::store(self, action, name, source)
    }

    fn already_exists(&self, name: &ObjectName) -> Error {
        Error::AlreadyExists {
            store: self.to_string(),
            name: name.to_string(),
        }
    }
}

impl fmt::Display for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store in memory")
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl ObjectStore for MemoryStore {
    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        self.step(Step::PutNew, "replace", name.as_str())?;
        self.state().set(name.clone(), bytes.to_vec());
        Ok(())
    }

    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        self.step(Step::PutNew, "create", name.as_str())?;
        let state = self.state();
        if state.objects.contains_key(name) {
            return Err(self.already_exists(name));
        }
        Ok(Box::new(MemoryWriter {
            store: self.clone(),
            name: name.clone(),
            bytes: Vec::new(),
            power_cuts: state.power_cuts,
            failed: false,
        }))
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        self.step(Step::Get, "open", name.as_str())?;
        match self.state().objects.get(name) {
            Some(bytes) => Ok(Box::new(MemoryReader {
                store: self.clone(),
                name: name.clone(),
                bytes: Arc::clone(bytes),
            })),
            None => Err(Error::NotFound {
                store: self.to_string(),
                name: name.to_string(),
            }),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.step(Step::List, "list", prefix)?;
        let state = self.state();
        let found = state
            .objects
            .iter()
            .filter(|(name, _)| name.as_str().starts_with(prefix));
        Ok(found
            .map(|(name, bytes)| ObjectMeta {
                name: name.clone(),
                length: bytes.len() as u64,
            })
            .collect())
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        self.step(Step::Delete, "delete", name.as_str())?;
        let mut state = self.state();
        state.objects.remove(name);
        state.versions.remove(name);
        Ok(())
    }

    fn upload(&self, name: &ObjectName) -> Result<Box<dyn Upload>> {
        self.step(Step::PutNew, "create", name.as_str())?;
        let mut state = self.state();
        state.last_version += 1;
        let id = state.last_version;
        state.uploads.insert(id, name.clone());
        let power_cuts = state.power_cuts;
        drop(state);
        Ok(Box::new(MemoryUpload {
            id,
            writer: MemoryWriter {
                store: self.clone(),
                name: name.clone(),
                bytes: Vec::new(),
                power_cuts,
                failed: false,
            },
        }))
    }

    fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>> {
        self.step(Step::List, "list", prefix)?;
        let state = self.state();
        let objects = state.objects.iter();
        let found = objects.filter(|(name, _)| name.as_str().starts_with(prefix));
        let versions = found.filter_map(|(name, bytes)| {
            Some(ObjectVersion {
                name: name.clone(),
                version: state.version_of(name)?,
                length: bytes.len() as u64,
            })
        });
        Ok(versions.collect())
    }

    fn abandon_uploads(&self, prefix: &str) -> Result<u64> {
        let mut state = self.state();
        let before = state.uploads.len();
        state
            .uploads
            .retain(|_, name| !name.as_str().starts_with(prefix));
        Ok((before - state.uploads.len()) as u64)
    }
}

/// An upload, sealed or not.
#[derive(Debug)]
struct MemoryUpload {
    id: u64,
    writer: MemoryWriter,
}

impl Write for MemoryUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Upload for MemoryUpload {
    fn name(&self) -> &ObjectName {
        &self.writer.name
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn SealedUpload>> {
        let alive = self.writer.alive();
        let name = self.writer.name.as_str();
        alive.map_err(|source| self.writer.store.error("finish", name, source))?;
        Ok(self)
    }
}

impl SealedUpload for MemoryUpload {
    fn name(&self) -> &ObjectName {
        &self.writer.name
    }

    fn stamp(&self) -> FileStamp {
        FileStamp::of(&self.writer.bytes)
    }

    fn complete(mut self: Box<Self>, expected: &Expected) -> Result<String> {
        let MemoryWriter { store, name, .. } = &self.writer;
        let failed = |source| store.error("finish", name.as_str(), source);
        self.writer
            .alive()
            .and_then(|()| store.pass(Step::Finish))
            .map_err(failed)?;
        let bytes = std::mem::take(&mut self.writer.bytes);
        let MemoryWriter { store, name, .. } = &self.writer;
        let mut state = store.state();
        if state.uploads.remove(&self.id).is_none() {
            let source = io::Error::new(io::ErrorKind::NotFound, "the upload was abandoned");
            return Err(store.error("finish", name.as_str(), source));
        }
        check(store, name, state.version_of(name).as_deref(), expected)?;
        Ok(state.set(name.clone(), bytes))
    }
}

impl Drop for MemoryUpload {
    fn drop(&mut self) {
        let store = self.writer.store.clone();
        store.state().uploads.remove(&self.id);
    }
}

struct MemoryWriter {
    store: MemoryStore,
    name: ObjectName,
    bytes: Vec<u8>,
    power_cuts: u64,
    failed: bool,
}

impl MemoryWriter {
    fn alive(&self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier write to this object failed"));
        }
        if self.power_cuts != self.store.state().power_cuts {
            return Err(io::Error::other("the power was cut while this was written"));
        }
        Ok(())
    }
}

impl Write for MemoryWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.alive()?;
        self.store
            .pass(Step::Write)
            .inspect_err(|_| self.failed = true)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.alive()
    }
}

impl StoreWriter for MemoryWriter {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<FileStamp> {
        self.alive()
            .and_then(|()| self.store.pass(Step::Finish))
            .map_err(|source| self.store.error("finish", self.name.as_str(), source))?;
        let stamp = FileStamp::of(&self.bytes);
        let mut state = self.store.state();
        if state.objects.contains_key(&self.name) {
            return Err(self.store.already_exists(&self.name));
        }
        state.set(self.name, self.bytes);
        Ok(stamp)
    }
}

impl fmt::Debug for MemoryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWriter")
            .field("name", &self.name)
            .field("bytes_written", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

struct MemoryReader {
    store: MemoryStore,
    name: ObjectName,
    bytes: Arc<Vec<u8>>,
}

impl StoreReader for MemoryReader {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.store.step(Step::Read, "read", self.name.as_str())?;
        let range = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(buffer.len())?));
        match range.and_then(|range| self.bytes.get(range)) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            None => {
                let source = io::ErrorKind::UnexpectedEof.into();
                Err(self.store.error("read", self.name.as_str(), source))
            }
        }
    }
}

impl fmt::Debug for MemoryReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReader")
            .field("name", &self.name)
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ObjectName {
        ObjectName::new("a").unwrap()
    }

    #[test]
    fn nothing_is_seen_before_it_is_finished_and_a_power_cut_takes_it() {
        let store = MemoryStore::new();
        let mut writer = store.put_new(&name()).unwrap();
        writer.write_all(b"x").unwrap();
        assert!(store.get(&name()).unwrap_err().is_not_found());
        assert_eq!(store.list("").unwrap(), []);
        store.lose_unsynced();
        assert!(writer.write(b"y").is_err());
        assert!(writer.finish().is_err());
        assert!(store.get(&name()).unwrap_err().is_not_found());
        store.put_new(&name()).unwrap().finish().unwrap();
        store.lose_unsynced();
        assert!(store.get(&name()).is_ok());
    }

    #[test]
    fn any_step_fails_on_request_once() {
        type Run = fn(&MemoryStore) -> Result<()>;
        let steps: [(Step, Run); 7] = [
            (Step::PutNew, |store| store.put_new(&name()).map(drop)),
            (Step::Write, |store| {
                let mut writer = store.put_new(&name())?;
                // The failure shows at the end, where nobody looked at the write's own result.
                let _ = writer.write(b"x");
                writer.finish().map(drop)
            }),
            (Step::Finish, |store| {
                store.put_new(&name())?.finish().map(drop)
            }),
            (Step::Get, |store| store.get(&name()).map(drop)),
            (Step::Read, |store| store.get(&name())?.read_at(0, &mut [])),
            (Step::List, |store| store.list("").map(drop)),
            (Step::Delete, |store| store.delete(&name())),
        ];
        for (step, run) in steps {
            let store = MemoryStore::new();
            if matches!(step, Step::Get | Step::Read) {
                store.put_new(&name()).unwrap().finish().unwrap();
            }
            store.inject(Fault {
                step,
                after: 0,
                kind: io::ErrorKind::StorageFull,
            });
            assert!(run(&store).is_err(), "{step:?}");
            run(&store).unwrap();
        }
    }

    #[test]
    fn a_fault_waits_for_its_turn() {
        let store = MemoryStore::new();
        let kind = io::ErrorKind::StorageFull;
        let step = Step::Write;
        store.inject(Fault {
            step,
            after: 2,
            kind,
        });
        let mut writer = store.put_new(&name()).unwrap();
        writer.write_all(b"x").unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.write_all(b"x").unwrap_err().kind(), kind);
    }
}
