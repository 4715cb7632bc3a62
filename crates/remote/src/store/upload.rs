//! Writing objects that may take the place of others.

use std::io;

use coldpress_storage::{Error, Expected, FileStamp, ObjectName, Result, SealedUpload, Upload};

use super::RemoteStore;
use super::outgoing::Outgoing;
use crate::failure::{Failure, Kind};

/// An object that is being uploaded.
#[derive(Debug)]
pub(super) struct RemoteUpload(Outgoing);

/// An object whose bytes are with the store.
#[derive(Debug)]
struct RemoteSealed(Outgoing);

impl RemoteUpload {
    pub(super) fn new(store: RemoteStore, name: ObjectName) -> Self {
        Self(Outgoing::new(store, name))
    }
}

impl io::Write for RemoteUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for RemoteUpload {
    fn name(&self) -> &ObjectName {
        self.0.name()
    }

    fn seal(mut self: Box<Self>) -> Result<Box<dyn SealedUpload>> {
        match self.0.seal() {
            Ok(()) => Ok(Box::new(RemoteSealed(self.0))),
            Err(failure) => Err(error(&self.0, failure)),
        }
    }
}

impl SealedUpload for RemoteSealed {
    fn name(&self) -> &ObjectName {
        self.0.name()
    }

    fn stamp(&self) -> FileStamp {
        self.0.stamp()
    }

    fn complete(mut self: Box<Self>, expected: &Expected) -> Result<String> {
        let completed = self.0.complete(expected.clone());
        completed.map_err(|failure| error(&self.0, failure))
    }
}

fn error(outgoing: &Outgoing, failure: Failure) -> Error {
    let (store, name) = (outgoing.store(), outgoing.name().as_str());
    match failure.kind {
        Kind::Changed => Error::Changed {
            url: store.url(name),
            what: failure.to_string(),
        },
        _ => store.error("replace", name, failure),
    }
}
