//! Where the files of a job's attempts lie: what a store is, the stores that come with this crate, and how files are cited.

mod attempt_name;
mod composed;
mod contract;
mod local;
mod memory;
mod name;
mod object;
mod options;
mod pack;
mod put_if;
mod reference;
mod spec;
mod stores;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod upload;

pub use attempt_name::{AttemptName, NotOfAttempt};
pub use composed::ComposedWriter;
pub use contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter, verify_stamp};
pub use local::LocalStore;
pub use memory::{Fault, MemoryStore, Step};
pub use name::ObjectName;
pub use object::{ObjectReader, StoredObject};
pub use options::StorageOptions;
pub use pack::Packing;
pub use put_if::put_if;
pub use reference::{ObjectKey, ObjectRef, Place};
pub use spec::{Scheme, StoreSchemes, StoreSpec, StoreSpecs};
pub use stores::Stores;
pub use upload::{Expected, ObjectVersion, SealedUpload, Upload};
