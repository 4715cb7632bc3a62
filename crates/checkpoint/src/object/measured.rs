//! A sink that only measures the length of an object.

use std::{fmt, io};

use coldpress_storage::{FileStamp, Hasher, ObjectName, Result, StoreWriter};

/// Counts the bytes of an object and discards them.
pub(super) struct Measured {
    name: ObjectName,
    hasher: Hasher,
}

impl Measured {
    pub(super) fn new(name: &ObjectName) -> Self {
        Self {
            name: name.clone(),
            hasher: Hasher::new(),
        }
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl io::Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StoreWriter for Measured {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<FileStamp> {
        Ok(self.hasher.stamp())
    }
}
