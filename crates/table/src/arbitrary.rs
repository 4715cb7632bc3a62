//! Random records for tests, and their meaning.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

const INTEGERS: &[&str] = &["0", "-0", "7", "-12", "9007199254740992", "-42"];
const FLOATS: &[&str] = &[
    "0.5",
    "1e3",
    "-0.0",
    "2.50",
    "1E-7",
    "1e-999",
    "1.0",
    "123456789.125",
];
const LARGE: &[&str] = &[
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "1e400",
    "-1E999",
];
const STRINGS: &[&str] = &[
    r#""a""#,
    r#""""#,
    r#""\u00e9\n""#,
    r#""\ud83d\ude00""#,
    r#""NaN""#,
    r#""null""#,
    r#""{\"a\": 1}""#,
    r#""caf\/é""#,
];
const LONE: &[&str] = &[r#""\ud800""#, r#""x\udc00\ud800""#];
const KEYS: &[&str] = &["a", "b", "a b", "", "c.d", r"\u0061", "é"];

fn one(of: &'static [&'static str]) -> BoxedStrategy<String> {
    select(of).prop_map(str::to_owned).boxed()
}

/// Generates any value.
fn anything() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        2 => one(&["null", "true", "false"]),
        2 => one(INTEGERS),
        2 => one(FLOATS),
        1 => one(LARGE),
        3 => one(STRINGS),
        1 => one(LONE),
    ];
    let nested = leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![list(inner.clone()), object(inner)]
    });
    nested.boxed()
}

/// Generates a value that probably has the same type as others of the field.
fn alike(field: usize) -> BoxedStrategy<String> {
    let values = match field {
        0 => one(INTEGERS),
        1 => one(STRINGS),
        2 => prop_oneof![one(INTEGERS), one(FLOATS)].boxed(),
        3 => list(prop_oneof![one(INTEGERS), one(&["null"])].boxed()),
        4 => prop_oneof![object(one(STRINGS)), object(one(&["null"]))].boxed(),
        5 => list(object(one(INTEGERS))),
        6 => object(list(one(&["true", "false"]))),
        7 => prop_oneof![one(INTEGERS), one(LARGE)].boxed(),
        8 => object(anything()),
        9 => list(list(prop_oneof![9 => one(FLOATS), 1 => one(LARGE)].boxed())),
        _ => anything(),
    };
    prop_oneof![30 => values, 4 => one(&["null"]), 1 => anything()].boxed()
}

fn list(inner: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    let elements = prop::collection::vec(inner, 0..4);
    elements
        .prop_map(|elements| format!("[{}]", elements.join(",")))
        .boxed()
}

fn object(inner: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    let members = prop::collection::vec((one(KEYS), inner), 1..4);
    members.prop_map(|members| write_object(&members)).boxed()
}

fn write_object(members: &[(String, String)]) -> String {
    let members = members
        .iter()
        .map(|(key, value)| format!("\"{key}\" : {value}"));
    format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
}

/// Generates records whose fields mostly have one type, and sometimes any.
pub(crate) fn records() -> impl Strategy<Value = Vec<String>> {
    let member = (0_usize..12).prop_flat_map(|field| (Just(format!("f{field}")), alike(field)));
    let record = prop::collection::vec(member, 0..8).prop_map(|members| write_object(&members));
    prop::collection::vec(record, 0..8)
}

/// The meaning of a JSON value, where null members count as missing and the spelling of numbers is ignored.
#[derive(Debug, PartialEq)]
pub(crate) enum Meaning {
    Word(String),
    Float(f64),
    /// A number that isn't a float without loss.
    Large(String),
    /// The inside of a string.
    Text(String),
    List(Vec<Meaning>),
    Object(BTreeMap<String, Meaning>),
}

/// Returns what the JSON value means.
pub(crate) fn meaning(json: &str) -> Meaning {
    match json.as_bytes()[0] {
        b'"' => Meaning::Text(text(json)),
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            Meaning::List(
                elements
                    .iter()
                    .map(|element| meaning(element.get()))
                    .collect(),
            )
        }
        b'{' => {
            let members: Vec<(String, &str)> = members(json);
            // A later value replaces an earlier one, even if it is null.
            let last = members.into_iter().collect::<BTreeMap<_, _>>();
            let set = last.into_iter().filter(|(_, value)| *value != "null");
            Meaning::Object(set.map(|(key, value)| (key, meaning(value))).collect())
        }
        b'-' | b'0'..=b'9' => number(json),
        _ => Meaning::Word(json.to_owned()),
    }
}

fn text(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

fn number(json: &str) -> Meaning {
    let float = json.parse::<f64>().unwrap();
    let is_integer = !json.contains(['.', 'e', 'E']);
    if !float.is_finite()
        || is_integer && float.abs() > 9_007_199_254_740_992.0
        || is_integer && json.ends_with("993")
    {
        return Meaning::Large(json.to_owned());
    }
    // Negative zero is zero.
    Meaning::Float(float + 0.0)
}

fn members(json: &str) -> Vec<(String, &str)> {
    use serde::de::{Deserializer as _, MapAccess, Visitor};
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de str)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                members.push((text(key.get()), value.get()));
            }
            Ok(members)
        }
    }
    let mut parser = serde_json::Deserializer::from_str(json);
    parser.deserialize_map(Members).unwrap()
}
