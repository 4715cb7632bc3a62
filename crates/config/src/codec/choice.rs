//! Values that are one of a few words.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::node::Node;

/// One of the words of an enum made by [`choice!`].
pub(crate) struct OneOf;

/// An enum whose values are words.
pub(crate) trait Choice: Copy + 'static {
    const WORDS: &'static [&'static str];
    fn from_word(word: &str) -> Option<Self>;
    fn word(self) -> &'static str;
}

impl<T: Choice> Codec<T> for OneOf {
    const KIND: Kind = Kind::Choice(T::WORDS);

    fn read(node: &Node) -> Result<T, Mismatch> {
        let text = node.as_str().ok_or_else(|| Mismatch::wrong_type(node))?;
        T::from_word(text).ok_or_else(|| Mismatch::out_of_range(node))
    }

    fn write(value: &T) -> Json {
        value.word().into()
    }
}

/// Declares an enum whose values are words of a recipe. The first word of a value is the canonical one.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal $(| $other:literal)* ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        $visibility enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $word)] $variant ),+
        }

        impl $crate::codec::Choice for $name {
            const WORDS: &'static [&'static str] = &[$( $word $(, $other)* ),+];

            fn from_word(word: &str) -> Option<Self> {
                $( if [$word $(, $other)*].iter().any(|known| known.eq_ignore_ascii_case(word)) {
                    return Some(Self::$variant);
                } )+
                None
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl $name {
            /// Returns the word for it in recipes.
            $visibility fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word ),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use choice;
