//! A store that finds objects in packs.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::super::name::ObjectName;
use super::directory::Directory;
use super::gone::{self, Gone};
use super::is_pack;
use crate::{Error, Result};

/// Packs that stay open: the results of neighbouring partitions, which are read one after the other, are in few.
const OPEN_PACKS: usize = 16;

/// Another store, in which members of packs are objects too, and packs are none.
///
/// Nothing is taken out of a pack. That members are deleted is written down beside it, and it goes when its last member does.
#[derive(Debug)]
pub(in crate::store) struct PackStore {
    inner: Arc<dyn ObjectStore>,
    /// The packs that were used last, the newest first.
    open: Mutex<VecDeque<Arc<OpenPack>>>,
}

#[derive(Debug)]
struct OpenPack {
    reader: Box<dyn StoreReader>,
    directory: Directory,
    gone: Mutex<Gone>,
}

impl OpenPack {
    fn open(store: &dyn ObjectStore, name: &ObjectName) -> Result<Self> {
        let reader = store.get(name)?;
        let directory = Directory::read(&*reader)?;
        let gone = Gone::read(store, name, &directory)?;
        Ok(Self {
            reader,
            directory,
            gone: Mutex::new(gone),
        })
    }

    fn gone(&self) -> MutexGuard<'_, Gone> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a member that is not deleted.
    fn range(&self, own: &str) -> Option<Range<u64>> {
        let range = self.directory.range(own)?;
        (!self.gone().contains(own)).then_some(range)
    }
}

impl PackStore {
    pub(in crate::store) fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self {
            inner,
            open: Mutex::default(),
        }
    }

    fn open_packs(&self) -> MutexGuard<'_, VecDeque<Arc<OpenPack>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pack of this name, which stays open for a while.
    fn pack(&self, name: &ObjectName) -> Result<Arc<OpenPack>> {
        let mut open = self.open_packs();
        let at = open.iter().position(|pack| pack.reader.name() == name);
        let pack = match at.and_then(|at| open.remove(at)) {
            Some(pack) => pack,
            None => Arc::new(OpenPack::open(&*self.inner, name)?),
        };
        open.truncate(OPEN_PACKS - 1);
        open.push_front(Arc::clone(&pack));
        Ok(pack)
    }

    fn not_found(&self, name: &ObjectName) -> Error {
        Error::NotFound {
            store: self.to_string(),
            name: name.to_string(),
        }
    }

    /// Deletes members of a pack, and the pack with the last of them.
    fn delete_members(&self, name: &ObjectName, members: &[&str]) -> Result<()> {
        let pack = match self.pack(name) {
            Ok(pack) => pack,
            Err(error) if error.is_not_found() => return Ok(()),
            // Nobody can find a member in there.
            Err(Error::Corrupt { .. }) => return self.delete_pack(name),
            Err(error) => return Err(error),
        };
        let mut gone = pack.gone();
        let known = members.iter().copied();
        let known = known.filter(|own| pack.directory.range(own).is_some());
        let new: Vec<&str> = known.filter(|own| !gone.contains(own)).collect();
        if gone.len() + new.len() < pack.directory.len() {
            return gone.add(&*self.inner, name, &new);
        }
        self.delete_pack(name)
    }

    /// Deletes a pack with its notes.
    fn delete_pack(&self, name: &ObjectName) -> Result<()> {
        self.open_packs().retain(|pack| pack.reader.name() != name);
        // The pack last: if only the notes are gone, its members are there again, and are deleted again.
        gone::delete_notes(&*self.inner, name)?;
        self.inner.delete(name)
    }

    /// The members of a pack that are left.
    fn members(&self, name: &ObjectName) -> Result<Vec<ObjectMeta>> {
        let pack = OpenPack::open(&*self.inner, name)?;
        let gone = pack.gone();
        let members = pack.directory.members().into_iter();
        let members = members.filter(|(own, _)| !gone.contains(own));
        let meta = |(own, length)| {
            let name = ObjectName::new(format!("{name}/{own}")).ok()?;
            Some(ObjectMeta { name, length })
        };
        Ok(members.filter_map(meta).collect())
    }
}

impl fmt::Display for PackStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl ObjectStore for PackStore {
    fn check_place(&self) -> Result<()> {
        self.inner.check_place()
    }

    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        self.inner.put_new(name)
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let Some((pack, own)) = name.packed() else {
            return self.inner.get(name);
        };
        let open = self.pack(&pack).map_err(|error| match error {
            error if error.is_not_found() => self.not_found(name),
            error => error,
        })?;
        match open.range(own) {
            Some(range) => Ok(Box::new(MemberReader {
                store: Arc::clone(&self.inner),
                name: name.clone(),
                pack: open,
                range,
            })),
            None => Err(self.not_found(name)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let of_packs = prefix.split_once('/').map_or(prefix, |(pack, _)| pack);
        let mut found = Vec::new();
        for object in self.inner.list(of_packs)? {
            if gone::is_note(&object.name) {
                continue;
            }
            if !is_pack(&object.name) {
                found.push(object);
                continue;
            }
            match self.members(&object.name) {
                Ok(members) => found.extend(members),
                // It is an object of its own then, so that it can be deleted.
                Err(Error::Corrupt { .. }) => found.push(object),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        found.retain(|object| object.name.as_str().starts_with(prefix));
        found.sort();
        Ok(found)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        match name.packed() {
            Some((pack, own)) => self.delete_members(&pack, &[own]),
            None if is_pack(name) => self.delete_pack(name),
            None => self.inner.delete(name),
        }
    }

    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        let mut plain = Vec::new();
        let mut packed: HashMap<ObjectName, Vec<&str>> = HashMap::new();
        for name in names {
            match name.packed() {
                Some((pack, own)) => packed.entry(pack).or_default().push(own),
                None => plain.push(*name),
            }
        }
        let mut failures = self.inner.delete_all(&plain);
        let deleted = packed.iter();
        let deleted = deleted.map(|(pack, members)| self.delete_members(pack, members));
        failures.extend(deleted.filter_map(Result::err));
        failures
    }

    fn path_of(&self, name: &ObjectName) -> Option<PathBuf> {
        match name.packed() {
            Some(_) => None,
            None => self.inner.path_of(name),
        }
    }
}

/// A member of a pack.
#[derive(Debug)]
struct MemberReader {
    store: Arc<dyn ObjectStore>,
    name: ObjectName,
    pack: Arc<OpenPack>,
    range: Range<u64>,
}

impl StoreReader for MemberReader {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len()) {
            let source = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(Error::store(
                &self.store,
                "read",
                self.name.as_str(),
                source,
            ));
        }
        self.pack.reader.read_at(self.range.start + offset, buffer)
    }

    fn mapped(&self) -> Option<Bytes> {
        let bytes = self.pack.reader.mapped()?;
        let range = self.range.start as usize..self.range.end as usize;
        (range.end <= bytes.len()).then(|| bytes.slice(range))
    }
}
