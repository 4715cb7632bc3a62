//! One spelling for all spellings of a record.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// An integer with fewer digits fits into 64 bits.
const LONG_DIGITS: usize = 19;

/// Returns the same text for all spellings of a record: exports with columns spell values differently from lines, and have a
/// null where an object lacks a field.
pub(super) fn canonical(json: &str) -> String {
    let mut value = match serde_json::from_str::<Value>(json) {
        Ok(value) => value,
        // The parser refuses half of a surrogate pair.
        Err(_) => return json.to_owned(),
    };
    if has_long_digits(json) {
        let mut text = String::with_capacity(json.len());
        // The parser has limited how deep it goes.
        if write_exact(json, &mut text).is_ok() {
            return text;
        }
    }
    remove_nulls(&mut value);
    value.to_string()
}

/// Removes the null fields of objects. The nulls of a list stay, as they have a place in it.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// Returns whether there may be an integer beyond 64 bits.
fn has_long_digits(json: &str) -> bool {
    let runs = json.as_bytes().split(|byte| !byte.is_ascii_digit());
    runs.into_iter().any(|run| run.len() >= LONG_DIGITS)
}

/// Writes what [`Value`] would be written as without its nulls, but with integers beyond 64 bits as they are: it would round
/// them to floats, and different ones to the same.
fn write_exact(json: &str, text: &mut String) -> serde_json::Result<()> {
    match json.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
            let fields = fields.iter().filter(|(_, value)| value.get() != "null");
            text.push('{');
            for (at, (name, value)) in fields.enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name)?);
                text.push(':');
                write_exact(value.get(), text)?;
            }
            text.push('}');
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(json)?;
            text.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_exact(value.get(), text)?;
            }
            text.push(']');
        }
        _ if is_beyond_64_bits(json) => text.push_str(json),
        _ => text.push_str(&serde_json::from_str::<Value>(json)?.to_string()),
    }
    Ok(())
}

fn is_beyond_64_bits(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    let is_integer =
        digits.len() >= LONG_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer && json.parse::<u64>().is_err() && json.parse::<i64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_do_not_matter() {
        let one = canonical(r#"{"b": "caf\u00e9", "a":1.50, "c": null}"#);
        assert_eq!(one, canonical("{\"a\": 1.5, \"b\": \"café\"}"));
        assert_ne!(one, canonical(r#"{"a": 1.5, "b": "cafe"}"#));
        assert_eq!(canonical("\"\\ud800\""), "\"\\ud800\"");
    }

    #[test]
    fn nulls_of_objects_do_not_matter_at_any_depth() {
        let one = canonical(r#"{"o": {"x": 1, "y": null}, "l": [{"z": null}, null]}"#);
        assert_eq!(one, r#"{"l":[{},null],"o":{"x":1}}"#);
        assert_ne!(one, canonical(r#"{"o": {"x": 1}, "l": [{}]}"#));
    }

    #[test]
    fn integers_beyond_64_bits_are_not_rounded() {
        let long = |last: u8| format!("{{\"a\": [1.50, -1844674407370955161{last}], \"b\": null}}");
        assert_eq!(canonical(&long(6)), r#"{"a":[1.5,-18446744073709551616]}"#);
        assert_ne!(canonical(&long(6)), canonical(&long(7)));
        for number in ["18446744073709551615", "-9223372036854775808"] {
            assert_eq!(canonical(number), number);
        }
        // Digits in a text make no difference to the rest of the record.
        let one =
            canonical(r#"{"a": "\u0031000000000000000000", "n": [{"b": null, "c": 1E2}, null]}"#);
        let other = canonical(r#"{"n": [{"c": 100.0}, null], "a": "1000000000000000000"}"#);
        assert_eq!(one, other);
    }
}
