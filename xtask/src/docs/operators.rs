//! The page of operators.

use coldpress_operator::{Determinism, OperatorKind, OperatorSpec, ParamSpec};

use super::cell;

const HEAD: &str = "\
# Operators

<!-- Written by `cargo xtask docs` from the operators that crates/ops registers. -->

Each operator stands in a recipe's `process` list as `- name`, `- name:` or `- name: {parameter: value}`. Parameters
that the operators of Data-Juicer have and that change nothing here (such as `num_proc` and `batch_size`) are accepted.
[deduplication.md](../deduplication.md) explains how to choose a deduplicator.
";

pub(super) fn page() -> String {
    let registry = coldpress_ops::builtin();
    let mut specs: Vec<&OperatorSpec> = registry.iter().collect();
    specs.sort_by_key(|spec| (spec.kind(), spec.name().to_owned()));
    let mut page = HEAD.to_owned();
    page.push_str("\n| operator | kind | what it does |\n| --- | --- | --- |\n");
    for spec in &specs {
        let name = spec.name();
        page.push_str(&format!(
            "| [`{name}`](#{name}) | {} | {} |\n",
            spec.kind(),
            cell(spec.summary())
        ));
    }
    if let Some(first) = specs.first() {
        page.push_str("\n## Parameters of every operator\n\n");
        page.push_str(&base_table(first, &specs));
    }
    for spec in &specs {
        page.push_str(&section(spec));
    }
    page
}

/// Returns the table of the parameters that operators have besides their own: those of all kinds, then those of each kind that has
/// more.
fn base_table(first: &OperatorSpec, specs: &[&OperatorSpec]) -> String {
    let common: Vec<ParamSpec> = first
        .base_params()
        .into_iter()
        .filter(|param| is_common(param, specs))
        .collect();
    let mut text = table(&common);
    // They are sorted by kind.
    let mut of_each_kind = specs.to_vec();
    of_each_kind.dedup_by_key(|spec| spec.kind());
    for spec in of_each_kind {
        let more: Vec<_> = spec
            .base_params()
            .into_iter()
            .filter(|param| !is_common(param, specs))
            .collect();
        if !more.is_empty() {
            let (kind, table) = (spec.kind(), table(&more));
            text.push_str(&format!("\nEvery {kind} also has:\n\n{table}"));
        }
    }
    text
}

fn is_common(param: &ParamSpec, specs: &[&OperatorSpec]) -> bool {
    specs.iter().all(|spec| {
        spec.base_params()
            .iter()
            .any(|other| other.name == param.name)
    })
}

/// Returns whether an operator's result depends on the whole dataset.
fn needs_all(spec: &OperatorSpec) -> bool {
    matches!(
        spec.kind(),
        OperatorKind::Deduplicator | OperatorKind::Selector | OperatorKind::Grouper
    )
}

fn section(spec: &OperatorSpec) -> String {
    let mut text = format!("\n## {}\n\n{}\n", spec.name(), spec.summary());
    let depends = match spec.depends_on() {
        Determinism::Pure if needs_all(spec) => {
            "all records of the dataset, their order and the parameters"
        }
        Determinism::Seeded if needs_all(spec) => {
            "how many records there are, the parameters and the recipe's seed"
        }
        Determinism::Pure => "the record and the parameters",
        Determinism::Seeded => "the record, its origin, the parameters and the recipe's seed",
        Determinism::External => "something outside; what it gave once is never computed again",
    };
    text.push_str(&format!(
        "\nKind: {}. Depends on: {depends}.\n",
        spec.kind()
    ));
    text.push_str(&manual(spec));
    if let [_, ..] = spec.params_without_effect() {
        let names = spec.params_without_effect().iter();
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        text.push_str(&format!(
            "\nAccepted, and without effect: {}.\n",
            names.join(", ")
        ));
    }
    text
}

/// Returns the operator's manual, with its headings below the operator's own, and with the table of parameters where it mentions
/// them.
fn manual(spec: &OperatorSpec) -> String {
    let mut text = String::new();
    let mut table = if spec.params().is_empty() {
        String::new()
    } else {
        table(spec.params())
    };
    let mut in_code = false;
    let mut of_params = false;
    for line in spec.long_doc().trim().lines() {
        in_code ^= line.starts_with("```");
        if in_code || !line.starts_with("# ") {
            text.push_str(&format!("{line}\n"));
            continue;
        }
        if of_params {
            text.push_str(&format!("{}\n", std::mem::take(&mut table)));
        }
        of_params = line == "# Parameters";
        text.push_str(&format!("\n##{line}\n\n"));
    }
    if !table.is_empty() {
        text.push_str(&format!("\n{table}"));
    }
    collapse_blank_lines(&text)
}

/// Reduces several blank lines to one, and removes those at the end.
fn collapse_blank_lines(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if !(line.is_empty() && out.ends_with("\n\n")) {
            out.push_str(&format!("{line}\n"));
        }
    }
    format!("{}\n", out.trim_end())
}

fn table(params: &[ParamSpec]) -> String {
    let mut text =
        "| parameter | value | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for param in params {
        let columns = [
            format!("`{}`", param.name),
            param.kind.to_owned(),
            default_of(param),
            param.doc.to_owned(),
        ];
        text.push_str(&format!(
            "| {} |\n",
            columns.map(|column| cell(&column)).join(" | ")
        ));
    }
    text
}

fn default_of(param: &ParamSpec) -> String {
    match &param.default {
        serde_json::Value::Number(number) if number.as_i64() == Some(i64::MAX) => {
            "no bound".to_owned()
        }
        value => format!("`{value}`"),
    }
}
