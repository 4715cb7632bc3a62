//! Sections of a recipe: structs whose fields are keys, each declared once.

use crate::keys::KeySpec;

/// The values of a section, under their canonical names.
pub(crate) type Written = Vec<(&'static KeySpec, serde_json::Value)>;

/// Declares a section: a struct whose fields are recipe keys.
///
/// A field has the form `name: type as codec { "canonical" | "other" …, default, class, availability }`, and its documentation is
/// the key's. The macro makes the struct, `KEYS`, `read` and `write`.
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

            pub(crate) fn write(&self, out: &mut $crate::section::Written) {
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

/// Gives sections the `Default` of a recipe without their keys.
macro_rules! recipe_default {
    ($($name:ident),+) => {$(
        impl Default for $name {
            /// Returns the settings of a recipe without these keys.
            fn default() -> Self {
                Self::read(&mut $crate::given::Given::nothing())
                    .expect("the defaults in the table of keys are valid, as a test of this crate shows")
            }
        }
    )+};
}

pub(crate) use recipe_default;
