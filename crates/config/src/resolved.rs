//! Writes out a recipe: every key at its canonical place, including defaults.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml::{Mapping, Value as Yaml};

use crate::call::OperatorCall;
use crate::keys::{Class, KeySpec};
use crate::node::{Node, Value};
use crate::recipe::Recipe;
use crate::render;
use crate::section::Written;
use crate::settings::{GeneralKeys, compat_of};

impl Recipe {
    /// Returns the recipe as it is run: every key at its canonical place with its value, including defaults and overrides.
    /// [`Recipe::parse`] reads an equal recipe from it.
    ///
    /// ```
    /// use coldpress_config::{Overrides, Recipe};
    /// let recipe = Recipe::builder("in.jsonl", "out.jsonl").set("partition.size", 500).build()?;
    /// let yaml = recipe.to_yaml();
    /// assert!(yaml.contains("partition:\n  size: 500\n"));
    /// assert_eq!(Recipe::parse(&yaml, "resolved.yaml", &Overrides::default())?, recipe);
    /// # Ok::<(), coldpress_config::Error>(())
    /// ```
    pub fn to_yaml(&self) -> String {
        let mut settings = Mapping::new();
        for (spec, value) in self.written() {
            insert(&mut settings, spec.name, to_yaml_value(&value));
        }
        let mut text = String::new();
        write_settings(&settings, 0, &mut text);
        text.push_str(&process_text(&self.process));
        text
    }

    /// Returns the keys that decide which records come out, except `process`, as a JSON object with sorted dotted names. They
    /// identify results, together with the input and the operators.
    pub fn result_settings(&self) -> Json {
        // Sorted here, so that the text is canonical whatever order serde_json keeps.
        let sorted: BTreeMap<&str, Json> = self
            .written()
            .into_iter()
            .filter(|(spec, value)| spec.class == Class::Result && !is_later_default(spec, value))
            .map(|(spec, value)| (spec.name, value))
            .collect();
        sorted
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect()
    }

    /// Returns the value of every key except `process`, in the order of the reference.
    pub(crate) fn written(&self) -> Written {
        let mut out = Written::new();
        GeneralKeys {
            project_name: Some(self.project_name.clone()),
            seed: self.seed,
            limit: self.limit,
            compat: self.compat.as_deref().and_then(compat_of),
            python: self.python.clone(),
            custom_operators: self.custom_operators.clone(),
        }
        .write(&mut out);
        self.dataset.write(&mut out);
        self.fields.write(&mut out);
        self.export.write(&mut out);
        self.encryption.write(&mut out);
        self.executor.write(&mut out);
        self.limits.write(&mut out);
        self.paths.write(&mut out);
        self.job.write(&mut out);
        self.partition.write(&mut out);
        self.retry.write(&mut out);
        self.failure.write(&mut out);
        self.checkpoint.write(&mut out);
        self.storage.write(&mut out);
        self.remote.write(&mut out);
        self.events.write(&mut out);
        self.trace.write(&mut out);
        self.alerts.write(&mut out);
        self.lineage.write(&mut out);
        self.otlp.write(&mut out);
        self.analysis.write(&mut out);
        out
    }
}

/// Returns whether a key was added after results got identities, and has its default. It is left out then, so that results of
/// earlier releases remain those of the same recipe.
fn is_later_default(spec: &KeySpec, value: &Json) -> bool {
    const LATER: [(&str, Json); 3] = [
        ("analyze", Json::Bool(false)),
        ("export_original_dataset", Json::Bool(false)),
        ("dataset.max_sample_num", Json::Null),
    ];
    let mut later = LATER.iter();
    later.any(|(name, default)| *name == spec.name && default == value)
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        self.written() == other.written() && self.process == other.process
    }
}

fn insert(settings: &mut Mapping, name: &str, value: Yaml) {
    let Some((section, rest)) = name.split_once('.') else {
        settings.insert(name.into(), value);
        return;
    };
    let inner = settings
        .entry(section.into())
        .or_insert_with(|| Yaml::Mapping(Mapping::new()));
    if let Yaml::Mapping(inner) = inner {
        insert(inner, rest, value);
    }
}

/// Writes the settings in block style. The library's own format folds some Unicode line ends, so texts that contain any are written
/// here.
fn write_settings(settings: &Mapping, indent: usize, out: &mut String) {
    for (key, value) in settings {
        out.push_str(&" ".repeat(indent));
        out.push_str(&scalar_text(key));
        out.push(':');
        match value {
            Yaml::Mapping(inner) if !inner.is_empty() => {
                out.push('\n');
                write_settings(inner, indent + 2, out);
            }
            Yaml::Sequence(items) if !items.is_empty() => {
                out.push('\n');
                for item in items {
                    let item = flow_text(item);
                    out.push_str(&format!("{}- {item}\n", " ".repeat(indent)));
                }
            }
            other => out.push_str(&format!(" {}\n", flow_text(other))),
        }
    }
}

/// Writes a value on one line.
fn flow_text(value: &Yaml) -> String {
    match value {
        Yaml::Sequence(items) => {
            let items: Vec<String> = items.iter().map(flow_text).collect();
            format!("[{}]", items.join(", "))
        }
        Yaml::Mapping(entries) => {
            let entries = entries.iter();
            let entries =
                entries.map(|(key, value)| format!("{}: {}", scalar_text(key), flow_text(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        scalar => scalar_text(scalar),
    }
}

/// Writes a scalar as the library does if that is a plain line of harmless characters, and quoted otherwise.
fn scalar_text(scalar: &Yaml) -> String {
    let written = serde_yaml::to_string(scalar).unwrap_or_default();
    let written = written.trim_end_matches('\n');
    match scalar.as_str() {
        Some(text) if !render::is_harmless(written) => render::text(text),
        _ => written.to_owned(),
    }
}

fn to_yaml_value(json: &Json) -> Yaml {
    match json {
        Json::Null => Yaml::Null,
        Json::Bool(value) => Yaml::Bool(*value),
        Json::Number(number) => number
            .as_u64()
            .map(Yaml::from)
            .or_else(|| number.as_i64().map(Yaml::from))
            .or_else(|| number.as_f64().map(Yaml::from))
            .unwrap_or(Yaml::Null),
        Json::String(text) => Yaml::from(text.as_str()),
        Json::Array(items) => Yaml::Sequence(items.iter().map(to_yaml_value).collect()),
        Json::Object(entries) => Yaml::Mapping(
            entries
                .iter()
                .map(|(name, value)| (Yaml::from(name.as_str()), to_yaml_value(value)))
                .collect(),
        ),
    }
}

/// Writes the list of operators, one per line, with parameters as untyped as they were given.
pub(crate) fn process_text(process: &[OperatorCall]) -> String {
    if process.is_empty() {
        return "process: []\n".to_string();
    }
    let mut text = String::from("process:\n");
    for call in process {
        text.push_str("  - ");
        text.push_str(&render::text(&call.name));
        if !call.params.is_empty() {
            text.push_str(": ");
            text.push_str(&render::flow(&Node::from(Value::Map(call.params.clone()))));
        }
        text.push('\n');
    }
    text
}
