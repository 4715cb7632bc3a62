//! Where attempts put the files of their results.

use std::sync::{Mutex, PoisonError};

use coldpress_storage::{AttemptName, ObjectName, Packing, Place, StoreWriter, Stores};

/// Makes files of results: objects of their own, or members of packs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewFiles<'a> {
    stores: &'a Stores,
    packing: Option<&'a Mutex<Packing>>,
}

impl<'a> NewFiles<'a> {
    /// Objects of their own, which are durable as soon as they are finished.
    pub(crate) fn apart(stores: &'a Stores) -> Self {
        Self {
            stores,
            packing: None,
        }
    }

    /// Members of packs, which are durable once the packs are finished.
    pub(crate) fn packed(stores: &'a Stores, packing: &'a Mutex<Packing>) -> Self {
        Self {
            stores,
            packing: Some(packing),
        }
    }

    /// Returns whether they become members of packs, as small files do.
    pub(crate) fn are_packed(self) -> bool {
        self.packing.is_some()
    }

    /// Begins a file. Returns the name to cite it by.
    pub(crate) fn put_new(
        self,
        place: Place,
        name: &AttemptName,
    ) -> coldpress_storage::Result<(ObjectName, Box<dyn StoreWriter>)> {
        match self.packing {
            Some(packing) => {
                let mut packing = packing.lock().unwrap_or_else(PoisonError::into_inner);
                packing.put_new(place, name)
            }
            None => {
                let name = name.object()?;
                let file = self.stores.put_new(place, &name)?;
                Ok((name, file))
            }
        }
    }
}
