//! Differences between two recipes.

use std::collections::BTreeMap;

use coldpress_config::form_of_path;
use serde::Serialize;
use serde_json::Value;

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyDifference {
    /// The key, as in `partition.size`, or the parameter.
    pub key: String,
    /// Its value in the first; none if it is absent.
    pub first: Option<String>,
    /// Its value in the second.
    pub second: Option<String>,
}

/// Returns the keys in which two resolved recipes differ, except for their operators and for keys that differ for every job.
pub(super) fn differences(first: &str, second: &str) -> Vec<KeyDifference> {
    let (first, second) = (flat(first), flat(second));
    differing(&first, &second)
}

/// Returns the parameters in which two calls of an operator differ, which are given as JSON.
pub(super) fn parameters(first: &str, second: &str) -> Vec<KeyDifference> {
    let values = |json: &str| -> BTreeMap<String, String> {
        let values: BTreeMap<String, Value> = serde_json::from_str(json).unwrap_or_default();
        let values = values.into_iter();
        values
            .map(|(key, value)| (key, value.to_string()))
            .collect()
    };
    differing(&values(first), &values(second))
}

fn differing(
    first: &BTreeMap<String, String>,
    second: &BTreeMap<String, String>,
) -> Vec<KeyDifference> {
    let mut keys: Vec<&String> = first.keys().chain(second.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let difference = |key: &String| {
        let (one, other) = (first.get(key), second.get(key));
        (one != other).then(|| KeyDifference {
            key: key.clone(),
            first: one.cloned(),
            second: other.cloned(),
        })
    };
    keys.into_iter().filter_map(difference).collect()
}

/// The keys that differ for every job, or that belong to the operators.
const LEFT_OUT: [&str; 3] = ["job_id", "resume", "process"];

/// Returns the keys of a resolved recipe with their values. Coldpress writes it with a line for each key, and with lists below
/// their keys.
fn flat(yaml: &str) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    // The enclosing keys of the line, with their indentation.
    let mut within: Vec<(usize, String)> = Vec::new();
    for line in yaml.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let is_item = text.starts_with("- ") || text == "-";
        within.retain(|(outer, _)| *outer < indent || (is_item && *outer == indent));
        let inner = within.last().map(|(_, key)| key.clone());
        let in_list = inner.as_ref().is_some_and(|key| values.contains_key(key));
        match (text.split_once(':'), inner) {
            _ if text.is_empty() => {}
            // A whole list is the value of its key.
            (_, Some(key)) if is_item || in_list => {
                let value = values.entry(key).or_default();
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(text);
            }
            (Some((key, value)), outer) => {
                let key = match outer {
                    Some(outer) => format!("{outer}.{key}"),
                    None => key.to_owned(),
                };
                match value.trim() {
                    "" => within.push((indent, key)),
                    value => {
                        values.insert(key, value.to_owned());
                    }
                }
            }
            (None, _) => {}
        }
    }
    values.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    name_form(&mut values);
    values
}

/// Puts in the form of the export where its path says it: two recipes differ in it only if the forms do, and then in any case.
fn name_form(values: &mut BTreeMap<String, String>) {
    let path = values
        .get("export_path")
        .map(|path| path.trim_matches(['\'', '"']));
    let form = path.and_then(form_of_path);
    if let (Some(form), Some(given)) = (form, values.get_mut("export_type"))
        && given == "null"
    {
        *given = form;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "\
seed: 42
job_id: a
text_keys:
- text
- title
partition:
  size: 100
  max_size_mb: 128
alerts:
- when: failed
  run: 'x: y'
process:
- clean_links_mapper: {}
- text_length_filter:
    min_len: 5
";

    #[test]
    fn keys_are_flat() {
        let values = flat(FIRST);
        let pairs: Vec<(&str, &str)> = values
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("alerts", "- when: failed run: 'x: y'"),
            ("partition.max_size_mb", "128"),
            ("partition.size", "100"),
            ("seed", "42"),
            ("text_keys", "- text - title"),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_differs_is_found() {
        let second = FIRST
            .replace("size: 100", "size: 7")
            .replace("job_id: a", "job_id: b")
            .replace("- title\n", "");
        let keys: Vec<String> = differences(FIRST, &second)
            .into_iter()
            .map(|one| one.key)
            .collect();
        assert_eq!(keys, ["partition.size", "text_keys"]);
        let found = parameters(r#"{"a": 1, "b": [1]}"#, r#"{"b": [1], "c": null}"#);
        let [a, c] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((a.first.as_deref(), a.second.as_deref()), (Some("1"), None));
        assert_eq!(
            (c.first.as_deref(), c.second.as_deref()),
            (None, Some("null"))
        );
        assert_eq!(parameters("", "{"), []);
    }

    #[test]
    fn forms_differ_as_they_are_meant() {
        let recipe = |path: &str, form: &str| format!("export_path: {path}\nexport_type: {form}\n");
        let keys = |first: String, second: String| -> Vec<String> {
            let found = differences(&first, &second).into_iter();
            found.map(|one| one.key).collect()
        };
        let plain = || recipe("out/a.jsonl", "null");
        assert_eq!(keys(plain(), recipe("out/a", "jsonl")), ["export_path"]);
        assert_eq!(
            keys(plain(), recipe("'out/a: b.jsonl'", "null")),
            ["export_path"]
        );
        for other in [recipe("out/a.parquet", "null"), recipe("out/a", "parquet")] {
            assert_eq!(keys(plain(), other), ["export_path", "export_type"]);
        }
    }
}
