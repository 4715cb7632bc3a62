//! Checks that a file expresses everything that the Parquet file of another program does, or more.
//!
//! Such a Parquet file gives every record every key, with null for those that it lacked, and integers of a column with nulls come
//! back as floats. JSON beside it may be its source, and must not be replaced by less.

use super::one_by_one::OneByOne;
use crate::{Record, RecordReader, Result, Value};

/// Returns whether the records are the same, except for what Parquet files of other programs cannot express.
pub(super) fn says_as_much(exact: &mut RecordReader, foreign: &mut RecordReader) -> Result<bool> {
    let (mut exact, mut foreign) = (OneByOne::new(exact), OneByOne::new(foreign));
    loop {
        match (exact.next()?, foreign.next()?) {
            (None, None) => return Ok(true),
            (Some(exact), Some(foreign)) if covers(&exact, &foreign) => {}
            _ => return Ok(false),
        }
    }
}

fn covers(exact: &Record, foreign: &Record) -> bool {
    let is_known = |(key, value): (&str, &Value)| match exact.get(key) {
        Some(exact) => value_covers(exact, value),
        None => value.is_null(),
    };
    let is_kept = |(key, value): (&str, &Value)| value.is_null() || foreign.get(key).is_some();
    foreign.iter().all(is_known) && exact.iter().all(is_kept)
}

fn value_covers(exact: &Value, foreign: &Value) -> bool {
    match (exact, foreign) {
        (Value::Int(integer), Value::Float(float)) => *integer as f64 == *float,
        // pandas uses NaN for missing values.
        (Value::Float(float), Value::Null) => float.is_nan(),
        (Value::List(exact), Value::List(foreign)) => {
            let mut pairs = exact.iter().zip(foreign);
            exact.len() == foreign.len()
                && pairs.all(|(exact, foreign)| value_covers(exact, foreign))
        }
        (Value::Object(exact), Value::Object(foreign)) => covers(exact, foreign),
        (exact, foreign) => exact == foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exact: &str, foreign: &str, expected: bool) {
        let record = |text| Record::parse(text).unwrap();
        assert_eq!(
            covers(&record(exact), &record(foreign)),
            expected,
            "{exact} {foreign}"
        );
    }

    #[test]
    fn what_others_cannot_say_makes_no_difference() {
        check(
            r#"{"a": 1, "o": {"x": [1]}}"#,
            r#"{"a": 1.0, "o": {"x": [1], "y": null}, "b": null}"#,
            true,
        );
        check(r#"{"a": null, "n": NaN}"#, r#"{"n": null}"#, true);
        check(r#"{"o": {}}"#, r#"{"o": {"x": null}}"#, true);
        check(r#"{"a": 1}"#, r#"{"a": 2}"#, false);
        check(r#"{"a": 1}"#, r#"{"a": "1"}"#, false);
        check(r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#, false);
        check(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false);
        check(r#"{"a": [1, 2]}"#, r#"{"a": [1]}"#, false);
        check(r#"{"a": null}"#, r#"{"a": 1}"#, false);
    }
}
