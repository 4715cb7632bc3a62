//! Keeps checkpoints in an object store.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use coldpress_failure::full_message;
use coldpress_storage::{ObjectName, ObjectReader, ObjectStore};

use super::intermediate::{IntermediateStore, Loaded};
use super::writer::Saved;
use crate::{CheckpointName, Error, Format, Options, Record, Result};

/// The number of versions to try if other writers take them first.
const TRIES: u32 = 16;
const PIECE_BYTES: usize = 1 << 20;

/// Checkpoints in any [`ObjectStore`], such as a bucket.
///
/// Each version of a checkpoint is an object, `{folder}/{name}/{version}.{format}`. The newest intact one counts, and older ones
/// are deleted once it is durable. Characters that are invalid in names of objects are spelled as a dot and two hexadecimal digits
/// for each byte.
///
/// Files are made in a temporary folder before they are stored, and downloaded into one before they are read.
#[derive(Clone, Debug)]
pub struct RemoteStore {
    objects: Arc<dyn ObjectStore>,
    options: Options,
}

impl RemoteStore {
    /// Keeps checkpoints in this store.
    pub fn new(objects: Arc<dyn ObjectStore>, options: Options) -> Self {
        Self { objects, options }
    }

    /// Saves a checkpoint. The path in the result is the name of its object.
    ///
    /// # Errors
    /// As for [`IntermediateStore::save`].
    pub fn write(&self, name: &CheckpointName, records: &[Record]) -> Result<Saved> {
        let folder = temporary_folder()?;
        let local = IntermediateStore::open_with(folder.path(), self.options.clone())?;
        let saved = local.write(name, records)?;
        for _ in 0..TRIES {
            let versions = self.versions(name)?;
            let next = versions
                .last_key_value()
                .map_or(1, |(version, _)| version + 1);
            let object = object_name(name, next, saved.format)?;
            match self.store(&saved.path, &object) {
                Err(Error::Storage(coldpress_storage::Error::AlreadyExists { .. })) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    for (object, _) in versions.values() {
                        self.objects.delete(object)?;
                    }
                    return Ok(Saved {
                        path: object.as_str().into(),
                        ..saved
                    });
                }
            }
        }
        let busy = io::Error::other("other writers take every version");
        Err(Error::write(&saved.path, busy))
    }

    /// Loads a checkpoint; `None` if it doesn't exist. If a version is not intact, the one before it is loaded, with a warning.
    ///
    /// # Errors
    /// As for [`IntermediateStore::load`].
    pub fn read(&self, name: &CheckpointName) -> Result<Option<Loaded>> {
        let mut warnings = Vec::new();
        let mut failed = None;
        for (object, format) in self.versions(name)?.into_values().rev() {
            match self.read_version(name, &object, format) {
                Ok(Some(loaded)) => {
                    return Ok(Some(Loaded {
                        path: object.as_str().into(),
                        warnings,
                        ..loaded
                    }));
                }
                // It was deleted after it was listed.
                Ok(None) => {}
                Err(error) => {
                    warnings.push(format!(
                        "{}; an older version is used",
                        full_message(&error)
                    ));
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// Removes a checkpoint, and returns whether there was one.
    ///
    /// # Errors
    /// [`Error::Storage`] if the store cannot delete it.
    pub fn remove(&self, name: &CheckpointName) -> Result<bool> {
        let versions = self.versions(name)?;
        for (object, _) in versions.values() {
            self.objects.delete(object)?;
        }
        Ok(!versions.is_empty())
    }

    /// Lists the checkpoints, sorted by name.
    ///
    /// # Errors
    /// [`Error::Storage`] if the store cannot list them.
    pub fn list(&self) -> Result<Vec<CheckpointName>> {
        let objects = self.objects.list("")?.into_iter();
        let mut names: Vec<CheckpointName> = objects
            .filter_map(|object| {
                let mut parts = object.name.parts();
                let (folder, stem) = (decoded(parts.next()?)?, decoded(parts.next()?)?);
                version_of(parts.next()?)?;
                CheckpointName::of_file(&folder, &stem)
            })
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Returns the versions of a checkpoint, the oldest first.
    fn versions(&self, name: &CheckpointName) -> Result<BTreeMap<u64, (ObjectName, Format)>> {
        let prefix = format!("{}/{}/", encoded(&name.folder()), encoded(&name.stem()));
        let objects = self.objects.list(&prefix)?.into_iter();
        let versions = objects.filter_map(|object| {
            let (version, format) = version_of(object.name.as_str().strip_prefix(&prefix)?)?;
            Some((version, (object.name, format)))
        });
        Ok(versions.collect())
    }

    /// Copies a file into the store.
    fn store(&self, path: &Path, object: &ObjectName) -> Result<()> {
        let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let mut writer = self.objects.put_new(object)?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file
                .read(&mut piece)
                .map_err(|error| Error::io("read", path, error))?;
            if read == 0 {
                break;
            }
            writer.put(&piece[..read])?;
        }
        writer.finish()?;
        Ok(())
    }

    fn read_version(
        &self,
        name: &CheckpointName,
        object: &ObjectName,
        format: Format,
    ) -> Result<Option<Loaded>> {
        let folder = temporary_folder()?;
        let path = folder.path().join(name.path(format));
        let within = folder.path().join(name.folder());
        fs::create_dir(&within).map_err(|error| Error::io("create folder", &within, error))?;
        let mut reader = match self.objects.get(object) {
            Ok(object) => ObjectReader::new(object),
            Err(coldpress_storage::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let copied = File::create(&path).and_then(|mut file| io::copy(&mut reader, &mut file));
        copied.map_err(|error| Error::io("fetch an object into", &path, error))?;
        let local = IntermediateStore::open_with(folder.path(), self.options.clone())?;
        // The path in its errors would be that of a temporary file, which means nothing to the caller.
        local.read(name).map_err(|error| match error {
            Error::Damaged { reason, .. } => Error::damaged(Path::new(object.as_str()), reason),
            error => error,
        })
    }
}

fn temporary_folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir()
        .map_err(|error| Error::io("create a folder in", &std::env::temp_dir(), error))
}

fn object_name(name: &CheckpointName, version: u64, format: Format) -> Result<ObjectName> {
    let (folder, stem) = (encoded(&name.folder()), encoded(&name.stem()));
    let object = format!("{folder}/{stem}/{version:020}.{}", format.extension());
    Ok(ObjectName::new(object)?)
}

/// Returns the version and the format of an object, from the last part of its name.
fn version_of(part: &str) -> Option<(u64, Format)> {
    let (version, extension) = part.split_once('.')?;
    Some((version.parse().ok()?, Format::of_extension(extension)?))
}

fn encoded(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!(".{byte:02x}")),
        }
    }
    encoded
}

fn decoded(part: &str) -> Option<String> {
    let mut pieces = part.split('.');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
