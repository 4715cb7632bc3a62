//! How the sources are read: what decides the text that the slices of a plan are places in.

use coldpress_dataset::{Format, Source};
use coldpress_job::Reading;
use coldpress_storage::Digest;
use serde_json::{Map, Value, json};

use crate::prepare::Prepared;

impl Prepared {
    /// Returns how these sources are read under this recipe.
    pub(crate) fn reading(&self, sources: &[Source]) -> Reading {
        let max_record_bytes = self.recipe.failure.max_record_bytes;
        let texts = sources
            .iter()
            .map(|source| text_of(source, max_record_bytes));
        let texts = Value::Array(texts.collect()).to_string();
        Reading {
            text: Digest::of(texts.as_bytes()),
            settings: reading_settings(self.result_settings()),
        }
    }

    /// Returns the keys that decide which records come out, with their values.
    pub(crate) fn result_settings(&self) -> Map<String, Value> {
        match self.recipe.result_settings() {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}

/// Returns what decides the text that a source becomes, or of a columnar file, what the digests of its rows are made
/// of.
fn text_of(source: &Source, max_record_bytes: u64) -> Value {
    // A row or a text that is too long is converted to a line of another form, which has another length.
    let is_bounded = matches!(source.format, Format::Csv(_) | Format::Text);
    json!({
        "format": source.format,
        "compression": source.compression,
        "encoding": source.encoding,
        "columns": source.columns,
        "max_record_bytes": is_bounded.then_some(max_record_bytes),
    })
}

/// The keys that may have a part in it.
fn reading_settings(settings: Map<String, Value>) -> Map<String, Value> {
    let has_part = |name: &str| {
        name.starts_with("load_dataset_kwargs.") || ["max_record_mb", "text_keys"].contains(&name)
    };
    settings
        .into_iter()
        .filter(|(name, _)| has_part(name))
        .collect()
}

/// Returns what changed in how the sources are read, where that makes them another text.
pub(crate) fn change(planned: &Reading, now: &Reading) -> Option<String> {
    if planned.text == now.text {
        return None;
    }
    let changed = changed_keys(&planned.settings, &now.settings);
    Some(changed.unwrap_or_else(|| "the way in which the files are read changed".to_owned()))
}

/// Returns which keys have other values than before, in words; none if all are the same.
pub(crate) fn changed_keys(
    before: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Option<String> {
    let differs = |(name, value): &(&String, &Value)| before.get(*name) != Some(*value);
    let changed = now.iter().filter(differs).map(|(name, value)| {
        let before = before.get(name).unwrap_or(&Value::Null);
        format!("`{name}` changed from {before} to {value}")
    });
    let changed: Vec<String> = changed.collect();
    (!changed.is_empty()).then(|| changed.join(" and "))
}
