//! Secrets in a recipe: they are used as they are given, and never written down.

use crate::node::{Key, Node};

/// The keys whose values are secrets.
const SECRET: [&str; 3] = [
    "export_aws_credentials",
    "export_extra_args",
    "storage_options",
];

/// Returns whether a key, by any dotted name below it, holds secrets.
pub fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| {
        let rest = name.strip_prefix(secret);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Returns the text of a recipe as it may be shown: without the lines that hold secrets, and nothing where that cannot be
/// told.
pub fn shown_text(text: &str) -> Option<String> {
    match crate::yaml::parse(text, "recipe") {
        Ok(document) => without_secrets(text, &document),
        Err(_) => (!SECRET.iter().any(|secret| text.contains(secret))).then(|| text.to_owned()),
    }
}

/// Returns the text of a recipe with other lines in place of those that hold secrets, so that all others keep their
/// numbers; none where a line holds both secrets and something else.
pub(crate) fn without_secrets(text: &str, document: &Node) -> Option<String> {
    let entries = document.as_map().unwrap_or_default();
    let line = |key: &Key| key.span.line as usize;
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (key, _) in entries.iter().filter(|(key, _)| is_secret(&key.name)) {
        let begin = line(key);
        let others = entries.iter().map(|(other, _)| line(other));
        let is_alone = others.clone().filter(|other| *other == begin).count() == 1;
        if !is_alone || key.span.column != 1 {
            return None;
        }
        let end = others.filter(|other| *other > begin).min();
        let end = end.unwrap_or(lines.len() + 1);
        for hidden in lines.get_mut(begin.checked_sub(1)?..end - 1)? {
            *hidden = "# left out, as it may be secret\n";
        }
    }
    Some(lines.concat())
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
            ("{a: 1, export_aws_credentials: {k: x}}", None),
            ("{a: 1,\nexport_aws_credentials: {k: x}, b: 2}", None),
        ] {
            let document = yaml::parse(text, "r.yaml").unwrap();
            assert_eq!(without_secrets(text, &document), expected, "{text}");
        }
    }
}
