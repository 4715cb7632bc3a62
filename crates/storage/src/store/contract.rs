//! Where the files of attempts lie: the trait of a store and its contract.

use std::fmt;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;

use super::name::ObjectName;
use super::upload::{ObjectVersion, Upload};
use crate::{Error, FileStamp, Hasher, Result};

/// How much of an object is read at a time when it is verified.
const PIECE_BYTES: usize = 512 << 10;

/// A place for immutable objects: a folder, an object store, a database of blobs.
///
/// It is used as `Arc<dyn ObjectStore>`. `Display` names the store in errors and logs, as a noun phrase
/// (`the folder "/data/checkpoints"`).
///
/// # Contract
///
/// **Atomicity.** An object becomes an object by [`StoreWriter::finish`], whole and at once. Before that, `get` and
/// `list` may show nothing of it or a part (a folder shows the file as it grows), so nobody may take a name's
/// existence for completeness: an object counts when its stamp is cited elsewhere. A writer that is dropped
/// unfinished leaves no object behind; a crash may leave a remnant, which nobody cites and which may keep its name
/// taken.
///
/// **Immutability.** An object's bytes never change, but for those of views, which nothing cites and whose loss costs
/// nothing ([`replace`](Self::replace)), and of outputs, which are no files of a job ([`upload`](Self::upload)). There is
/// no rename and no append.
///
/// **Create-only.** When an object of that name was finished before and not deleted, `put_new` or `finish` fails
/// with [`Error::AlreadyExists`], and the object stays as it is. `put_new` may also fail so while another writer
/// of that name is at work. Of any number of writers of one name, at most one finishes.
///
/// **Durability.** When `finish` has returned, the bytes, the name and all folders above it survive a power cut.
/// When `delete` has returned, the object stays deleted.
///
/// **Ordering.** What has returned in one thread is seen by every call that begins later, in any thread and any
/// process: no stale `get`, no stale `list`. Also a name that was deleted and written again gives the new bytes.
///
/// **Repeated and concurrent calls.** Every call may be made from any thread at any time. `delete` of an object
/// that is not there succeeds, so that it can be repeated after a crash. A reader that was opened before a
/// `delete` gives the object's bytes or an error, never other bytes. What becomes of a name that is deleted while it
/// is being written is not said: whoever deletes knows that its writer is gone.
///
/// **Errors.** `get` of what is not there is [`Error::NotFound`]. A call that fails leaves finished objects as they
/// were. After a failed write, `finish` fails. Other failures are [`Error::Store`], with the cause as its source.
///
/// **Names.** A store need not hold a name that is a folder of another one (`a` and `a/b`).
///
/// The feature `suite` checks what of this can be checked from outside.
pub trait ObjectStore: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Begins a new object.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] where that is known already; [`Error::Store`].
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>>;

    /// Opens an object.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>>;

    /// The objects whose names begin with this text, sorted by name; the empty text means all.
    ///
    /// Things that no [`ObjectName`] can name are passed over.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>>;

    /// Deletes an object, or does nothing if it is not there.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn delete(&self, name: &ObjectName) -> Result<()>;

    /// Puts an object where there may be one of that name already. Only for views: files that nothing cites, and that can be
    /// made again.
    ///
    /// A reader finds the old bytes or the new ones; in a store that does not implement this itself, it may also find
    /// nothing for a moment, and after a crash.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] where another writer was faster; [`Error::Store`].
    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        self.delete(name)?;
        let mut writer = self.put_new(name)?;
        writer.put(bytes)?;
        writer.finish().map(drop)
    }

    /// The first parts of the names of all objects that have more than one, sorted: folders, where a store has any. Made for
    /// stores that can tell them without listing what is in them.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn folders(&self) -> Result<Vec<String>> {
        let first = |object: ObjectMeta| {
            let (first, _) = object.name.as_str().split_once('/')?;
            Some(first.to_owned())
        };
        let mut folders: Vec<_> = self.list("")?.into_iter().filter_map(first).collect();
        folders.dedup();
        Ok(folders)
    }

    /// Makes sure that there is a place for objects, such as the bucket, and that one may look at it. It is for saying so before
    /// any work: a store that makes its place itself, as a folder does, has nothing to look for.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn check_place(&self) -> Result<()> {
        Ok(())
    }

    /// Deletes objects, and gives what went wrong; those that it does not name are deleted. Made for stores that can delete
    /// many at once for less.
    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        let deleted = names.iter().map(|name| self.delete(name));
        deleted.filter_map(Result::err).collect()
    }

    /// Returns the file of this machine that holds exactly the bytes of an object of this name, or would hold them if
    /// there is no such object.
    ///
    /// It only makes things faster or clearer: a file can be linked and its path shown to people. A store that keeps
    /// its objects in any other form, packed or under other names, has none.
    fn path_of(&self, _name: &ObjectName) -> Option<PathBuf> {
        None
    }

    /// Begins an object that may take the place of another one. A job's own files are never made so.
    ///
    /// # Errors
    /// [`Error::Store`]; with an [`io::ErrorKind::Unsupported`] as its source where objects cannot be replaced.
    fn upload(&self, name: &ObjectName) -> Result<Box<dyn Upload>> {
        Err(cannot_replace(&format_args!("{self}"), name.as_str()))
    }

    /// The objects whose names begin with this text, sorted by name, with what their contents are called.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>> {
        Err(cannot_replace(&format_args!("{self}"), prefix))
    }

    /// What the content of an object is called; none where there is no such object.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    fn version_of(&self, name: &ObjectName) -> Result<Option<ObjectVersion>> {
        let mut found = self.versions(name.as_str())?.into_iter();
        Ok(found.find(|found| found.name == *name))
    }

    /// Removes what is left of uploads that were begun and never completed, of objects whose names begin with this text,
    /// and gives how many there were. Whoever calls it knows that none of them is at work: one that is fails.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    fn abandon_uploads(&self, prefix: &str) -> Result<u64> {
        Err(cannot_replace(&format_args!("{self}"), prefix))
    }
}

fn cannot_replace(store: &dyn fmt::Display, name: &str) -> Error {
    let source = io::Error::new(
        io::ErrorKind::Unsupported,
        "objects cannot be replaced there",
    );
    Error::store(store, "replace", name, source)
}

/// An object that is being written. Dropped unfinished, it never becomes one.
pub trait StoreWriter: io::Write + fmt::Debug + Send {
    /// The object's name.
    fn name(&self) -> &ObjectName;

    /// Writes all bytes; as [`write_all`](io::Write::write_all), but the error names the object.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_all(bytes);
        written.map_err(|source| Error::io("write", self.name().as_str(), source))
    }

    /// Makes the object durable and visible, and gives the stamp to cite it by.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when another writer was faster, [`Error::Store`] when this or an earlier write
    /// failed.
    fn finish(self: Box<Self>) -> Result<FileStamp>;
}

/// An object that is open for reading, from any number of threads.
pub trait StoreReader: fmt::Debug + Send + Sync {
    /// The object's name.
    fn name(&self) -> &ObjectName;

    /// The object's length in bytes.
    fn len(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::Store`]; its source is an [`io::ErrorKind::UnexpectedEof`] when the object ends before the buffer
    /// is full.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// All bytes of the object, where they can be had without reading them: as a file that is mapped into memory.
    fn mapped(&self) -> Option<Bytes> {
        None
    }

    /// Returns whether the object has no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a listing tells of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectMeta {
    /// Its name.
    pub name: ObjectName,
    /// Its length in bytes.
    pub length: u64,
}

/// Checks that an object is still the one that was cited, by reading all of it.
///
/// # Errors
/// [`Error::Corrupt`] if length or digest differ, [`Error::Store`] if it cannot be read.
pub fn verify_stamp(reader: &dyn StoreReader, expected: &FileStamp) -> Result<()> {
    let length = reader.len();
    if length != expected.length {
        let reason = format!("it has {length} bytes, {} were written", expected.length);
        return Err(corrupt(reader, reason));
    }
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; PIECE_BYTES.min(usize::try_from(length).unwrap_or(PIECE_BYTES))];
    let mut offset = 0;
    while offset < length {
        let piece = buffer
            .len()
            .min(usize::try_from(length - offset).unwrap_or(usize::MAX));
        reader.read_at(offset, &mut buffer[..piece])?;
        hasher.update(&buffer[..piece]);
        offset += piece as u64;
    }
    let found = hasher.finish();
    if found == expected.digest {
        return Ok(());
    }
    let reason = format!(
        "its digest is {found}, it was written with {}",
        expected.digest
    );
    Err(corrupt(reader, reason))
}

fn corrupt(reader: &dyn StoreReader, reason: String) -> Error {
    Error::Corrupt {
        name: reader.name().to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::memory::MemoryStore;
    use super::*;

    #[test]
    fn any_changed_byte_and_any_other_length_is_found() {
        let store = MemoryStore::new();
        let name = ObjectName::new("a").unwrap();
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 7).map(|at| at as u8).collect();
        let mut writer = store.put_new(&name).unwrap();
        writer.write_all(&bytes).unwrap();
        let stamp = writer.finish().unwrap();
        let check = |reason: &str| {
            let error = verify_stamp(&*store.get(&name).unwrap(), &stamp).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        };
        verify_stamp(&*store.get(&name).unwrap(), &stamp).unwrap();
        for at in [0, PIECE_BYTES, bytes.len() - 1] {
            store.tamper(&name, |bytes| bytes[at] ^= 1);
            check("its digest is");
            store.tamper(&name, |bytes| bytes[at] ^= 1);
        }
        store.tamper(&name, |bytes| bytes.push(0));
        check("bytes, ");
        store.tamper(&name, Vec::clear);
        check("it has 0 bytes");
    }
}
