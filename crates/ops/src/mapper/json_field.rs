//! Fields that hold JSON of any type, and the fields that tagging mappers write.

use coldpress_operator::{Record, RecordError};
use serde_json::Value;

/// Reads a declared field; one that is missing is null.
///
/// # Errors
/// If the value is nested too deeply, or a text in it has half of a surrogate pair; the message names the field.
pub(super) fn read(record: &Record<'_>, field: usize, name: &str) -> Result<Value, RecordError> {
    let Some(json) = record.json(field) else {
        return Ok(Value::Null);
    };
    serde_json::from_str(&json)
        .map_err(|error| RecordError::new(format!("field `{name}` cannot be read: {error}")))
}

/// Returns the name of a field that a tagging mapper writes. All of them are under one key, as in Data-Juicer.
pub(super) fn meta(key: &str) -> String {
    format!("__dj__meta__.{key}")
}

/// Returns the messages of a dialogue. Anything but a list counts as no messages.
///
/// # Errors
/// If a message isn't an object; the error names the field.
pub(super) fn messages<'a>(value: &'a Value, name: &str) -> Result<Vec<Message<'a>>, RecordError> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let numbered = list.iter().enumerate();
    numbered
        .map(|(at, message)| Message::new(message, at, name))
        .collect()
}

/// One message of a dialogue.
pub(super) struct Message<'a> {
    /// The role in lower case; empty if there is none.
    pub(super) role: String,
    fields: &'a Value,
}

impl<'a> Message<'a> {
    fn new(message: &'a Value, at: usize, name: &str) -> Result<Self, RecordError> {
        if !message.is_object() {
            return Err(RecordError::new(format!(
                "message {at} of field `{name}` is no object"
            )));
        }
        let role = match &message["role"] {
            Value::Null => String::new(),
            Value::String(role) => role.to_lowercase(),
            _ => {
                return Err(RecordError::new(format!(
                    "the role of message {at} of field `{name}` is no text"
                )));
            }
        };
        Ok(Self {
            role,
            fields: message,
        })
    }

    /// Returns a field of the message; null if it is missing.
    pub(super) fn get(&self, key: &str) -> &'a Value {
        &self.fields[key]
    }
}
