//! Validators: checks of the dataset's records before work begins.
//!
//! Data-Juicer looks at the first records of a dataset. Here they are a sample of all of it.

use std::collections::HashMap;

use coldpress_config::{FieldType, Turns, Validator, ValidatorRule};
use coldpress_dataset::Source;
use coldpress_record::Lines;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// The roles that a message may have.
const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// Checks records of each source. Lines that are not JSON are left to the reading of the dataset, which reports them.
///
/// # Errors
/// [`ErrorKind::Input`] for the first validator that they do not pass, with the file and what is wrong.
pub(crate) fn validate(
    validators: &[Validator],
    blocks: &[Lines],
    sources: &[Source],
) -> Result<()> {
    for (validator, number) in validators.iter().zip(1..) {
        for block in blocks {
            let most = usize::try_from(validator.sample_size).unwrap_or(usize::MAX);
            let lines = block.records.iter().take(most);
            let bytes = lines.map(|line| &block.bytes[line.range()]);
            let records = bytes.map(record_of);
            let records: Vec<Value> = records.collect();
            if let Err(reason) = check(&validator.rule, &records) {
                let path = sources.get(block.source as usize);
                let path = path.map_or("the dataset", |source| source.identity.path.as_str());
                return Err(Error::new(
                    ErrorKind::Input,
                    format!("`{path}` does not pass validator {number} of `validators`: {reason}"),
                ));
            }
        }
    }
    Ok(())
}

fn check(rule: &ValidatorRule, records: &[Value]) -> Result<(), String> {
    match rule {
        ValidatorRule::RequiredFields {
            fields,
            types,
            allow_missing,
        } => fields.iter().try_for_each(|field| {
            check_field(records, field, types.get(field).copied(), *allow_missing)
        }),
        ValidatorRule::SwiftMessages(turns) => records
            .iter()
            .try_for_each(|record| check_messages(record, *turns)),
        ValidatorRule::Conversation(turns) => records
            .iter()
            .try_for_each(|record| check_conversation(record, *turns)),
        _ => Ok(()),
    }
}

fn check_field(
    records: &[Value],
    field: &str,
    kind: Option<FieldType>,
    allow_missing: f64,
) -> Result<(), String> {
    let values: Vec<Option<&Value>> = records
        .iter()
        .map(|record| field_of(record, field))
        .collect();
    let present = values.iter().flatten().filter(|value| !value.is_null());
    let missing = values.len() - present.clone().count();
    let share = missing as f64 / values.len().max(1) as f64;
    if share > allow_missing {
        let all = values.len();
        return Err(format!(
            "field `{field}` is missing or null in {missing} of {all} records that were looked at (`allow_missing: \
             {allow_missing}`)"
        ));
    }
    let Some(kind) = kind else { return Ok(()) };
    let mut present = present;
    match present.find(|value| !is_a(value, kind)) {
        Some(value) => Err(format!(
            "field `{field}` is {} in a record, and should be `{}`",
            kind_of(value),
            kind.as_str()
        )),
        None => Ok(()),
    }
}

/// The value of a field, found as operators find it: of names with dots the longer one counts.
fn field_of<'a>(record: &'a Value, field: &str) -> Option<&'a Value> {
    let nested = || {
        let (first, rest) = field.split_once('.')?;
        field_of(record.get(first)?, rest)
    };
    record.get(field).or_else(nested)
}

fn is_a(value: &Value, kind: FieldType) -> bool {
    match kind {
        FieldType::Text => value.is_string(),
        FieldType::Int => value.is_i64() || value.is_u64() || is_huge(value),
        // A column of numbers some of which have decimals has the others as such too.
        FieldType::Float => value.is_number(),
        FieldType::Bool => value.is_boolean(),
        FieldType::List => value.is_array(),
        FieldType::Object => value.is_object(),
    }
}

/// Returns whether it is a whole number beyond 64 bits, which is read as one with decimals.
fn is_huge(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.abs() >= 1.8e19)
}

/// The fields of a record. What no value in memory can say, such as half of a surrogate pair, is of its type all the same; of
/// what is no record every field is missing.
fn record_of(bytes: &[u8]) -> Value {
    let field = |raw: &RawValue| {
        let json = raw.get();
        serde_json::from_str(json).unwrap_or_else(|_| match json.as_bytes().first() {
            Some(b'"') => Value::String(String::new()),
            Some(b'[') => Value::Array(Vec::new()),
            Some(b'{') => Value::Object(Map::new()),
            _ => Value::from(f64::MAX),
        })
    };
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let fields: HashMap<String, &RawValue> = serde_json::from_slice(bytes).unwrap_or_default();
        let fields = fields.iter();
        fields
            .map(|(name, raw)| (name.clone(), field(raw)))
            .collect()
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with decimals",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn check_messages(record: &Value, turns: Turns) -> Result<(), String> {
    let messages = record.get("messages").and_then(Value::as_array);
    let messages = messages.ok_or("a record has no list `messages`")?;
    check_turns(messages.len(), turns, "messages")?;
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        if !role.is_some_and(|role| ROLES.contains(&role)) {
            return Err(format!(
                "a message has no `role` that is one of `{}`",
                ROLES.join("`, `")
            ));
        }
        if message.get("content").is_none_or(Value::is_null) {
            return Err("a message has no `content`".to_owned());
        }
    }
    Ok(())
}

fn check_conversation(record: &Value, turns: Turns) -> Result<(), String> {
    let is_text = |name: &str| record.get(name).is_some_and(Value::is_string);
    if record.get("system").is_some() && !is_text("system") {
        return Err("`system` of a record is not a text".to_owned());
    }
    if let Some(name) = ["instruction", "query", "response"]
        .into_iter()
        .find(|name| !is_text(name))
    {
        return Err(format!("a record has no text `{name}`"));
    }
    let Some(history) = record.get("history") else {
        return Ok(());
    };
    let history = history
        .as_array()
        .ok_or("`history` of a record is not a list")?;
    check_turns(history.len() + 1, turns, "turns")?;
    let is_pair = |turn: &Value| {
        let pair = turn.as_array().filter(|pair| pair.len() == 2);
        pair.is_some_and(|pair| pair.iter().all(Value::is_string))
    };
    match history.iter().all(is_pair) {
        true => Ok(()),
        false => Err("a turn of a `history` is not a pair of texts".to_owned()),
    }
}

fn check_turns(count: usize, turns: Turns, what: &str) -> Result<(), String> {
    let Turns { least, most } = turns;
    match (least..=most).contains(&(count as u64)) {
        true => Ok(()),
        false => Err(format!(
            "a record has {count} {what}, and should have {least} to {most}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn fails(rule: &ValidatorRule, record: Value, message: &str) {
        let error = check(rule, &[record]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn required_fields_are_there_and_of_their_types() {
        let rule = |allow_missing| ValidatorRule::RequiredFields {
            fields: vec!["text".into(), "meta.n".into()],
            types: [
                ("text".into(), FieldType::Text),
                ("meta.n".into(), FieldType::Int),
            ]
            .into(),
            allow_missing,
        };
        let good = json!({"text": "a", "meta": {"n": 1}});
        assert_eq!(
            field_of(&json!({"a": {"b.c": 7}}), "a.b.c"),
            Some(&json!(7))
        );
        assert_eq!(check(&rule(0.0), std::slice::from_ref(&good)), Ok(()));
        assert_eq!(check(&rule(0.0), &[]), Ok(()));
        fails(
            &rule(0.0),
            json!({"text": "a"}),
            "field `meta.n` is missing or null in 1 of 1",
        );
        fails(
            &rule(0.0),
            json!({"text": null, "meta.n": 1}),
            "field `text` is missing",
        );
        fails(
            &rule(0.0),
            json!({"text": 1, "meta.n": 1}),
            "`text` is a whole number in a record, and should be `str`",
        );
        fails(
            &rule(1.0),
            json!({"meta": {"n": 1.5}}),
            "`meta.n` is a number with decimals",
        );
        let half = [good, json!({"text": "b"})];
        assert_eq!(check(&rule(0.5), &half), Ok(()));
        assert!(check(&rule(0.4), &half).is_err());
    }

    #[test]
    fn conversations_have_turns() {
        let turns = Turns { least: 1, most: 2 };
        let messages = ValidatorRule::SwiftMessages(turns);
        let message = |role: &str| json!({"role": role, "content": "x"});
        let good = json!({"messages": [message("user"), message("assistant")]});
        assert_eq!(check(&messages, &[good]), Ok(()));
        fails(&messages, json!({"messages": "x"}), "no list `messages`");
        fails(
            &messages,
            json!({"messages": []}),
            "0 messages, and should have 1 to 2",
        );
        fails(
            &messages,
            json!({"messages": [message("bot")]}),
            "no `role`",
        );
        fails(
            &messages,
            json!({"messages": [{"role": "user", "content": null}]}),
            "no `content`",
        );
        let talk = ValidatorRule::Conversation(turns);
        let record = |history: Value| json!({"instruction": "", "query": "q", "response": "r", "history": history});
        assert_eq!(check(&talk, &[record(json!([["a", "b"]]))]), Ok(()));
        fails(&talk, record(json!([["a", "b"], ["c", "d"]])), "3 turns");
        fails(&talk, record(json!([["a"]])), "not a pair");
        fails(&talk, record(json!("x")), "not a list");
        fails(&talk, json!({"query": "q"}), "no text `instruction`");
        fails(&talk, json!({"system": 1}), "`system`");
    }
}
