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
            settings: reading_settings(self.recipe.result_settings()),
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
fn reading_settings(settings: Value) -> Map<String, Value> {
    let Value::Object(settings) = settings else {
        return Map::new();
    };
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
    let differs = |(name, value): &(&String, &Value)| planned.settings.get(*name) != Some(*value);
    let changed = now.settings.iter().filter(differs).map(|(name, value)| {
        let before = planned.settings.get(name).unwrap_or(&Value::Null);
        format!("`{name}` changed from {before} to {value}")
    });
    let changed: Vec<String> = changed.collect();
    Some(match changed.is_empty() {
        true => "the way in which the files are read changed".to_owned(),
        false => changed.join(" and "),
    })
}
