//! Gathering small objects into packs.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::attempt_name::AttemptName;
use super::super::contract::StoreWriter;
use super::super::name::ObjectName;
use super::super::reference::Place;
use super::directory::Directory;
use super::pack_of;
use crate::{FileStamp, Result, crash_point};

/// Packs in the making: one for each place.
///
/// It breaks the contract of stores in one point, which is what it is for: when the writer of a member has
/// [finished](StoreWriter::finish), the member has its name and its stamp, but is in memory still. It is durable and can be read
/// once [`finish`](Self::finish) has returned. Nobody may act on a citation of it before.
#[derive(Debug, Default)]
pub struct Packing {
    packs: BTreeMap<Place, Pack>,
    label: &'static str,
}

#[derive(Debug)]
struct Pack {
    name: ObjectName,
    contents: Arc<Mutex<Contents>>,
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    directory: Directory,
}

impl Packing {
    /// Packs of files that no attempt makes: the label keeps their names apart from those of attempts' packs.
    #[must_use]
    pub fn labelled(label: &'static str) -> Self {
        Self {
            label,
            ..Self::default()
        }
    }

    /// Begins a member. Returns the name to cite it by, which says in which pack it is.
    ///
    /// # Errors
    /// [`Error::InvalidName`](crate::Error::InvalidName) as [`AttemptName::object`].
    pub fn put_new(
        &mut self,
        place: Place,
        name: &AttemptName,
    ) -> Result<(ObjectName, Box<dyn StoreWriter>)> {
        let own = name.object()?;
        let pack = match self.packs.get(&place) {
            Some(pack) => pack,
            None => {
                let (name, contents) = (pack_of(name, self.label)?, Arc::default());
                self.packs.entry(place).or_insert(Pack { name, contents })
            }
        };
        let name = ObjectName::new(format!("{}/{own}", pack.name))?;
        let writer = Member {
            name: name.clone(),
            own,
            bytes: Vec::new(),
            contents: Arc::clone(&pack.contents),
        };
        Ok((name, Box::new(writer)))
    }

    /// The number of bytes of all finished members, which are in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let packs = self.packs.values();
        packs.map(|pack| lock(&pack.contents).bytes.len()).sum()
    }

    /// Makes all members that are finished durable, by one object for each place that has any, which `put_new` begins.
    ///
    /// # Errors
    /// Those of [`ObjectStore::put_new`](super::super::ObjectStore::put_new) and [`StoreWriter::finish`]; no member may be cited
    /// then.
    pub fn finish(
        self,
        put_new: impl Fn(Place, &ObjectName) -> Result<Box<dyn StoreWriter>>,
    ) -> Result<()> {
        for (place, pack) in self.packs {
            let contents = std::mem::take(&mut *lock(&pack.contents));
            if contents.directory.len() == 0 {
                continue;
            }
            crash_point!("pack_before_write");
            let mut file = put_new(place, &pack.name)?;
            file.put(&contents.bytes)?;
            file.put(&contents.directory.encode(contents.bytes.len() as u64))?;
            file.finish()?;
            crash_point!("pack_after_finish");
        }
        Ok(())
    }
}

/// What a thread left that panicked is whole: members are added in one step.
fn lock(contents: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Member {
    name: ObjectName,
    own: ObjectName,
    bytes: Vec<u8>,
    contents: Arc<Mutex<Contents>>,
}

impl io::Write for Member {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StoreWriter for Member {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<FileStamp> {
        let mut contents = lock(&self.contents);
        let offset = contents.bytes.len() as u64;
        contents.bytes.extend_from_slice(&self.bytes);
        let length = self.bytes.len() as u64;
        contents.directory.insert(self.own.as_str(), offset, length);
        Ok(FileStamp::of(&self.bytes))
    }
}
