//! A store of one's own: a wrapper that is itself a store, and counts what goes through it.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coldpress::storage::{
    FileStamp, ObjectMeta, ObjectName, ObjectStore, Result, StoreReader, StoreWriter,
};

/// Counts what goes through another store. Clones count together.
#[derive(Clone, Debug)]
pub struct CountingStore<S> {
    inner: S,
    counts: Arc<Counts>,
}

/// What went through a store.
#[derive(Debug, Default)]
pub struct Counts {
    /// Objects that were finished.
    pub written: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Objects that were opened.
    pub opened: AtomicU64,
}

impl<S> CountingStore<S> {
    /// A store in front of this one.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            counts: Arc::default(),
        }
    }

    /// The counts, which go on.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }
}

impl<S: ObjectStore> fmt::Display for CountingStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, counted", self.inner)
    }
}

impl<S: ObjectStore> ObjectStore for CountingStore<S> {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        let inner = self.inner.put_new(name)?;
        Ok(Box::new(CountingWriter {
            inner,
            bytes: 0,
            counts: self.counts(),
        }))
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let reader = self.inner.get(name)?;
        self.counts.opened.fetch_add(1, Ordering::Relaxed);
        Ok(reader)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        self.inner.delete(name)
    }
}

#[derive(Debug)]
struct CountingWriter {
    inner: Box<dyn StoreWriter>,
    bytes: u64,
    counts: Arc<Counts>,
}

impl Write for CountingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl StoreWriter for CountingWriter {
    fn name(&self) -> &ObjectName {
        self.inner.name()
    }

    // Only what is finished is an object, so only that is counted.
    fn finish(self: Box<Self>) -> Result<FileStamp> {
        let stamp = self.inner.finish()?;
        self.counts.written.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(self.bytes, Ordering::Relaxed);
        Ok(stamp)
    }
}
