//! Computes the digests of assets, and remembers those of large files.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use coldpress_storage::{Digest, Hasher, open_file, read_small, replace};
use serde::{Deserialize, Serialize};

/// The size from which digests are remembered. Smaller files are hashed each time, which is fast.
const REMEMBERED_BYTES: u64 = 16 << 20;
/// The age below which a file may still change without a change of its times.
const SETTLED: Duration = Duration::from_secs(2);
const LARGEST_MEMORY: u64 = 16 << 20;
const MOST_FILES: usize = 10_000;

/// Digests of files. Those of large files are remembered.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    file: Option<PathBuf>,
    known: OnceLock<Mutex<BTreeMap<PathBuf, Known>>>,
}

/// The state of a file when it was hashed. If any of it differs, the content may have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    length: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    digest: Digest,
}

impl Digests {
    pub(crate) fn in_file(file: PathBuf) -> Self {
        Self {
            file: Some(file),
            known: OnceLock::new(),
        }
    }

    /// Returns the digest of a file, or of all files in a folder with their names.
    pub(crate) fn of(&self, path: &Path) -> io::Result<Digest> {
        if !fs::metadata(path)?.is_dir() {
            return self.of_file(path);
        }
        let mut hasher = Hasher::new();
        for (name, file) in files_below(path)? {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(self.of_file(&file)?.to_string().as_bytes());
        }
        Ok(hasher.finish())
    }

    fn of_file(&self, path: &Path) -> io::Result<Digest> {
        let mut file = open_file(path).map_err(io::Error::other)?;
        let metadata = file.metadata()?;
        if metadata.len() < REMEMBERED_BYTES {
            return hash(&mut file);
        }
        let known = self.known();
        let remembered = lock(known).get(path).cloned();
        let state = Known::of(&metadata, Digest(0));
        if let Some(remembered) = remembered
            && (Known {
                digest: Digest(0),
                ..remembered.clone()
            }) == state
        {
            return Ok(remembered.digest);
        }
        let digest = hash(&mut file)?;
        let is_settled = metadata.modified().is_ok_and(|modified| {
            let age = SystemTime::now().duration_since(modified);
            age.is_ok_and(|age| age > SETTLED)
        });
        if is_settled && Known::of(&file.metadata()?, Digest(0)) == state {
            lock(known).insert(path.to_owned(), Known { digest, ..state });
            self.save();
        }
        Ok(digest)
    }

    fn known(&self) -> &Mutex<BTreeMap<PathBuf, Known>> {
        self.known.get_or_init(|| {
            let bytes = self.file.as_ref();
            let bytes = bytes.and_then(|file| read_small(file, LARGEST_MEMORY).ok());
            let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            Mutex::new(known.unwrap_or_default())
        })
    }

    /// Saves the digests. If that fails, the files are hashed again the next time.
    fn save(&self) {
        let Some(file) = &self.file else { return };
        if let Some(folder) = file.parent() {
            let _ = fs::create_dir_all(folder);
        }
        let bytes = serde_json::to_vec(&*lock(self.known()));
        let _ = bytes.map(|bytes| replace(file, &bytes));
    }
}

impl Known {
    fn of(metadata: &Metadata, digest: Digest) -> Self {
        Self {
            length: metadata.len(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            digest,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(file: &mut File) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Returns all files in a folder and its subfolders, by their names relative to it.
fn files_below(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            // A link to a folder could form a loop.
            if fs::symlink_metadata(&path)?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(folder).unwrap_or(&path);
                files.insert(name.to_string_lossy().into_owned(), path.clone());
            }
        }
        if files.len() + folders.len() > MOST_FILES {
            let message = format!("more than {MOST_FILES} files are in it");
            return Err(io::Error::other(message));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;

    use super::*;

    fn set_modified(path: &Path, time: SystemTime) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
    }

    #[test]
    fn a_large_file_is_hashed_once_and_again_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, memory) = (
            folder.path().join("model"),
            folder.path().join("memory.json"),
        );
        let old = SystemTime::now() - Duration::from_secs(3600);
        fs::write(&path, vec![1; REMEMBERED_BYTES as usize]).unwrap();
        set_modified(&path, old);
        let first = Digests::in_file(memory.clone()).of(&path).unwrap();

        // Remembered digests are trusted: a made-up one is returned.
        let text = fs::read_to_string(&memory).unwrap();
        let made_up = text.replace(&first.to_string(), &Digest(7).to_string());
        fs::write(&memory, &made_up).unwrap();
        assert_eq!(
            Digests::in_file(memory.clone()).of(&path).unwrap(),
            Digest(7)
        );

        // The file has the same size and modification time but different bytes. The inode's change time reveals that.
        fs::write(&path, vec![2; REMEMBERED_BYTES as usize]).unwrap();
        set_modified(&path, old);
        let second = Digests::in_file(memory.clone()).of(&path).unwrap();
        assert!(second != first && second != Digest(7));

        // A memory that is damaged or cannot be written does no harm.
        fs::write(&memory, "{").unwrap();
        assert_eq!(Digests::in_file(memory).of(&path).unwrap(), second);
        let nowhere = Digests::in_file(path.join("no/folder"));
        assert_eq!(nowhere.of(&path).unwrap(), second);
    }

    #[test]
    fn a_file_that_was_just_changed_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let (path, memory) = (
            folder.path().join("model"),
            folder.path().join("memory.json"),
        );
        fs::write(&path, vec![1; REMEMBERED_BYTES as usize]).unwrap();
        Digests::in_file(memory.clone()).of(&path).unwrap();
        assert!(!memory.exists());
    }
}
