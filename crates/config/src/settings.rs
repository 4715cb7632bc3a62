//! The settings of a recipe, one struct per topic. A key is declared once, as a field.

mod alerts;
mod analysis;
mod checkpoint;
mod dataset;
mod encryption;
mod events;
mod executor;
mod export;
mod failure;
mod general;
mod input;
mod inputs;
mod job;
mod partition;
mod remote;
mod storage;
mod validators;
mod weighted;

pub use alerts::{AlertRule, AlertSettings, AlertWhen, Bound, LineageSettings, OtlpSettings};
pub use analysis::AnalysisSettings;
pub use checkpoint::{CheckpointMode, CheckpointSettings, Strategy};
pub use dataset::{DatasetSettings, FieldSettings, Header, Quoting};
pub use encryption::EncryptionSettings;
pub use events::{EventSettings, LogLevel, TraceSettings};
pub use executor::{ExecutorKind, ExecutorSettings, LimitSettings};
pub use export::{ExportCompression, ExportSettings, Overwrite, Partial};
pub use failure::{Backoff, FailureSettings, OnPartitionFailure, RetrySettings};
pub use input::Input;
pub use job::{JobSettings, PathSettings};
pub use partition::{Materialize, PartitionSettings};
pub use remote::RemoteSettings;
pub use storage::{RetentionPolicy, StorageCompression, StorageFormat, StorageSettings};
pub use validators::{FieldType, Turns, Validator, ValidatorRule};

pub(crate) use general::{GeneralKeys, PROCESS_KEYS, compat_of, compat_text};

use crate::keys::KeySpec;
use crate::table::KeyTable;

/// All sections, in the order of the reference.
pub(crate) const KEYS: KeyTable = KeyTable::new(&[
    GeneralKeys::KEYS,
    DatasetSettings::KEYS,
    FieldSettings::KEYS,
    ExportSettings::KEYS,
    EncryptionSettings::KEYS,
    ExecutorSettings::KEYS,
    LimitSettings::KEYS,
    PathSettings::KEYS,
    job::JobKeys::KEYS,
    PartitionSettings::KEYS,
    RetrySettings::KEYS,
    FailureSettings::KEYS,
    checkpoint::CheckpointKeys::KEYS,
    StorageSettings::KEYS,
    RemoteSettings::KEYS,
    EventSettings::KEYS,
    TraceSettings::KEYS,
    AlertSettings::KEYS,
    LineageSettings::KEYS,
    OtlpSettings::KEYS,
    AnalysisSettings::KEYS,
    PROCESS_KEYS,
]);

/// Returns every key of a recipe, in the order of the reference.
///
/// ```
/// let size = coldpress_config::keys().find(|key| key.name == "partition.size").unwrap();
/// assert_eq!(size.aliases, ["partition_size"]);
/// assert_eq!(size.default.to_string(), "10000");
/// assert_eq!(size.kind.to_string(), "a whole number of at least 1");
/// ```
pub fn keys() -> impl Iterator<Item = &'static KeySpec> {
    KEYS.keys()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_default_is_valid() {
        let _ = FieldSettings::default();
        let _ = ExecutorSettings::default();
        let _ = LimitSettings::default();
        let _ = PathSettings::default();
        let _ = JobSettings::default();
        let _ = RetrySettings::default();
        let _ = FailureSettings::default();
        let _ = TraceSettings::default();
        assert_eq!(PartitionSettings::default().size, 10_000);
        assert_eq!(PartitionSettings::default().max_size_bytes, 128 << 20);
        assert_eq!(
            CheckpointSettings::default().strategy,
            Strategy::EveryPartition
        );
        assert_eq!(
            StorageSettings::default().compression,
            StorageCompression::Snappy
        );
        assert_eq!(EventSettings::default().log_level, LogLevel::Info);
    }

    #[test]
    fn no_spelling_is_used_twice() {
        let mut seen = HashSet::new();
        for spelling in keys().flat_map(KeySpec::spellings) {
            assert!(seen.insert(spelling), "{spelling}");
        }
    }

    #[test]
    fn no_spelling_is_both_a_key_and_a_section() {
        for spelling in keys().flat_map(KeySpec::spellings) {
            let section = format!("{spelling}.");
            assert!(
                !keys()
                    .flat_map(KeySpec::spellings)
                    .any(|other| other.starts_with(&section)),
                "{spelling}"
            );
        }
    }

    #[test]
    fn every_key_is_documented() {
        for key in keys() {
            assert!(key.doc.len() > 10, "{}", key.name);
        }
    }
}
