//! Writes all equal JSON values in the same way.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::{NotJson, Number, Result, Value};

/// The depth up to which lists and objects are accepted, the same as in the reader of records.
const DEEPEST: usize = 128;

/// Appends the value in the one spelling that all equal values share; 1 and 1.0 differ. As in a table, a null member of an object
/// is the same as a missing one.
///
/// # Errors
/// [`NotJson`], also for lists and objects that are nested too deeply.
pub fn canonical(json: &[u8], out: &mut Vec<u8>) -> Result<()> {
    canonical_within(json, DEEPEST, out)
}

/// Returns the digest of a key that consists of these JSON values, always in the same order. Keys have the same digest if
/// their values are equal, however they are spelled; 1 and 1.0 are not equal.
///
/// # Errors
/// [`NotJson`].
pub fn key_digest<'j>(fields: impl IntoIterator<Item = &'j [u8]>) -> Result<u128> {
    let mut key = Vec::new();
    for field in fields {
        canonical(field, &mut key)?;
        // No spelling contains a line break.
        key.push(b'\n');
    }
    Ok(xxh3_128(&key))
}

fn canonical_within(json: &[u8], deeper: usize, out: &mut Vec<u8>) -> Result<()> {
    let deeper = deeper.checked_sub(1).ok_or(NotJson)?;
    match Value::parse(json)? {
        Value::Null => out.extend(b"null"),
        Value::Boolean(boolean) => out.extend(boolean.to_string().as_bytes()),
        Value::Number(Number::Integer(integer)) => out.extend(integer.to_string().as_bytes()),
        Value::Number(Number::Float(float)) => {
            let is_long_integer = !json.iter().any(|byte| b".eE".contains(byte));
            match is_long_integer {
                true => out.extend(json.trim_ascii()),
                false => out.extend(format!("{float:?}").as_bytes()),
            }
        }
        Value::Text(text) => spell(&text, out),
        Value::List => {
            let items: Vec<&RawValue> = serde_json::from_slice(json).map_err(|_| NotJson)?;
            out.push(b'[');
            for item in items {
                canonical_within(item.get().as_bytes(), deeper, out)?;
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Object => {
            let members: BTreeMap<String, &RawValue> =
                serde_json::from_slice(json).map_err(|_| NotJson)?;
            out.push(b'{');
            for (name, member) in members {
                if member.get() != "null" {
                    spell(&name, out);
                    out.push(b':');
                    canonical_within(member.get().as_bytes(), deeper, out)?;
                    out.push(b',');
                }
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends a text in quotes, with its quotes, backslashes and control characters escaped.
fn spell(text: &str, out: &mut Vec<u8>) {
    out.extend(serde_json::Value::from(text).to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(json: &str) -> String {
        let mut bytes = Vec::new();
        canonical(json.as_bytes(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn equal_values_have_one_spelling() {
        let equal = [
            (r#"{"b": 1, "a": null, "c": [ ]}"#, r#"{"c":[],"b":1}"#),
            (r#""\u0061\/""#, r#""a/""#),
            ("1.50", "15e-1"),
            ("-0", "0"),
        ];
        for (one, other) in equal {
            assert_eq!(spelled(one), spelled(other));
        }
        let huge = "123456789012345678901234567890123456789012345";
        let different = [
            ("1", "1.0"),
            ("1", "true"),
            ("0.0", "-0.0"),
            ("1", "\"1\""),
            ("[[1],2]", "[1,[2]]"),
            ("[null]", "[]"),
            (huge, "1.2345678901234568e44"),
        ];
        for (one, other) in different {
            assert_ne!(spelled(one), spelled(other));
        }
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert!(canonical(&deep, &mut Vec::new()).is_err());
    }
}
