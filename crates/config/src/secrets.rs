//! Secrets in a recipe. They are used as given, and never written down.

use crate::addresses::{shown_address, with_shown_addresses};
use crate::node::{Key, Node};

/// The keys whose values are secrets.
const SECRET: [&str; 3] = [
    "export_aws_credentials",
    "export_extra_args",
    "storage_options",
];

/// The keys of a dataset, at any level below it, whose values are secrets.
const SECRET_OF_DATASETS: [&str; 3] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

/// Returns whether a key, or a key above it in its dotted name, holds secrets.
pub fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    if name.starts_with("dataset") && SECRET_OF_DATASETS.contains(&last) {
        return true;
    }
    SECRET.iter().any(|secret| {
        let rest = name.strip_prefix(secret);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Returns the text of a recipe in the form that may be shown, without the lines that hold secrets; `None` if they cannot be
/// identified.
pub fn shown_text(text: &str) -> Option<String> {
    match crate::yaml::parse(text, "recipe") {
        Ok(document) => without_secrets(text, &document),
        Err(_) => {
            let mut secrets = SECRET.iter().chain(&SECRET_OF_DATASETS);
            let has_secrets = secrets.any(|secret| text.contains(secret));
            (!has_secrets).then(|| shown_address(text).into_owned())
        }
    }
}

/// Returns the text of a recipe in the form that may be shown. Lines that hold secrets are replaced, so that all other lines keep
/// their numbers, and web addresses are shortened. `None` if a line holds both secrets and something else.
pub(crate) fn without_secrets(text: &str, document: &Node) -> Option<String> {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    hide(document, "", lines.len() + 1, &mut lines)?;
    with_shown_addresses(lines.concat(), document)
}

/// Hides the secrets of a map whose path in the recipe is `above`, and which ends before line `end`.
fn hide(node: &Node, above: &str, end: usize, lines: &mut [&str]) -> Option<()> {
    let entries = node.as_map().unwrap_or_default();
    let line = |key: &Key| key.span.line as usize;
    for (key, value) in entries {
        let others = entries.iter().map(|(other, _)| line(other));
        let next = others.clone().filter(|other| *other > line(key)).min();
        let name = format!("{above}{}", key.name);
        if !is_secret(&name) {
            hide_below(value, &name, next.unwrap_or(end), lines)?;
            continue;
        }
        let is_alone = others.filter(|other| *other == line(key)).count() == 1;
        let before = lines.get(line(key).checked_sub(1)?)?.chars();
        let mut before = before.take(key.span.column as usize - 1);
        if !is_alone || before.any(|letter| letter != ' ') {
            return None;
        }
        for hidden in lines.get_mut(line(key).checked_sub(1)?..next.unwrap_or(end) - 1)? {
            *hidden = "# left out, as it may be secret\n";
        }
    }
    Some(())
}

/// Hides the secrets below a key that lists datasets.
fn hide_below(node: &Node, name: &str, end: usize, lines: &mut [&str]) -> Option<()> {
    let above = format!("{name}.");
    match node.as_list() {
        None => hide(node, &above, end, lines),
        Some(items) => {
            let begins = items.iter().skip(1).map(|item| item.span.line as usize);
            let ends = begins.chain([end]);
            items
                .iter()
                .zip(ends)
                .try_for_each(|(item, end)| hide(item, &above, end, lines))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn only_the_lines_with_secrets_are_replaced() {
        let hidden = "# left out, as it may be secret\n";
        for (text, expected) in [
            ("a: 1\nb: 2\n", Some("a: 1\nb: 2\n".to_owned())),
            (
                "a: 1\nexport_aws_credentials:\n  aws_secret_access_key: x\n  # y\nb: 2\n",
                Some(format!("a: 1\n{hidden}{hidden}{hidden}b: 2\n")),
            ),
            (
                "a: 1\nexport_aws_credentials: {aws_secret_access_key: x}",
                Some(format!("a: 1\n{hidden}")),
            ),
            (
                "export_aws_credentials.aws_secret_access_key: x\na: 1\n",
                Some(format!("{hidden}a: 1\n")),
            ),
            (
                "dataset:\n  configs:\n    - type: remote\n      aws_secret_access_key: x\n      path: s3://b\n    - path: c\n",
                Some(format!(
                    "dataset:\n  configs:\n    - type: remote\n{hidden}      path: s3://b\n    - path: c\n"
                )),
            ),
            (
                "dataset:\n  configs:\n    - path: s3://b\n      aws_secret_access_key:\n        x\n    - path: c\nb: 2\n",
                Some(format!(
                    "dataset:\n  configs:\n    - path: s3://b\n{hidden}{hidden}    - path: c\nb: 2\n"
                )),
            ),
            (
                "dataset: {configs: [{path: s3://b, aws_secret_access_key: x}]}\n",
                None,
            ),
            (
                "dataset:\n  configs:\n    - aws_secret_access_key: x\n      path: b\n",
                None,
            ),
            ("{a: 1, export_aws_credentials: {k: x}}", None),
            ("{a: 1,\nexport_aws_credentials: {k: x}, b: 2}", None),
        ] {
            let document = yaml::parse(text, "r.yaml").unwrap();
            assert_eq!(without_secrets(text, &document), expected, "{text}");
        }
    }
}
