//! The stores of a job, one per place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::composed::{ComposingStore, MovedInputs};
use super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::local::LocalStore;
use super::name::ObjectName;
use super::object::StoredObject;
use super::pack::PackStore;
use super::reference::{ObjectKey, ObjectRef, Place};
use super::spec::{StoreSchemes, StoreSpec, StoreSpecs};
use crate::{Error, Result};

/// Where the files of a job's attempts are: an open store for each place.
///
/// Every file of an attempt is made, read, listed and deleted through this, whatever the stores are.
#[derive(Clone, Debug)]
pub struct Stores {
    specs: Arc<StoreSpecs>,
    /// In the order of the places.
    stores: Arc<[Arc<dyn ObjectStore>]>,
    /// The same as they are below packs and what is composed.
    stored: Arc<[Arc<dyn ObjectStore>]>,
    moved: MovedInputs,
}

impl Stores {
    /// Opens the store of each place.
    ///
    /// # Errors
    /// As [`StoreSchemes::open`].
    pub fn open(specs: StoreSpecs, schemes: &StoreSchemes) -> Result<Self> {
        let moved = MovedInputs::default();
        let open = |place: Place| -> Result<Arc<dyn ObjectStore>> {
            match specs.of(place) {
                StoreSpec::Folder(path) if place == Place::Checkpoints => {
                    Ok(Arc::new(LocalStore::new(path).mapping(specs.maps())))
                }
                spec => schemes.open(&spec),
            }
        };
        let stored: Arc<[_]> = Place::ALL.into_iter().map(open).collect::<Result<_>>()?;
        let whole = |place: Place| -> Arc<dyn ObjectStore> {
            // What a result is composed of may say so in a pack.
            let store = Arc::new(PackStore::new(Arc::clone(&stored[place as usize])));
            match place {
                Place::Results => Arc::new(ComposingStore::new(store, moved.clone())),
                _ => store,
            }
        };
        Ok(Self {
            stores: Place::ALL.into_iter().map(whole).collect(),
            stored,
            specs: Arc::new(specs),
            moved,
        })
    }

    /// Says where the input of this number lies now, for objects that cite it ([`ComposedWriter`](super::ComposedWriter)).
    pub fn move_input(&self, input: u32, file: &Path) {
        self.moved.add(input, file);
    }

    /// What opens the same stores in another process.
    #[must_use]
    pub fn specs(&self) -> &StoreSpecs {
        &self.specs
    }

    /// The store of a place.
    #[must_use]
    pub fn of(&self, place: Place) -> &Arc<dyn ObjectStore> {
        // `open` made one for each.
        &self.stores[place as usize]
    }

    /// The store of a place as it stores its objects, for whoever gives them to another job: packs are objects there and
    /// their members are none, and a composed object is what says what it is composed of.
    #[must_use]
    pub fn stored(&self, place: Place) -> &Arc<dyn ObjectStore> {
        &self.stored[place as usize]
    }

    /// Begins a new file; as [`ObjectStore::put_new`].
    ///
    /// # Errors
    /// As there.
    pub fn put_new(&self, place: Place, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        self.of(place).put_new(name)
    }

    /// Opens a file; as [`ObjectStore::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, key: &ObjectKey) -> Result<Box<dyn StoreReader>> {
        self.of(key.place).get(&key.name)
    }

    /// Lists files of a place; as [`ObjectStore::list`].
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, place: Place, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.of(place).list(prefix)
    }

    /// Deletes a file, or does nothing if it is not there; as [`ObjectStore::delete`].
    ///
    /// # Errors
    /// As there.
    pub fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.of(key.place).delete(&key.name)
    }

    /// Deletes files; as [`ObjectStore::delete_all`].
    pub fn delete_all(&self, keys: &[&ObjectKey]) -> Vec<Error> {
        let of = |place: Place| {
            let names = keys.iter().filter(move |key| key.place == place);
            let names: Vec<_> = names.map(|key| &key.name).collect();
            self.of(place).delete_all(&names)
        };
        Place::ALL.into_iter().flat_map(of).collect()
    }

    /// Returns the file of this machine that an object is, if it is one; as [`ObjectStore::path_of`].
    #[must_use]
    pub fn path_of(&self, key: &ObjectKey) -> Option<PathBuf> {
        self.of(key.place).path_of(&key.name)
    }

    /// A cited file with the store that holds it.
    #[must_use]
    pub fn object(&self, cited: &ObjectRef) -> StoredObject {
        let store = Arc::clone(self.of(cited.place()));
        StoredObject::new(store, cited.name().clone(), cited.stamp)
    }

    /// Checks that a file is there and is what was cited.
    ///
    /// # Errors
    /// As [`StoredObject::verify`].
    pub fn verify(&self, cited: &ObjectRef) -> Result<()> {
        self.object(cited).verify()
    }
}
