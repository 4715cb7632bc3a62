//! Objects that do not hold all of their bytes, but say where in another file some of them lie.
//!
//! Such an object consists of bytes of its own and of ranges of one file, which is immutable as far as its citation goes:
//! the stamp by which the object is cited is that of all its bytes, so a file that changed is found by whoever proves what he
//! reads, just as a damaged object is.
//!
//! In its store it is the bytes of its own, one after the other, then one line of JSON that says what it is composed of, and
//! the length of that line as sixteen hexadecimal digits with a line end.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::local::Positioned;
use super::name::ObjectName;
use crate::{Error, FileStamp, Hasher, Result, open_file};

/// What the name of a composed object has before its suffix, as in `partition_000003.e1.a1.composed.jsonl`.
const MARK: &str = ".composed.";
const VERSION: u32 = 1;
/// Ranges that are shorter than this are not cited: to look for them would take longer than to copy them.
const MIN_CITED_BYTES: usize = 4 << 10;
/// Digits and line end behind the line that says what an object is composed of.
const TRAILER_BYTES: u64 = 17;

/// The line behind an object's own bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Table {
    version: u32,
    /// Whose file it is: a number that whoever knows where it lies now tells by.
    input: u32,
    /// Where it was.
    file: PathBuf,
    /// In order: how many bytes, and where in the file they begin; those without a place are the object's own.
    parts: Vec<(u64, Option<u64>)>,
}

/// Writes an object that is composed of bytes of its own and of ranges of a file.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// use std::io::Read;
/// use coldpress_storage::{AttemptName, ComposedWriter, ObjectRef, Place, StoreSchemes, StoreSpecs, Stores};
///
/// let input = folder.path().join("input.jsonl");
/// std::fs::write(&input, "{}\n".repeat(3000)).unwrap();
/// let stores = Stores::open(StoreSpecs::in_folder(folder.path()), &StoreSchemes::default())?;
///
/// let name = AttemptName::new(3, 1, 1).suffix(&ComposedWriter::suffix(".jsonl")).object()?;
/// let mut writer = ComposedWriter::new(stores.put_new(Place::Results, &name)?, (0, &input));
/// writer.own(b"[]\n").unwrap();
/// writer.cite(0, "{}\n".repeat(2000).as_bytes()).unwrap();
/// let cited = ObjectRef::new(Place::Results, name, writer.finish()?);
///
/// let mut rows = String::new();
/// stores.object(&cited).read()?.read_to_string(&mut rows).unwrap();
/// assert_eq!(rows, format!("[]\n{}", "{}\n".repeat(2000)));
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[derive(Debug)]
pub struct ComposedWriter {
    object: Box<dyn StoreWriter>,
    table: Table,
    all: Hasher,
}

impl ComposedWriter {
    /// The suffix of a composed object, of which `suffix` tells what its bytes are. Only by its name it is known as one.
    #[must_use]
    pub fn suffix(suffix: &str) -> String {
        format!("{}{}", MARK.trim_end_matches('.'), suffix)
    }

    /// Returns whether an object of this name is a composed one.
    #[must_use]
    pub fn is_of(name: &ObjectName) -> bool {
        name.as_str().contains(MARK)
    }

    /// Writes to a new object, which must be named as [`suffix`](Self::suffix) says, and cites ranges of `file`. That is
    /// the input of this number, by which [`Stores::move_input`](super::Stores::move_input) knows it.
    #[must_use]
    pub fn new(object: Box<dyn StoreWriter>, (input, file): (u32, &Path)) -> Self {
        Self {
            object,
            table: Table {
                version: VERSION,
                input,
                file: file.to_owned(),
                parts: Vec::new(),
            },
            all: Hasher::new(),
        }
    }

    /// The number of all bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.all.length()
    }

    /// Appends bytes that the object holds itself.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn own(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.object.write_all(bytes)?;
        self.all.update(bytes);
        match self.table.parts.last_mut() {
            Some((length, None)) => *length += bytes.len() as u64,
            _ => self.table.parts.push((bytes.len() as u64, None)),
        }
        Ok(())
    }

    /// Appends bytes that lie at this place of the file.
    ///
    /// # Errors
    /// When they cannot be written, as few of them are.
    pub fn cite(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        match self.table.parts.last_mut() {
            Some((length, Some(start))) if *start + *length == place => {
                *length += bytes.len() as u64;
            }
            _ if bytes.len() < MIN_CITED_BYTES => return self.own(bytes),
            _ => self.table.parts.push((bytes.len() as u64, Some(place))),
        }
        self.all.update(bytes);
        Ok(())
    }

    /// Makes the object durable and visible, and gives the stamp of all its bytes, to cite it by.
    ///
    /// # Errors
    /// As [`StoreWriter::finish`].
    pub fn finish(mut self) -> Result<FileStamp> {
        let mut table = serde_json::to_vec(&self.table).map_err(|source| Error::Encode {
            path: self.object.name().as_str().into(),
            source,
        })?;
        table.push(b'\n');
        let trailer = format!("{:016x}\n", table.len());
        self.object.put(&table)?;
        self.object.put(trailer.as_bytes())?;
        self.object.finish()?;
        Ok(self.all.stamp())
    }
}

/// A store of which composed objects are read as the bytes that they are composed of.
#[derive(Debug)]
pub(super) struct ComposingStore {
    inner: Arc<dyn ObjectStore>,
    moved: MovedInputs,
}

/// Where inputs lie that are not any more where they were.
#[derive(Clone, Debug, Default)]
pub(super) struct MovedInputs(Arc<Mutex<HashMap<u32, PathBuf>>>);

impl MovedInputs {
    pub(super) fn add(&self, input: u32, file: &Path) {
        self.all().insert(input, file.to_owned());
    }

    fn place(&self, input: u32) -> Option<PathBuf> {
        self.all().get(&input).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u32, PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ComposingStore {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, moved: MovedInputs) -> Self {
        Self { inner, moved }
    }
}

impl fmt::Display for ComposingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl ObjectStore for ComposingStore {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        self.inner.put_new(name)
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let object = self.inner.get(name)?;
        match ComposedWriter::is_of(name) {
            true => Ok(Box::new(ComposedReader::open(self, object)?)),
            false => Ok(object),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        self.inner.delete(name)
    }

    fn check_place(&self) -> Result<()> {
        self.inner.check_place()
    }

    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        self.inner.delete_all(names)
    }

    fn path_of(&self, name: &ObjectName) -> Option<PathBuf> {
        self.inner
            .path_of(name)
            .filter(|_| !ComposedWriter::is_of(name))
    }
}

/// A composed object that is open for reading.
#[derive(Debug)]
struct ComposedReader {
    /// As it displays itself.
    store: String,
    object: Box<dyn StoreReader>,
    path: PathBuf,
    /// None where nothing of it is cited.
    file: Option<Positioned>,
    /// In order.
    parts: Vec<Part>,
    length: u64,
}

#[derive(Debug)]
struct Part {
    /// Where it ends in the whole.
    end: u64,
    length: u64,
    /// Where it begins: in the file or in the object itself.
    start: u64,
    is_cited: bool,
}

impl ComposedReader {
    fn open(store: &ComposingStore, object: Box<dyn StoreReader>) -> Result<Self> {
        let table = read_table(&*object)?;
        let (mut length, mut own) = (0u64, 0u64);
        let mut parts = Vec::with_capacity(table.parts.len());
        for (bytes, place) in table.parts {
            let end = length.checked_add(bytes);
            length = end.ok_or_else(|| corrupt(&*object, "it is longer than anything can be"))?;
            parts.push(Part {
                end: length,
                length: bytes,
                start: place.unwrap_or(own),
                is_cited: place.is_some(),
            });
            // No more than the length.
            own += if place.is_none() { bytes } else { 0 };
        }
        let path = store.moved.place(table.input).unwrap_or(table.file);
        let is_cited = parts.iter().any(|part| part.is_cited);
        let file = is_cited.then(|| open_file(&path)).transpose();
        let cannot_open = |error: Error| {
            let name = object.name().as_str();
            if error.is_not_found() {
                return Error::InputGone {
                    name: name.to_owned(),
                    input: path.clone(),
                };
            }
            Error::store(store, "open the input that is cited by", name, error)
        };
        let file = file.map_err(cannot_open)?;
        Ok(Self {
            store: store.to_string(),
            object,
            path,
            file: file.map(Positioned::new),
            parts,
            length,
        })
    }

    fn failed(
        &self,
        action: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::store(&self.store, action, self.name().as_str(), source)
    }

    fn read_part(&self, part: &Part, skipped: u64, buffer: &mut [u8]) -> Result<()> {
        let start = part.start.checked_add(skipped);
        let start = start.ok_or_else(|| corrupt(&*self.object, "it cites no place"))?;
        let Some(file) = self.file.as_ref().filter(|_| part.is_cited) else {
            return self.object.read_at(start, buffer);
        };
        let read = file.read_exact_at(start, buffer);
        read.map_err(|error| {
            let error = Error::io("read", &self.path, error);
            self.failed("read the input that is cited by", error)
        })
    }
}

impl StoreReader for ComposedReader {
    fn name(&self) -> &ObjectName {
        self.object.name()
    }

    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let (mut at, mut rest) = (offset, buffer);
        let first = self.parts.partition_point(|part| part.end <= offset);
        for part in &self.parts[first..] {
            if rest.is_empty() {
                return Ok(());
            }
            let left = usize::try_from(part.end - at).unwrap_or(usize::MAX);
            let (here, beyond) = rest.split_at_mut(left.min(rest.len()));
            self.read_part(part, part.length - (part.end - at), here)?;
            at += here.len() as u64;
            rest = beyond;
        }
        match rest.is_empty() {
            true => Ok(()),
            false => {
                let error = io::Error::from(io::ErrorKind::UnexpectedEof);
                Err(self.failed("read", error))
            }
        }
    }
}

/// Reads what an object is composed of, from its end.
fn read_table(object: &dyn StoreReader) -> Result<Table> {
    let no_table = || corrupt(object, "its end does not say what it is composed of");
    let trailer_at = object
        .len()
        .checked_sub(TRAILER_BYTES)
        .ok_or_else(no_table)?;
    let mut trailer = [0; TRAILER_BYTES as usize];
    object.read_at(trailer_at, &mut trailer)?;
    let digits = trailer.strip_suffix(b"\n");
    let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
    let length = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let length = length
        .filter(|length| *length <= trailer_at)
        .ok_or_else(no_table)?;
    let mut line = vec![0; usize::try_from(length).map_err(|_| no_table())?];
    object.read_at(trailer_at - length, &mut line)?;
    let table: Table = serde_json::from_slice(&line).map_err(|_| no_table())?;
    match table.version {
        VERSION => Ok(table),
        version => {
            let reason =
                format!("it is composed as version {version} says, this release knows {VERSION}");
            Err(corrupt(object, reason))
        }
    }
}

fn corrupt(object: &dyn StoreReader, reason: impl Into<String>) -> Error {
    Error::Corrupt {
        name: object.name().to_string(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
