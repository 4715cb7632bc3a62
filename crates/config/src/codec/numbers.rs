//! Numeric values.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::node::Node;

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
            // A number that is negative, too large or fractional is still a number.
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

/// Seconds, up to about thirty years, so that they always fit in a duration.
pub(crate) type Seconds = UpTo<1_000_000_000>;
/// A share, from 0 to 1.
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

/// Shares, each from 0 to 1.
pub(crate) struct Ratios;

impl Codec<Vec<f64>> for Ratios {
    const KIND: Kind = Kind::Ratios;

    fn read(node: &Node) -> Result<Vec<f64>, Mismatch> {
        match node.as_list() {
            Some(items) => items.iter().map(Ratio::read).collect(),
            None => Ok(vec![Ratio::read(node)?]),
        }
    }

    fn write(value: &Vec<f64>) -> Json {
        value.as_slice().into()
    }
}

/// A key in MB for a field in bytes. With `ZERO_ALLOWED`, 0 is valid.
pub(crate) struct Megabytes<const ZERO_ALLOWED: bool>;

const MEGABYTE: u64 = 1 << 20;

impl<const ZERO_ALLOWED: bool> Codec<u64> for Megabytes<ZERO_ALLOWED> {
    const KIND: Kind = Kind::Megabytes { zero: ZERO_ALLOWED };

    fn read(node: &Node) -> Result<u64, Mismatch> {
        // Up to this number, every number of bytes is exact as a floating-point number, in both directions.
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
}
