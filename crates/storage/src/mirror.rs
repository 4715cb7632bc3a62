//! Copies of files in a store: views that others read there.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::{Error, ObjectName, ObjectStore, Result, open_file};

/// A file is copied again after this many times the time that copying it took, so that large files which grow all the time
/// take no more than a small part of it.
const SHARE: u32 = 25;

/// Copies files into a store, and again when they have changed. Nothing depends on a copy: it is a view of the file.
#[derive(Debug)]
pub struct Mirror {
    store: Arc<dyn ObjectStore>,
    /// The least time between two copies of a file.
    every: Duration,
    copies: BTreeMap<ObjectName, Copy>,
}

/// What was copied last.
#[derive(Debug)]
struct Copy {
    /// None where it failed.
    of: Option<(u64, Option<SystemTime>)>,
    due: Instant,
}

impl Mirror {
    /// Nothing is copied yet.
    pub fn new(store: Arc<dyn ObjectStore>, every: Duration) -> Self {
        Self {
            store,
            every,
            copies: BTreeMap::new(),
        }
    }

    /// Takes over the copies that an earlier process made, as far as their names begin with `prefix`: those of files that are
    /// gone are deleted.
    ///
    /// # Errors
    /// Those of [`ObjectStore::list`].
    pub fn take_over(&mut self, prefix: &str) -> Result<()> {
        for object in self.store.list(prefix)? {
            self.copies.entry(object.name).or_insert(Copy {
                of: None,
                due: Instant::now(),
            });
        }
        Ok(())
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Copies those of these files that have changed and were not copied just before, and deletes the copies of earlier ones
    /// that are not among them any more. Returns what went wrong; that is tried again.
    pub fn update(&mut self, files: &[(ObjectName, PathBuf)]) -> Vec<Error> {
        self.copy(files, false)
    }

    /// As [`update`](Self::update), also for files that were copied just before.
    pub fn finish(&mut self, files: &[(ObjectName, PathBuf)]) -> Vec<Error> {
        self.copy(files, true)
    }

    fn copy(&mut self, files: &[(ObjectName, PathBuf)], at_once: bool) -> Vec<Error> {
        let mut failures = Vec::new();
        for (name, path) in files {
            let Ok(meta) = std::fs::metadata(path) else {
                continue;
            };
            let now = (meta.len(), meta.modified().ok());
            let known = self.copies.get(name);
            let is_copied = known.is_some_and(|copy| copy.of == Some(now));
            let is_due = known.is_none_or(|copy| at_once || Instant::now() >= copy.due);
            if is_copied || !is_due {
                continue;
            }
            let begun = Instant::now();
            let copied = self.put(name, path);
            let pause = self.every.max(begun.elapsed().saturating_mul(SHARE));
            let copy = Copy {
                of: copied.is_ok().then_some(now),
                due: Instant::now() + pause,
            };
            self.copies.insert(name.clone(), copy);
            failures.extend(copied.err());
        }
        let names = self.copies.keys();
        let gone: Vec<ObjectName> = names
            .filter(|name| !files.iter().any(|(file, _)| file == *name))
            .cloned()
            .collect();
        for name in gone {
            match self.store.delete(&name) {
                Ok(()) => drop(self.copies.remove(&name)),
                Err(error) => failures.push(error),
            }
        }
        failures
    }

    fn put(&self, name: &ObjectName, path: &Path) -> Result<()> {
        let mut file = match open_file(path) {
            // It went meanwhile.
            Err(error) if error.is_not_found() => return Ok(()),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Error::io("read", path, error))?;
        self.store.replace(name, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, MemoryStore, ObjectReader, Step};

    #[test]
    fn what_changed_is_copied_and_what_is_gone_goes() {
        let dir = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        let mut mirror = Mirror::new(Arc::new(store.clone()), Duration::ZERO);
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            (ObjectName::new(format!("logs/{name}")).unwrap(), path)
        };
        let copied = |name: &str| {
            let reader = store.get(&ObjectName::new(name).unwrap()).ok()?;
            let mut text = String::new();
            ObjectReader::new(reader).read_to_string(&mut text).unwrap();
            Some(text)
        };
        let (first, second) = (file("a", "1"), file("b", "2"));
        let missing = (ObjectName::new("logs/c").unwrap(), dir.path().join("c"));
        assert!(mirror.update(&[first.clone(), second, missing]).is_empty());
        assert_eq!(copied("logs/a").as_deref(), Some("1"));
        assert_eq!(copied("logs/b").as_deref(), Some("2"));
        file("a", "1 and more");
        store.inject(Fault {
            step: Step::PutNew,
            after: 0,
            kind: std::io::ErrorKind::TimedOut,
        });
        // However long the copies before took.
        assert_eq!(mirror.finish(std::slice::from_ref(&first)).len(), 1);
        assert_eq!(copied("logs/a").as_deref(), Some("1"));
        assert_eq!(copied("logs/b"), None);
        assert!(mirror.finish(&[first]).is_empty());
        assert_eq!(copied("logs/a").as_deref(), Some("1 and more"));
    }

    #[test]
    fn copies_of_an_earlier_process_go_with_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        let name = |text: &str| ObjectName::new(text).unwrap();
        for text in ["logs/events.1", "logs/events", "other"] {
            store.replace(&name(text), b"1").unwrap();
        }
        let mut mirror = Mirror::new(Arc::new(store.clone()), Duration::ZERO);
        mirror.take_over("logs/").unwrap();
        let path = dir.path().join("events");
        std::fs::write(&path, "12").unwrap();
        assert!(mirror.update(&[(name("logs/events"), path)]).is_empty());
        let left = store.list("").unwrap().into_iter();
        let left: Vec<_> = left
            .map(|object| (object.name.to_string(), object.length))
            .collect();
        assert_eq!(
            left,
            [("logs/events".to_owned(), 2), ("other".to_owned(), 1)]
        );
    }

    #[test]
    fn what_was_copied_just_before_waits() {
        let dir = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        let mut mirror = Mirror::new(Arc::new(store.clone()), Duration::from_secs(3600));
        let name = ObjectName::new("a").unwrap();
        let files = [(name.clone(), dir.path().join("a"))];
        for (text, copied) in [("1", 1), ("12", 1), ("123", 1)] {
            std::fs::write(&files[0].1, text).unwrap();
            mirror.update(&files);
            assert_eq!(store.get(&name).unwrap().len(), copied);
        }
        mirror.finish(&files);
        assert_eq!(store.get(&name).unwrap().len(), 3);
    }
}
