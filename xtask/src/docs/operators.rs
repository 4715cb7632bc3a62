//! The page of operators.

use coldpress_operator::{Determinism, OperatorSpec, ParamSpec};

use super::cell;

const HEAD: &str = "\
# Operators

<!-- Written by `cargo xtask docs` from the operators that crates/ops registers. -->

Each operator stands in a recipe's `process` list as `- name`, `- name:` or `- name: {parameter: value}`. Parameters
that the operators of Data-Juicer have and that change nothing here (such as `num_proc` and `batch_size`) are accepted.
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

/// The parameters that operators have besides their own: those of all kinds, then those of filters.
fn base_table(first: &OperatorSpec, specs: &[&OperatorSpec]) -> String {
    let common: Vec<ParamSpec> = first
        .base_params()
        .into_iter()
        .filter(|param| is_common(param, specs))
        .collect();
    let mut text = table(&common);
    let filter = specs
        .iter()
        .find(|spec| spec.base_params().len() > common.len());
    if let Some(filter) = filter {
        let more: Vec<_> = filter
            .base_params()
            .into_iter()
            .filter(|param| !is_common(param, specs))
            .collect();
        text.push_str(&format!(
            "\nEvery {} also has:\n\n{}",
            filter.kind(),
            table(&more)
        ));
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

fn section(spec: &OperatorSpec) -> String {
    let mut text = format!("\n## {}\n\n{}\n", spec.name(), spec.summary());
    let depends = match spec.depends_on() {
        Determinism::Pure => "the record and the parameters",
        Determinism::Seeded => "the record, its origin, the parameters and the recipe's seed",
        Determinism::External => "something outside; what it gave once is never computed again",
    };
    text.push_str(&format!(
        "\nKind: {}. Depends on: {depends}.\n",
        spec.kind()
    ));
    if !spec.long_doc().is_empty() {
        text.push_str(&format!("\n{}\n", lowered_headings(spec.long_doc())));
    }
    if !spec.params().is_empty() {
        text.push_str(&format!("\n{}", table(spec.params())));
    }
    text
}

/// The manual of an operator has headings of the first level; on the page they stand below the operator's own.
fn lowered_headings(manual: &str) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for line in manual.trim().lines() {
        in_code ^= line.starts_with("```");
        let is_heading = !in_code && line.starts_with('#');
        // A blank line below a heading, as everywhere else in the documentation.
        text.push_str(&if is_heading {
            format!("##{line}\n\n")
        } else {
            format!("{line}\n")
        });
    }
    text.trim_end().to_owned()
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
