//! Every recipe key of Data-Juicer is known. Its default is accepted, and another value is accepted or refused by name.

use coldpress_config::{Error, Overrides, Recipe};

/// One line per key, as Data-Juicer's own parser lists them.
const KEYS: &str = include_str!("../data/data_juicer_keys.tsv");

fn parse(key: &str, value: &str) -> Result<Recipe, Error> {
    let base = [
        ("dataset_path", "in.jsonl"),
        ("export_path", "out.jsonl"),
        ("process", "[clean_links_mapper]"),
    ];
    // The dataset may be given under either name.
    let stands_for = |name: &str| name == key || (name, key) == ("dataset_path", "dataset");
    let mut text = String::new();
    for (name, value) in base.into_iter().filter(|(name, _)| !stands_for(name)) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if key == "dataset" && value == "[]" {
        text.push_str("dataset_path: in.jsonl\n");
    }
    text.push_str(&format!("{key}: {value}\n"));
    Recipe::parse(&text, "r.yaml", &Overrides::default())
}

#[test]
fn every_key_of_data_juicer_is_known() {
    let rows = KEYS.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<&str>> = rows.map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 99);
    let mut wrong = Vec::new();
    for row in rows {
        let [key, default, other, outcome] = row[..] else {
            panic!("{row:?}");
        };
        if let Err(error) = parse(key, default) {
            wrong.push(format!("the default: {error}"));
        }
        match (parse(key, other), outcome) {
            (Ok(_), "accepted") | (Err(Error::NotAvailable { .. }), "refused") => {}
            (Ok(_), _) => wrong.push(format!("{key}: {other} is accepted")),
            (Err(error), _) => wrong.push(error.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
