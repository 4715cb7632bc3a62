//! The selections that selectors can make.

/// A number of records (or values). If there are both a share and a count, both limits apply.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// This share of all, rounded down.
    pub share: Option<f64>,
    /// This number.
    pub count: Option<u64>,
}

/// The way the values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As they are: numbers by their exact values, texts by code points. All values must have one [`Kind`](crate::value::Kind).
    Exact,
    /// As floats: a text by the number in it, a list by its mean. Other values come last.
    Float,
}

/// A selection. The signatures are fields: each is the JSON text of the field's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// The records with the largest (or smallest) values, in the order of the values. Without an amount, all records.
    Top {
        /// The number of records.
        amount: Amount,
        /// True if the largest come first; otherwise the smallest do.
        largest: bool,
        /// The way values are compared.
        reading: Reading,
    },
    /// The records between two ranks in the order of the values, from the largest to the smallest. Values are read as floats; those
    /// that aren't numbers are smaller than all numbers. If one of the ranks is not given, all records.
    Range {
        /// The number of the smallest that are left out: the larger of share and count.
        lower: Amount,
        /// The number of the smallest from which the others are kept: the smaller of share and count.
        upper: Amount,
    },
    /// The records with the most (or least) frequent values, value by value. Of equally frequent values, the first one in the
    /// dataset comes first. Without an amount, all records.
    Frequent {
        /// The number of distinct values.
        amount: Amount,
        /// True if the most frequent come first; otherwise the least frequent do.
        most: bool,
    },
    /// The records whose value equals a tag, in their places.
    Among {
        /// The tags, as JSON values. As in Python, 3 and 3.0 are equal.
        tags: Vec<String>,
    },
    /// Randomly chosen records in random order. Both depend only on the seed and on the ordinals, whatever the signatures are. If
    /// there are no more records than wanted, or without an amount, all records in their places.
    Random {
        /// The number of records.
        amount: Amount,
        /// The seed. Another seed gives other records.
        seed: u64,
    },
}
