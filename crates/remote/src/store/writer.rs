//! Writing the files of jobs.

use std::io;

use coldpress_storage::{Expected, FileStamp, ObjectName, Result, StoreWriter};

use super::RemoteStore;
use super::outgoing::Outgoing;

/// An object that is being written, and that takes no other one's place.
#[derive(Debug)]
pub(super) struct RemoteWriter(Outgoing);

impl RemoteWriter {
    pub(super) fn new(store: RemoteStore, name: ObjectName) -> Self {
        Self(Outgoing::new(store, name))
    }
}

impl io::Write for RemoteWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StoreWriter for RemoteWriter {
    fn name(&self) -> &ObjectName {
        self.0.name()
    }

    fn finish(mut self: Box<Self>) -> Result<FileStamp> {
        match self.0.complete(Expected::Nothing) {
            Ok(_) => Ok(self.0.stamp()),
            Err(failure) => {
                let name = self.0.name().as_str();
                Err(self.0.store().error("create", name, failure))
            }
        }
    }
}
