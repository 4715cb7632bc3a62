//! How a key's value is read from a node and written back.

use serde_json::Value as Json;

use crate::keys::Kind;
use crate::node::{Node, Span};

/// A way to read and write one kind of value. What is written reads as the same value.
pub(crate) trait Codec<T> {
    const KIND: Kind;
    fn read(node: &Node) -> Result<T, Mismatch>;
    fn write(value: &T) -> Json;
}

/// Why a node is not a value of the wanted kind.
pub(crate) struct Mismatch {
    pub(crate) why: Why,
    /// Where, if not at the node itself.
    pub(crate) span: Option<Span>,
    pub(crate) found: String,
}

pub(crate) enum Why {
    Type,
    Range,
    NotAvailable(&'static str),
}

impl Mismatch {
    pub(crate) fn wrong_type(node: &Node) -> Self {
        Self::at(Why::Type, node)
    }

    pub(crate) fn out_of_range(node: &Node) -> Self {
        Self::at(Why::Range, node)
    }

    pub(crate) fn not_available(node: &Node, value: impl Into<String>, note: &'static str) -> Self {
        Self {
            found: value.into(),
            ..Self::at(Why::NotAvailable(note), node)
        }
    }

    fn at(why: Why, node: &Node) -> Self {
        Self {
            why,
            span: Some(node.span),
            found: node.describe(),
        }
    }
}

/// `true` or `false`.
pub(crate) struct Flag;

impl Codec<bool> for Flag {
    const KIND: Kind = Kind::Flag;

    fn read(node: &Node) -> Result<bool, Mismatch> {
        node.as_bool().ok_or_else(|| Mismatch::wrong_type(node))
    }

    fn write(value: &bool) -> Json {
        (*value).into()
    }
}

/// A flag that is also spelled as a mode: `auto` or `manual`.
pub(crate) struct AutoOrManual;

impl Codec<bool> for AutoOrManual {
    const KIND: Kind = Kind::AutoOrManual;

    fn read(node: &Node) -> Result<bool, Mismatch> {
        match node.as_str() {
            Some("auto") => Ok(true),
            Some("manual") => Ok(false),
            _ => Flag::read(node),
        }
    }

    fn write(value: &bool) -> Json {
        (*value).into()
    }
}

/// A whole number of at least `MIN`.
pub(crate) struct AtLeast<const MIN: u64>;

/// The whole numbers that settings hold.
pub(crate) trait WholeNumber: TryFrom<u64> + Into<u64> + Copy {
    const MAX: u64;
}

impl WholeNumber for u64 {
    const MAX: u64 = u64::MAX;
}

impl WholeNumber for u32 {
    const MAX: u64 = u32::MAX as u64;
}

impl<T: WholeNumber, const MIN: u64> Codec<T> for AtLeast<MIN> {
    const KIND: Kind = Kind::Whole {
        min: MIN,
        max: T::MAX,
    };

    fn read(node: &Node) -> Result<T, Mismatch> {
        let Some(value) = node.as_u64() else {
            // A number that is negative, too great or has a fraction is still a number.
            return Err(if node.as_f64().is_some() {
                Mismatch::out_of_range(node)
            } else {
                Mismatch::wrong_type(node)
            });
        };
        T::try_from(value)
            .ok()
            .filter(|_| value >= MIN)
            .ok_or_else(|| Mismatch::out_of_range(node))
    }

    fn write(value: &T) -> Json {
        Into::<u64>::into(*value).into()
    }
}

/// A number from 0 to `MAX`.
pub(crate) struct UpTo<const MAX: u32>;

/// Seconds, up to some thirty years, so that they always fit a duration.
pub(crate) type Seconds = UpTo<1_000_000_000>;
/// A share from 0 to 1.
pub(crate) type Ratio = UpTo<1>;

impl<const MAX: u32> Codec<f64> for UpTo<MAX> {
    const KIND: Kind = Kind::Number {
        min: 0.0,
        max: MAX as f64,
    };

    fn read(node: &Node) -> Result<f64, Mismatch> {
        let value = node.as_f64().ok_or_else(|| Mismatch::wrong_type(node))?;
        if (0.0..=f64::from(MAX)).contains(&value) {
            // Adding zero turns -0.0 into 0.0.
            Ok(value + 0.0)
        } else {
            Err(Mismatch::out_of_range(node))
        }
    }

    fn write(value: &f64) -> Json {
        (*value).into()
    }
}

/// A key in MB for a field in bytes.
pub(crate) struct Megabytes<const ZERO_ALLOWED: bool>;

const MEGABYTE: u64 = 1 << 20;

impl<const ZERO_ALLOWED: bool> Codec<u64> for Megabytes<ZERO_ALLOWED> {
    const KIND: Kind = Kind::Megabytes { zero: ZERO_ALLOWED };

    fn read(node: &Node) -> Result<u64, Mismatch> {
        // Up to here a number of bytes is exact as a floating-point number, in both directions.
        const MOST_BYTES: f64 = (1_u64 << 53) as f64;
        let value = node.as_f64().ok_or_else(|| Mismatch::wrong_type(node))?;
        let bytes = (value * MEGABYTE as f64).round();
        let least = if ZERO_ALLOWED { 0.0 } else { 1.0 };
        if (least..=MOST_BYTES).contains(&bytes) {
            Ok(bytes as u64)
        } else {
            Err(Mismatch::out_of_range(node))
        }
    }

    fn write(bytes: &u64) -> Json {
        if bytes.is_multiple_of(MEGABYTE) {
            (bytes / MEGABYTE).into()
        } else {
            (*bytes as f64 / MEGABYTE as f64).into()
        }
    }
}

/// Any scalar, as text.
pub(crate) struct Text;

impl Codec<String> for Text {
    const KIND: Kind = Kind::Text;

    fn read(node: &Node) -> Result<String, Mismatch> {
        match node.as_str() {
            Some(text) if !node.is_null() => Ok(text.to_string()),
            _ => Err(Mismatch::wrong_type(node)),
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// Text that is a path; never empty.
pub(crate) struct Path;

impl Codec<String> for Path {
    const KIND: Kind = Kind::Path;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Text::read(node)?;
        if text.is_empty() || text.contains('\0') {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(text)
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// The name of a job, and of its directory.
pub(crate) struct JobId;

impl Codec<String> for JobId {
    const KIND: Kind = Kind::JobId;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Text::read(node)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let good = text.len() <= 128
            && text.bytes().all(allowed)
            && text
                .bytes()
                .next()
                .is_some_and(|first| first.is_ascii_alphanumeric());
        if good {
            Ok(text)
        } else {
            Err(Mismatch::out_of_range(node))
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// A list of texts, or one text for a list of one.
pub(crate) struct Texts;

impl Codec<Vec<String>> for Texts {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        match node.as_list() {
            Some(items) => items.iter().map(Text::read).collect(),
            None => Ok(vec![Text::read(node)?]),
        }
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

/// Names of fields; at least one, none empty.
pub(crate) struct Fields;

impl Codec<Vec<String>> for Fields {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        let fields = Texts::read(node)?;
        if fields.is_empty() || fields.iter().any(String::is_empty) {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(fields)
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

/// Suffixes of files; a missing leading dot is added.
pub(crate) struct Suffixes;

impl Codec<Vec<String>> for Suffixes {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        let dotted = |text: String| {
            if text.starts_with('.') {
                text
            } else {
                format!(".{text}")
            }
        };
        Ok(Texts::read(node)?.into_iter().map(dotted).collect())
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

/// A list of anything.
pub(crate) struct AnyList;

impl Codec<Vec<Node>> for AnyList {
    const KIND: Kind = Kind::List;

    fn read(node: &Node) -> Result<Vec<Node>, Mismatch> {
        node.as_list()
            .map(<[Node]>::to_vec)
            .ok_or_else(|| Mismatch::wrong_type(node))
    }

    fn write(value: &Vec<Node>) -> Json {
        value.iter().map(Node::to_json).collect()
    }
}

/// A value that may be absent.
pub(crate) struct Optional<C>(C);

impl<T, C: Codec<T>> Codec<Option<T>> for Optional<C> {
    const KIND: Kind = C::KIND;

    fn read(node: &Node) -> Result<Option<T>, Mismatch> {
        if node.is_null() {
            Ok(None)
        } else {
            C::read(node).map(Some)
        }
    }

    fn write(value: &Option<T>) -> Json {
        value.as_ref().map_or(Json::Null, C::write)
    }
}

/// A value that may be absent or `auto`, which is the same.
pub(crate) struct OrAuto<C>(C);

impl<T, C: Codec<T>> Codec<Option<T>> for OrAuto<C> {
    const KIND: Kind = C::KIND;

    fn read(node: &Node) -> Result<Option<T>, Mismatch> {
        if node.as_str() == Some("auto") {
            Ok(None)
        } else {
            Optional::<C>::read(node)
        }
    }

    fn write(value: &Option<T>) -> Json {
        Optional::<C>::write(value)
    }
}

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
            /// The word for it in recipes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_megabytes(text: &str, expected: Option<u64>) {
        assert_eq!(
            Megabytes::<false>::read(&Node::plain(text)).ok(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn megabytes_are_exact_both_ways() {
        check_megabytes("1", Some(1 << 20));
        check_megabytes("0.5", Some(1 << 19));
        check_megabytes("0", None);
        check_megabytes("-1", None);
        check_megabytes(".nan", None);
        check_megabytes("1e30", None);
        for bytes in [1, 3, (1 << 20) + 1, (1 << 53) - 1, 1 << 53] {
            let node = Node::from_json(&Megabytes::<false>::write(&bytes));
            assert_eq!(Megabytes::<false>::read(&node).ok(), Some(bytes));
        }
    }

    #[test]
    fn job_ids_follow_the_rule() {
        for (text, good) in [
            ("a", true),
            ("my_experiment_001", true),
            ("-a", false),
            ("a/b", false),
            ("", false),
            ("é", false),
        ] {
            assert_eq!(JobId::read(&Node::from(text)).is_ok(), good, "{text}");
        }
        assert!(JobId::read(&Node::from("x".repeat(128))).is_ok());
        assert!(JobId::read(&Node::from("x".repeat(129))).is_err());
    }
}
