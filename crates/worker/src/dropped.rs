//! What filters drop, where the recipe wants it kept.

use std::collections::BTreeMap;

use coldpress_checkpoint::DroppedRows;
use coldpress_storage::{AttemptName, ObjectRef, Place, StoreWriter, Stores};

use crate::error::AttemptError;

/// The files of dropped records, one per filter, begun with the first record.
pub(crate) struct DroppedWriter {
    stores: Stores,
    name: AttemptName,
    files: BTreeMap<u32, Box<dyn StoreWriter>>,
}

impl DroppedWriter {
    /// A writer of files with this name, to which each adds of which filter it is.
    pub(crate) fn new(stores: &Stores, name: AttemptName) -> Self {
        Self {
            stores: stores.clone(),
            name,
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn put(&mut self, operation: u32, lines: &[u8]) -> Result<(), AttemptError> {
        if !self.files.contains_key(&operation) {
            let suffix = format!(".dropped.op{operation:03}.jsonl");
            let name = self.name.clone().suffix(&suffix).object()?;
            let file = self.stores.put_new(Place::Results, &name)?;
            self.files.insert(operation, file);
        }
        match self.files.get_mut(&operation) {
            Some(file) => Ok(file.put(lines)?),
            None => Ok(()),
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<DroppedRows>, AttemptError> {
        let finish = |(operation, file): (u32, Box<dyn StoreWriter>)| {
            let (name, stamp) = (file.name().clone(), file.finish()?);
            let file = ObjectRef::new(Place::Results, name, stamp);
            Ok(DroppedRows { operation, file })
        };
        self.files.into_iter().map(finish).collect()
    }
}
