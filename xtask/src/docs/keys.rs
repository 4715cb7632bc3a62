//! The page of recipe keys.

use coldpress_config::{Availability, DefaultValue, KeySpec, foreign_keys, keys};

use super::cell;

const HEAD: &str = "\
# Recipe keys

<!-- Written by `cargo xtask docs` from the declarations in crates/config/src/settings/. -->

A recipe is a YAML map of these keys. A key with dots may be written as nested maps or, on the command line, as
`--partition.size 500`. The order among several spellings of one setting is: command line, the key itself, its other
spellings from left to right; two spellings with different values get a warning. An unknown key is an error that names
its place and the nearest known key.

**Class** says what a changed value changes: *result* keys decide which records come out and are part of a result's
identity; *plan* keys decide how the dataset is cut, and the plan of a job that already has one wins; *run* keys may
differ between a run and its resume.

**Here** says how much of a key this release honours. *Yes*: all of it. *In part*: as the sentence says. *Default
only*: another value is an error, since it would change the result. *No effect*: another value is accepted with a
warning. *Never*: any value is accepted with a warning.
";

pub(super) fn page() -> String {
    let mut sections: Vec<(&str, String)> = Vec::new();
    for key in keys() {
        let own = key.name.split_once('.').map_or("", |(section, _)| section);
        match sections.iter_mut().find(|(section, _)| *section == own) {
            Some((_, rows)) => rows.push_str(&row(key)),
            None => sections.push((own, heading(own) + &row(key))),
        }
    }
    let tables: String = sections.into_iter().map(|(_, text)| text).collect();
    format!("{HEAD}{tables}{}", foreign())
}

/// Lists keys that only Data-Juicer has.
fn foreign() -> String {
    let (refused, without_effect) = foreign_keys();
    let rows = refused.map(|(key, note)| format!("| `{key}` | refused: {} |\n", cell(note)));
    let others = without_effect.map(|key| format!("| `{key}` | no effect, with a warning |\n"));
    let rows: String = rows.chain(others).collect();
    format!(
        "\n## Keys of Data-Juicer without effect, or refused\n\nWhat only steers how Data-Juicer runs has no effect here. What \
         would change which records come out is refused, unless it\nasks for nothing (`null`, `false`, or an empty text, list \
         or map). A name stands for the whole section too.\n\n| key | here |\n| --- | --- |\n{rows}"
    )
}

fn heading(section: &str) -> String {
    let title = if section.is_empty() {
        "Top level".to_owned()
    } else {
        format!("`{section}`")
    };
    let columns = [
        "key",
        "other spellings",
        "value",
        "default",
        "class",
        "here",
        "meaning",
    ];
    let rule = ["---"; 7];
    format!(
        "\n## {title}\n\n| {} |\n| {} |\n",
        columns.join(" | "),
        rule.join(" | ")
    )
}

fn row(key: &KeySpec) -> String {
    let spellings = key
        .aliases
        .iter()
        .map(|alias| format!("`{alias}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let default = match key.default {
        DefaultValue::Value(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    let columns = [
        format!("`{}`", key.name),
        spellings,
        key.kind.to_string(),
        default,
        key.class.to_string(),
        availability(key.availability),
        key.doc.to_owned(),
    ];
    format!("| {} |\n", columns.map(|column| cell(&column)).join(" | "))
}

fn availability(availability: Availability) -> String {
    match availability {
        Availability::Now => "yes".to_owned(),
        Availability::Partly(how) => format!("in part: {how}"),
        Availability::DefaultOnly(how) => format!("default only: {how}"),
        Availability::NoEffect(how) => format!("no effect: {how}"),
    }
}
