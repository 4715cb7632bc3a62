//! The settings of a recipe, one struct per topic. A key is declared once, beside its field.

mod checkpoint;
mod dataset;
mod events;
mod executor;
mod export;
mod failure;
mod general;
mod job;
mod partition;
mod storage;

pub use checkpoint::{CheckpointMode, CheckpointSettings, Strategy};
pub use dataset::{DatasetSettings, FieldSettings, Header, Quoting};
pub use events::{EventSettings, LogLevel, TraceSettings};
pub use executor::{ExecutorKind, ExecutorSettings, LimitSettings};
pub use export::{ExportCompression, ExportSettings, Overwrite, Partial};
pub use failure::{Backoff, FailureSettings, OnPartitionFailure, RetrySettings};
pub use job::{JobSettings, PathSettings};
pub use partition::{Materialize, PartitionSettings};
pub use storage::{RetentionPolicy, StorageCompression, StorageFormat, StorageSettings};

pub(crate) use general::{GeneralKeys, PROCESS_KEYS, compat_of, compat_text};

use crate::keys::KeySpec;

/// Every section, in the order of the reference.
pub(crate) const KEYS: &[&[KeySpec]] = &[
    GeneralKeys::KEYS,
    DatasetSettings::KEYS,
    FieldSettings::KEYS,
    ExportSettings::KEYS,
    ExecutorSettings::KEYS,
    LimitSettings::KEYS,
    PathSettings::KEYS,
    job::JobKeys::KEYS,
    PartitionSettings::KEYS,
    RetrySettings::KEYS,
    FailureSettings::KEYS,
    checkpoint::CheckpointKeys::KEYS,
    StorageSettings::KEYS,
    EventSettings::KEYS,
    TraceSettings::KEYS,
    PROCESS_KEYS,
];

/// What writes a section's values under their canonical names.
pub(crate) type Written = Vec<(&'static KeySpec, serde_json::Value)>;

/// Declares a section: a struct whose fields are recipe keys.
///
/// A field reads `name: type as codec { "canonical" | "other" …, default, class, availability }`; its
/// documentation is the key's. Made from it: the struct, `KEYS`, `read` and `write`.
macro_rules! section {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty as $codec:ty {
                    $key:literal $(| $alias:literal)*, $default:expr, $class:ident, $availability:expr $(,)?
                }
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $visibility struct $name {
            $(
                $(#[doc = $doc])+
                #[doc = ""]
                #[doc = concat!("Recipe key: `", $key, "`.")]
                pub $field: $type,
            )*
        }

        impl $name {
            pub(crate) const KEYS: &'static [$crate::keys::KeySpec] = {
                #[allow(unused_imports, reason = "not every section uses every variant")]
                use $crate::keys::{Availability::*, DefaultValue::*};
                &[$(
                    $crate::keys::KeySpec {
                        name: $key,
                        aliases: &[$($alias),*],
                        kind: <$codec as $crate::codec::Codec<$type>>::KIND,
                        default: $default,
                        class: $crate::keys::Class::$class,
                        doc: concat!($($doc),+).trim_ascii(),
                        availability: $availability,
                    }
                ),*]
            };

            pub(crate) fn read(given: &mut $crate::given::Given) -> $crate::error::Result<Self> {
                Ok(Self {
                    $(
                        $field: given.read::<$type, $codec>(const { $crate::keys::find(Self::KEYS, $key) })?,
                    )*
                })
            }

            pub(crate) fn write(&self, out: &mut $crate::settings::Written) {
                $(
                    out.push((
                        const { $crate::keys::find(Self::KEYS, $key) },
                        <$codec as $crate::codec::Codec<$type>>::write(&self.$field),
                    ));
                )*
            }
        }
    };
}

pub(crate) use section;

/// Gives sections the `Default` that a recipe without their keys has.
macro_rules! recipe_default {
    ($($name:ident),+) => {$(
        impl Default for $name {
            /// What holds where a recipe says nothing.
            fn default() -> Self {
                Self::read(&mut $crate::given::Given::nothing())
                    .expect("the defaults in the table of keys are valid, as a test of this crate shows")
            }
        }
    )+};
}

pub(crate) use recipe_default;

#[cfg(test)]
mod tests {
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
}
