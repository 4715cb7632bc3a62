//! A store in memory, for tests: stricter than a disk, and it fails on request.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::name::ObjectName;
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
    /// Counts the power cuts; writers from before the last one are dead.
    power_cuts: u64,
    faults: Vec<Fault>,
}

/// A step of a store that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// [`ObjectStore::put_new`].
    PutNew,
    /// A write to an object.
    Write,
    /// [`StoreWriter::finish`].
    Finish,
    /// [`ObjectStore::get`].
    Get,
    /// [`StoreReader::read_at`].
    Read,
    /// [`ObjectStore::list`].
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
        let Some(bytes) = state.objects.get_mut(name) else {
            return false;
        };
        // A reader that is open keeps the bytes that it had.
        let mut changed = bytes.to_vec();
        change(&mut changed);
        *bytes = Arc::new(changed);
        true
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
        let bytes = Arc::new(bytes.to_vec());
        self.state().objects.insert(name.clone(), bytes);
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
        self.state().objects.remove(name);
        Ok(())
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
        state.objects.insert(self.name, Arc::new(self.bytes));
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
