//! Which members of a pack are deleted: notes beside it, one for each time that some of its members were.

use std::collections::HashSet;

use super::super::contract::ObjectStore;
use super::super::name::ObjectName;
use super::SUFFIX;
use super::directory::Directory;
use crate::{Error, Result};

/// What the names of notes end in, before their number.
const NOTE: &str = ".gone";
/// More than the names of all members of a pack; a longer note is none of ours.
const MAX_BYTES: u64 = 64 << 20;

/// The members of a pack that are deleted.
#[derive(Debug, Default)]
pub(super) struct Gone {
    members: HashSet<Box<str>>,
    notes: u32,
}

/// Returns whether an object is a note by its name.
pub(super) fn is_note(name: &ObjectName) -> bool {
    let number = name.as_str().rsplit_once(NOTE);
    number.is_some_and(|(pack, number)| pack.ends_with(SUFFIX) && number.parse::<u32>().is_ok())
}

fn note(pack: &ObjectName, number: u32) -> Result<ObjectName> {
    ObjectName::new(format!("{pack}{NOTE}{number}"))
}

impl Gone {
    /// Reads the notes beside a pack.
    ///
    /// # Errors
    /// As [`ObjectStore::get`], but for a note that is not there, which is the end.
    pub(super) fn read(
        store: &dyn ObjectStore,
        pack: &ObjectName,
        directory: &Directory,
    ) -> Result<Self> {
        let mut gone = Self::default();
        loop {
            let reader = match store.get(&note(pack, gone.notes + 1)?) {
                Ok(reader) => reader,
                Err(error) if error.is_not_found() => return Ok(gone),
                Err(error) => return Err(error),
            };
            let mut bytes = vec![0; reader.len().min(MAX_BYTES) as usize];
            reader.read_at(0, &mut bytes)?;
            // A crash may have left a part of a note. What it does not say is deleted again.
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.split_inclusive('\n');
            let whole = lines.filter_map(|line| line.strip_suffix('\n'));
            let known = whole.filter(|own| directory.range(own).is_some());
            gone.members.extend(known.map(Box::from));
            gone.notes += 1;
        }
    }

    pub(super) fn contains(&self, own: &str) -> bool {
        self.members.contains(own)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// Notes that these members are deleted too.
    pub(super) fn add(
        &mut self,
        store: &dyn ObjectStore,
        pack: &ObjectName,
        members: &[&str],
    ) -> Result<()> {
        if members.is_empty() {
            return Ok(());
        }
        let mut file = loop {
            self.notes += 1;
            match store.put_new(&note(pack, self.notes)?) {
                Err(Error::AlreadyExists { .. }) => {}
                file => break file?,
            }
        };
        let lines: String = members.iter().map(|own| format!("{own}\n")).collect();
        file.put(lines.as_bytes())?;
        file.finish()?;
        self.members.extend(members.iter().copied().map(Box::from));
        Ok(())
    }
}

/// Deletes the notes beside a pack, whatever they and the pack hold.
///
/// # Errors
/// As [`ObjectStore::get`], but for a note that is not there, which is the end, and as [`ObjectStore::delete`].
pub(super) fn delete_notes(store: &dyn ObjectStore, pack: &ObjectName) -> Result<()> {
    let mut notes = Vec::new();
    loop {
        let next = note(pack, notes.len() as u32 + 1)?;
        match store.get(&next) {
            Ok(_) => notes.push(next),
            Err(error) if error.is_not_found() => break,
            Err(error) => return Err(error),
        }
    }
    // The last first: whoever goes on where this stops finds those that are left, as there is no gap before them.
    notes.iter().rev().try_for_each(|note| store.delete(note))
}
