//! Packs: many small objects in one, so that they cost one name and one sync together.
//!
//! A pack is an object like any other. It holds the bytes of its members one after the other, then a directory that says which
//! bytes are whose. The name of a member begins with that of its pack, so whoever has a citation of a member has all that is
//! needed to read it: `partition_000003.e1.a1.pack/partition_000004.e1.a1.jsonl`. Members are immutable, and are proven by the
//! stamps that cite them, like all other objects.

mod directory;
mod gone;
mod packing;
mod store;

pub use packing::Packing;
pub(super) use store::PackStore;

use super::attempt_name::AttemptName;
use super::name::ObjectName;
use crate::Result;

/// What the names of packs end in.
const SUFFIX: &str = ".pack";

/// The pack that begins with a file of this attempt. An attempt is never begun twice, so neither is its pack.
fn pack_of(name: &AttemptName, label: &str) -> Result<ObjectName> {
    name.clone().labelled(label).suffix(SUFFIX).object()
}

/// Returns whether an object is a pack by its name.
fn is_pack(name: &ObjectName) -> bool {
    name.as_str().ends_with(SUFFIX) && name.as_str().parse::<AttemptName>().is_ok()
}

impl ObjectName {
    /// The name of the pack that holds this object, and the object's own name in there; none of an object that is in no pack.
    ///
    /// ```
    /// use coldpress_storage::ObjectName;
    ///
    /// let name = ObjectName::new("partition_000003.e1.a1.pack/partition_000004.e1.a1.jsonl")?;
    /// let (pack, own) = name.packed().unwrap();
    /// assert_eq!((pack.as_str(), own), ("partition_000003.e1.a1.pack", "partition_000004.e1.a1.jsonl"));
    /// assert!(ObjectName::new("partition_000004.e1.a1.jsonl")?.packed().is_none());
    /// # Ok::<(), coldpress_storage::Error>(())
    /// ```
    #[must_use]
    pub fn packed(&self) -> Option<(ObjectName, &str)> {
        let (pack, own) = self.as_str().split_once('/')?;
        // A part of a name is a name.
        let pack = ObjectName(pack.to_owned());
        (is_pack(&pack) && !own.contains('/')).then_some((pack, own))
    }

    /// What tells whose file it is: the name itself, or of an object in a pack its own name in there.
    #[must_use]
    pub fn own(&self) -> &str {
        match self.packed() {
            Some((_, own)) => own,
            None => self.as_str(),
        }
    }
}

#[cfg(test)]
mod tests;
