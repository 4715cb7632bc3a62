//! Small objects that take the place of others.

use super::contract::ObjectStore;
use super::name::ObjectName;
use super::upload::Expected;
use crate::{Error, Result};

/// Makes these bytes the object of this name, if what is there is what is expected; gives its version.
///
/// # Errors
/// As [`SealedUpload::complete`](crate::SealedUpload::complete).
pub fn put_if(
    store: &dyn ObjectStore,
    name: &ObjectName,
    bytes: &[u8],
    expected: &Expected,
) -> Result<String> {
    let mut upload = store.upload(name)?;
    upload
        .write_all(bytes)
        .map_err(|source| Error::store(&store, "write", name.as_str(), source))?;
    upload.seal()?.complete(expected)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::local::LocalStore;
    use super::super::memory::MemoryStore;
    use super::super::suite::uploads;

    #[test]
    fn the_store_in_memory_replaces_objects() {
        uploads::run_all(&|| Arc::new(MemoryStore::new()));
    }

    #[test]
    fn a_folder_replaces_objects() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::cell::Cell::new(0);
        uploads::run_all(&|| {
            made.set(made.get() + 1);
            Arc::new(LocalStore::new(folder.path().join(made.get().to_string())))
        });
    }
}
