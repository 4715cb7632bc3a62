//! A store that nothing can read which goes around it: bytes are scrambled, under names that are hashed.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coldpress::storage::{
    Digest, Error, FileStamp, LocalStore, NewFile, ObjectMeta, ObjectName, ObjectStore, Result,
    Scheme, StorageOptions, StoreReader, StoreSchemes, StoreWriter, Waits, create_dir_all_durable,
    sync_dir,
};

/// The scheme of its URLs: `vault:` and a folder.
const SCHEME: &str = "vault";

/// What this program can open besides folders.
pub(crate) fn schemes() -> StoreSchemes {
    let vaults = StoreSchemes::default().with(SCHEME, |url| {
        let folder = url.strip_prefix("vault:").unwrap_or(url);
        Ok(Arc::new(Vault::new(folder)))
    });
    let buckets = vaults.with("bucket", |url| {
        let folder = url.strip_prefix("bucket://").unwrap_or(url);
        Ok(Arc::new(LocalStore::new(folder)))
    });
    // Folders as buckets: what a URL has below it is in the store of the URL.
    let buckets = buckets.with("disk", |url| {
        let folder = url.strip_prefix("disk:").unwrap_or(url);
        Ok(Arc::new(LocalStore::new(folder)))
    });
    buckets.with_scheme("safe", Safe)
}

/// The option without which a safe is not opened, and its value.
pub(crate) const COMBINATION: (&str, &str) = ("combination", "7-hush-7");

/// Vaults that are opened only with an option of the recipe.
struct Safe;

impl Scheme for Safe {
    fn store(
        &self,
        url: &str,
        options: &StorageOptions,
        _: &Waits,
    ) -> Result<Arc<dyn ObjectStore>> {
        let (name, value) = COMBINATION;
        if options.of(url).get(name) != Some(&value) {
            let error = io::Error::other("the combination is another one");
            return Err(Error::store(&"the safe", "open", url, error));
        }
        let folder = url.strip_prefix("safe:").unwrap_or(url);
        Ok(Arc::new(Vault::new(folder)))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Vault {
    folder: PathBuf,
}

impl Vault {
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { folder }
    }

    /// Where an object is: its name says nothing of the object's.
    fn place(&self, name: &ObjectName) -> PathBuf {
        let hashed = Digest::of(name.as_str().as_bytes());
        self.folder.join(format!("{hashed}.sealed"))
    }

    fn error(&self, action: &'static str, name: &str, error: io::Error) -> Error {
        Error::store(self, action, name, error)
    }

    fn sealed(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let paths = entries.map(|entry| Ok(entry?.path()));
        let is_sealed = |path: &PathBuf| path.extension().is_some_and(|end| end == "sealed");
        paths
            .filter(|path| path.as_ref().map_or(true, is_sealed))
            .collect()
    }
}

/// The name with its length before it, then the bytes, all of it scrambled.
fn seal(name: &ObjectName, bytes: &[u8]) -> Vec<u8> {
    let name = name.as_str().as_bytes();
    let mut sealed = (name.len() as u32).to_le_bytes().to_vec();
    sealed.extend_from_slice(name);
    sealed.extend_from_slice(bytes);
    scramble(&mut sealed);
    sealed
}

fn unseal(path: &Path) -> io::Result<(ObjectName, Vec<u8>)> {
    let mut bytes = fs::read(path)?;
    scramble(&mut bytes);
    let torn = || io::Error::other("it is torn");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(torn)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (name, bytes) = rest.split_at_checked(length).ok_or_else(torn)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let name = ObjectName::new(name).map_err(io::Error::other)?;
    Ok((name, bytes.to_vec()))
}

fn scramble(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte ^= 0xa5);
}

impl fmt::Display for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the vault `{}`", self.folder.display())
    }
}

impl ObjectStore for Vault {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        if self.place(name).exists() {
            return Err(taken(self, name));
        }
        Ok(Box::new(Sealing {
            vault: self.clone(),
            name: name.clone(),
            bytes: Vec::new(),
        }))
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        match unseal(&self.place(name)) {
            Ok((_, bytes)) => Ok(Box::new(Unsealed {
                vault: self.clone(),
                name: name.clone(),
                bytes,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound {
                store: self.to_string(),
                name: name.to_string(),
            }),
            Err(error) => Err(self.error("open", name.as_str(), error)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let cannot = |error| self.error("list", prefix, error);
        let mut found = Vec::new();
        for path in self.sealed().map_err(cannot)? {
            match unseal(&path) {
                Ok((name, bytes)) if name.as_str().starts_with(prefix) => found.push(ObjectMeta {
                    name,
                    length: bytes.len() as u64,
                }),
                Ok(_) => {}
                // It went meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        found.sort();
        Ok(found)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        match fs::remove_file(self.place(name)) {
            Ok(()) => sync_dir(&self.folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.error("delete", name.as_str(), error)),
        }
    }
}

fn taken(vault: &Vault, name: &ObjectName) -> Error {
    Error::AlreadyExists {
        store: vault.to_string(),
        name: name.to_string(),
    }
}

#[derive(Debug)]
struct Sealing {
    vault: Vault,
    name: ObjectName,
    bytes: Vec<u8>,
}

impl Write for Sealing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StoreWriter for Sealing {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    /// A link is made wholly or not at all, and not if there is one.
    fn finish(self: Box<Self>) -> Result<FileStamp> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Self { vault, name, bytes } = *self;
        create_dir_all_durable(&vault.folder)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = format!("{}.{number}.sealing", std::process::id());
        let temporary = vault.folder.join(temporary);
        let mut file = NewFile::create(&temporary)?;
        file.put(&seal(&name, &bytes))?;
        file.finish()?;
        let linked = fs::hard_link(&temporary, vault.place(&name));
        let removed = fs::remove_file(&temporary);
        match linked.and(removed) {
            Ok(()) => sync_dir(&vault.folder)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(taken(&vault, &name));
            }
            Err(error) => return Err(vault.error("finish", name.as_str(), error)),
        }
        Ok(FileStamp::of(&bytes))
    }
}

#[derive(Debug)]
struct Unsealed {
    vault: Vault,
    name: ObjectName,
    bytes: Vec<u8>,
}

impl StoreReader for Unsealed {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start.checked_add(buffer.len());
        match bytes.and_then(|end| self.bytes.get(start..end)) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            None => {
                let error = io::ErrorKind::UnexpectedEof.into();
                Err(self.vault.error("read", self.name.as_str(), error))
            }
        }
    }
}
