//! What a selector selects.

/// How many records (or values) are meant. With both a share and a count, both hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// So much of all there are, rounded down.
    pub share: Option<f64>,
    /// So many.
    pub count: Option<u64>,
}

/// How the values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As they are: numbers by their exact values, texts by code points. All values must be of one [`Kind`](crate::value::Kind).
    Exact,
    /// As floats: a text by the number in it, a list by its mean. What is no number comes last.
    Float,
}

/// What a selector selects. Fields are the signatures: each the JSON text of the field's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// So many records with the largest (or smallest) values, in the order of the values. Without an amount, all.
    Top {
        /// How many.
        amount: Amount,
        /// Whether the largest come first, or the smallest.
        largest: bool,
        /// How values are compared.
        reading: Reading,
    },
    /// The records between two places in the order of the values, which are read as floats; from the largest to the
    /// smallest. A value that is no number is smaller than all numbers. All records, if one of the places is not given.
    Range {
        /// How many of the smallest do not stay: the greater one of share and count.
        lower: Amount,
        /// How many of the smallest the others are among: the smaller one of share and count.
        upper: Amount,
    },
    /// The records with so many of the most (or least) frequent values, value by value; of equally frequent values, the
    /// first one in the dataset comes first. Without an amount, all.
    Frequent {
        /// How many of the distinct values.
        amount: Amount,
        /// Whether the most frequent come first, or the least frequent.
        most: bool,
    },
    /// The records whose value is equal to a tag, where they are.
    Among {
        /// JSON values. As for Python, 3 and 3.0 are equal.
        tags: Vec<String>,
    },
    /// So many records by chance, in an order by chance. Both depend on the seed and on the ordinals alone, whatever the
    /// signatures are. All where they are, if there are no more records than are wanted, or without an amount.
    Random {
        /// How many.
        amount: Amount,
        /// Another seed gives other records.
        seed: u64,
    },
}
