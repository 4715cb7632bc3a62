//! A cited object with the store that holds it.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::contract::{ObjectStore, StoreReader, verify_stamp};
use super::name::ObjectName;
use crate::{FileStamp, Result};

/// An object that was cited, and the store that holds it: all that is needed to read it.
///
/// It displays itself as its path where it is a file of this machine, else by its name and its store.
#[derive(Clone, Debug)]
pub struct StoredObject {
    store: Arc<dyn ObjectStore>,
    name: ObjectName,
    stamp: FileStamp,
}

impl StoredObject {
    /// The object of this name, which is to have this stamp.
    pub fn new(store: Arc<dyn ObjectStore>, name: ObjectName, stamp: FileStamp) -> Self {
        Self { store, name, stamp }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    /// What the object is to be.
    #[must_use]
    pub fn stamp(&self) -> &FileStamp {
        &self.stamp
    }

    /// Returns the file of this machine that holds the object, if one does.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.store.path_of(&self.name)
    }

    /// Opens the object. Whether it is what was cited is not checked.
    ///
    /// # Errors
    /// As [`ObjectStore::get`].
    pub fn open(&self) -> Result<Box<dyn StoreReader>> {
        self.store.get(&self.name)
    }

    /// Opens the object to be read from its start to its end.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(&self) -> Result<ObjectReader> {
        self.open().map(ObjectReader::new)
    }

    /// Checks that the object is there and is what was cited, by reading all of it.
    ///
    /// # Errors
    /// As [`open`](Self::open) and [`verify_stamp`].
    pub fn verify(&self) -> Result<()> {
        verify_stamp(&*self.open()?, &self.stamp)
    }
}

impl fmt::Display for StoredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "`{}`", path.display()),
            None => write!(f, "`{}` in {}", self.name, self.store),
        }
    }
}

/// Reads an object from its start to its end. It has no buffer of its own.
#[derive(Debug)]
pub struct ObjectReader {
    object: Box<dyn StoreReader>,
    position: u64,
}

impl ObjectReader {
    /// Reads this object from its start.
    pub fn new(object: Box<dyn StoreReader>) -> Self {
        Self {
            object,
            position: 0,
        }
    }

    /// The length of the object in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.object.len()
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.object.len().saturating_sub(self.position);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        self.object.read_at(self.position, &mut buffer[..length])?;
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::local::LocalStore;
    use super::super::memory::MemoryStore;
    use super::*;

    #[test]
    fn an_object_is_read_whole_and_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalStore::new(folder.path());
        let path = format!("`{}`", folder.path().join("a").display());
        let stores: [(Arc<dyn ObjectStore>, &str); 2] = [
            (Arc::new(local), &path),
            (Arc::new(MemoryStore::new()), "`a` in the store in memory"),
        ];
        for (store, shown) in stores {
            let name = ObjectName::new("a").unwrap();
            let bytes: Vec<u8> = (0..100_000u32).map(|at| (at / 7) as u8).collect();
            let mut writer = store.put_new(&name).unwrap();
            writer.write_all(&bytes).unwrap();
            let stamp = writer.finish().unwrap();
            let object = StoredObject::new(Arc::clone(&store), name, stamp);
            let mut read = Vec::new();
            object.read().unwrap().read_to_end(&mut read).unwrap();
            assert!(read == bytes);
            object.verify().unwrap();
            assert_eq!(object.to_string(), shown);
            let other = StoredObject {
                stamp: FileStamp::of(b"x"),
                ..object
            };
            assert!(other.verify().is_err());
        }
    }
}
