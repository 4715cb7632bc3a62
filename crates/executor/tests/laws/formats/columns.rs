//! Columns of random datasets: each value as Arrow has it, and as JSON spells it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, Float64Array,
    Int32Array, Int64Array, LargeStringArray, ListBuilder, StringArray, StringBuilder,
    StringViewArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Metadata};
use proptest::prelude::*;

/// What a column holds. A value is made of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Small,
    Unsigned,
    Float,
    Bool,
    Text,
    LargeText,
    TextView,
    Dictionary,
    /// A list of texts.
    List,
    /// An object with a text and a number.
    Meta,
    Time,
    Decimal,
    Bytes,
    /// JSON text of the extension type `arrow.json`.
    Json,
}

/// What a row has in a column.
pub(crate) type Seed = u16;

const TEXTS: [&str; 22] = [
    "the quick",
    "a",
    "",
    "Lorem ipsum dolor",
    "o e",
    "naïve",
    "数据 \u{1F600}",
    "x\"y\"",
    "back\\slash",
    "tab\tin",
    "two\nlines",
    "cr\rin",
    "comma, and; more",
    " padded ",
    "nul\0",
    "\"quoted\"",
    "err here",
    "bang",
    "42",
    "true",
    "frail",
    "[1, 2]",
];
const INTS: [i64; 6] = [0, -1, 7, 1 << 40, i64::MAX, i64::MIN];
const FLOATS: [(f64, &str); 6] = [
    (0.25, "0.25"),
    (-1.5, "-1.5"),
    (3.0, "3.0"),
    (-0.0, "-0.0"),
    (f64::NAN, "\"NaN\""),
    (f64::NEG_INFINITY, "\"-Infinity\""),
];
/// Spelled as only a text format can keep it.
const SPELLED: [&str; 5] = ["0.250", "-15E-1", "3", "-0.0", "1e+2"];
const TIMES: [(i64, &str); 3] = [
    (1_700_000_000_000_001, "\"2023-11-14T22:13:20.000001Z\""),
    (0, "\"1970-01-01T00:00:00.000000Z\""),
    (-1, "\"1969-12-31T23:59:59.999999Z\""),
];
const DECIMALS: [(i128, &str); 3] = [(12_340, "12.340"), (-1, "-0.001"), (0, "0.000")];
const BYTES: [(&[u8], &str); 3] = [(b"", "\"\""), (b"\0\xFF", "\"AP8=\""), (b"hi", "\"aGk=\"")];
const JSONS: [&str; 5] = [
    "{\"k\": [1, 2.50, null]}",
    "\"a text\"",
    "12",
    "[]",
    "\"es\\u0063aped\"",
];

/// Whether the value of this seed is null.
fn is_null(seed: Seed) -> bool {
    seed % 7 == 3
}

/// Whether JSON records leave the value of this seed out.
pub(crate) fn is_missing(seed: Seed) -> bool {
    is_null(seed) && seed.is_multiple_of(2)
}

fn pick<T: Copy>(seed: Seed, values: &[T]) -> Option<T> {
    (!is_null(seed)).then(|| values[usize::from(seed / 7) % values.len()])
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The text of this seed, as all kinds of text columns have it.
pub(crate) fn text(seed: Seed) -> Option<&'static str> {
    pick(seed, &TEXTS)
}

impl Kind {
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text | Self::LargeText | Self::TextView | Self::Dictionary
        )
    }

    /// What stands in a file without types: there, an object or bytes would be no cell.
    pub(crate) fn flat(self) -> Self {
        match self {
            Self::List | Self::Meta | Self::Json | Self::Time | Self::Bytes => Self::Text,
            other => other,
        }
    }

    /// The value as a record of a text format spells it; `null` too.
    pub(crate) fn spelled(self, seed: Seed) -> String {
        match self {
            Self::Float => pick(seed, &SPELLED).map_or("null".to_owned(), str::to_owned),
            other => other.json(seed),
        }
    }

    /// The value as a row of a table is written.
    pub(crate) fn json(self, seed: Seed) -> String {
        let second = |value: Option<&'static str>| value.map(str::to_owned);
        let json = match self {
            Self::Int => pick(seed, &INTS).map(|value| value.to_string()),
            Self::Small => pick(seed, &[0, 1, -5]).map(|value| value.to_string()),
            Self::Unsigned => pick(seed, &[0, 9, u64::MAX]).map(|value| value.to_string()),
            Self::Float => second(pick(seed, &FLOATS).map(|(_, json)| json)),
            Self::Bool => pick(seed, &[true, false]).map(|value| value.to_string()),
            Self::Text | Self::LargeText | Self::TextView | Self::Dictionary => {
                text(seed).map(quoted)
            }
            Self::List => pick(seed, &[0, 1, 3]).map(|length| {
                let elements = (0..length).map(|at| Self::Text.json(element(seed, at)));
                format!("[{}]", elements.collect::<Vec<_>>().join(", "))
            }),
            Self::Meta => (!is_null(seed)).then(|| {
                let (text, number) = inner(seed);
                let (text, number) = (Self::Text.json(text), Self::Int.json(number));
                format!("{{\"text\": {text}, \"n\": {number}}}")
            }),
            Self::Time => second(pick(seed, &TIMES).map(|(_, json)| json)),
            Self::Decimal => second(pick(seed, &DECIMALS).map(|(_, json)| json)),
            Self::Bytes => second(pick(seed, &BYTES).map(|(_, json)| json)),
            Self::Json => second(pick(seed, &JSONS)),
        };
        json.unwrap_or("null".to_owned())
    }

    pub(crate) fn field(self, name: &str) -> Field {
        let data_type = self.array(&[]).data_type().clone();
        let field = Field::new(name, data_type, true);
        if self != Self::Json {
            return field;
        }
        let mut metadata = Metadata::default();
        metadata.insert("ARROW:extension:name", "arrow.json");
        metadata.insert("ARROW:extension:metadata", "");
        field.with_metadata(metadata)
    }

    pub(crate) fn array(self, seeds: &[Seed]) -> ArrayRef {
        let seeds = || seeds.iter().copied();
        let texts = || seeds().map(text);
        match self {
            Self::Int => Arc::new(
                seeds()
                    .map(|seed| pick(seed, &INTS))
                    .collect::<Int64Array>(),
            ),
            Self::Small => Arc::new(
                seeds()
                    .map(|seed| pick(seed, &[0, 1, -5]))
                    .collect::<Int32Array>(),
            ),
            Self::Unsigned => Arc::new(
                seeds()
                    .map(|seed| pick(seed, &[0, 9, u64::MAX]))
                    .collect::<UInt64Array>(),
            ),
            Self::Float => {
                let values = seeds().map(|seed| pick(seed, &FLOATS).map(|(value, _)| value));
                Arc::new(values.collect::<Float64Array>())
            }
            Self::Bool => Arc::new(
                seeds()
                    .map(|seed| pick(seed, &[true, false]))
                    .collect::<BooleanArray>(),
            ),
            Self::Text => Arc::new(texts().collect::<StringArray>()),
            Self::LargeText => Arc::new(texts().collect::<LargeStringArray>()),
            Self::TextView => Arc::new(texts().collect::<StringViewArray>()),
            Self::Dictionary => Arc::new(texts().collect::<DictionaryArray<Int32Type>>()),
            Self::List => lists(seeds()),
            Self::Meta => metas(seeds()),
            Self::Time => {
                let values = seeds().map(|seed| pick(seed, &TIMES).map(|(value, _)| value));
                let times: TimestampMicrosecondArray = values.collect();
                Arc::new(times.with_timezone("UTC"))
            }
            Self::Decimal => {
                let values = seeds().map(|seed| pick(seed, &DECIMALS).map(|(value, _)| value));
                let decimals: Decimal128Array = values.collect();
                Arc::new(decimals.with_precision_and_scale(10, 3).unwrap())
            }
            Self::Bytes => {
                let values = seeds().map(|seed| pick(seed, &BYTES).map(|(value, _)| value));
                Arc::new(values.collect::<BinaryArray>())
            }
            Self::Json => Arc::new(
                seeds()
                    .map(|seed| pick(seed, &JSONS))
                    .collect::<StringArray>(),
            ),
        }
    }
}

/// The seed of an element of a list.
fn element(seed: Seed, at: u16) -> Seed {
    seed.wrapping_mul(31).wrapping_add(at * 7)
}

/// The seeds of the text and the number in an object.
fn inner(seed: Seed) -> (Seed, Seed) {
    (seed.wrapping_mul(13), seed.wrapping_mul(17))
}

fn lists(seeds: impl Iterator<Item = Seed>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for seed in seeds {
        let length = pick(seed, &[0, 1, 3]);
        for at in 0..length.unwrap_or(0) {
            lists.values().append_option(text(element(seed, at)));
        }
        lists.append(length.is_some());
    }
    Arc::new(lists.finish())
}

fn metas(seeds: impl Iterator<Item = Seed>) -> ArrayRef {
    let seeds: Vec<Seed> = seeds.collect();
    let texts: Vec<Seed> = seeds.iter().map(|seed| inner(*seed).0).collect();
    let numbers: Vec<Seed> = seeds.iter().map(|seed| inner(*seed).1).collect();
    let fields = Fields::from(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]);
    let columns = vec![Kind::Text.array(&texts), Kind::Int.array(&numbers)];
    let valid: NullBuffer = seeds
        .iter()
        .map(|seed| !is_null(*seed))
        .collect::<Vec<_>>()
        .into();
    Arc::new(StructArray::try_new(fields, columns, Some(valid)).unwrap())
}

/// Any kind, those that texts are of most of all.
pub(crate) fn any_kind() -> impl Strategy<Value = Kind> {
    use Kind::{
        Bool, Bytes, Decimal, Dictionary, Float, Int, Json, LargeText, List, Small, Text, TextView,
        Time, Unsigned,
    };
    prop::sample::select(vec![
        Int, Int, Small, Unsigned, Float, Float, Bool, Text, LargeText, TextView, Dictionary, List,
        List, Time, Decimal, Bytes, Json,
    ])
}

/// Any kind of a column of texts; rarely one in which other values may be.
pub(crate) fn any_text_kind() -> impl Strategy<Value = Kind> {
    use Kind::{Dictionary, Json, LargeText, Text, TextView};
    prop_oneof![
        4 => Just(Text), 1 => Just(LargeText), 1 => Just(TextView), 2 => Just(Dictionary), 1 => Just(Json),
    ]
}
