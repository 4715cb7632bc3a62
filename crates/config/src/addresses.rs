//! Removes secrets from web addresses before they are shown or written down.

use std::borrow::Cow;

use crate::node::{Node, Value};

/// Texts in the names of parameters that hold secrets.
const SECRET: [&str; 7] = [
    "secret",
    "token",
    "key",
    "password",
    "sas",
    "signature",
    "credential",
];
/// Whole names of parameters that hold secrets.
const SECRET_NAMES: [&str; 3] = ["sig", "auth", "authorization"];

/// Returns a text that may be shown and written down: the web addresses in it have no users, passwords, or queries with secrets.
///
/// ```
/// use coldpress_config::shown_address;
///
/// assert_eq!(shown_address("http://me:hush@h/a.jsonl"), "http://h/a.jsonl");
/// assert_eq!(shown_address("https://h/a.jsonl?sv=1&sig=hush"), "https://h/a.jsonl");
/// assert_eq!(shown_address("https://h/a.jsonl?page=2"), "https://h/a.jsonl?page=2");
/// assert_eq!(shown_address("s3://bucket/a?sig=b@c"), "s3://bucket/a?sig=b@c");
/// ```
#[must_use]
pub fn shown_address(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(at) = text[from..].find("://") {
        let begin = from + at + "://".len();
        let rest = &text[begin..];
        let end = begin + rest.find(is_end).unwrap_or(rest.len());
        if is_web(&text[..begin]) {
            for (from, to) in hidden(&text[begin..end]).into_iter().flatten() {
                shown.push_str(&text[copied..begin + from]);
                copied = begin + to;
            }
        }
        // A query may contain something that looks like another address.
        from = begin;
        if copied > from {
            from = copied;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// Returns whether a text ends with the scheme of web addresses.
fn is_web(text: &str) -> bool {
    let text = text.as_bytes();
    ["http://", "https://"].iter().any(|scheme| {
        let begin = text.len().checked_sub(scheme.len());
        begin.is_some_and(|begin| text[begin..].eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

fn is_end(letter: char) -> bool {
    letter.is_whitespace() || letter == '"'
}

/// Returns the parts of an address after its scheme that may not be shown: the user with the password, and the query.
fn hidden(address: &str) -> [Option<(usize, usize)>; 2] {
    let host_end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let user = address[..host_end].rfind('@').map(|at| (0, at + 1));
    let query = address.find('?').and_then(|begin| {
        // Characters that close a list or a text around the address are not part of it.
        let end = address.trim_end_matches([',', ']', '}', '\'', ')']).len();
        let query = address.get(begin + 1..end)?;
        let mut names = query
            .split(['&', ';'])
            .map(|one| one.split_once('=').map_or(one, |(name, _)| name));
        names.any(is_secret_parameter).then_some((begin, end))
    });
    [user, query]
}

fn is_secret_parameter(name: &str) -> bool {
    // A name can be escaped. There is no honest reason to do so, so an escaped name counts as a secret.
    let name = name.to_ascii_lowercase();
    name.contains('%')
        || SECRET_NAMES.contains(&name.as_str())
        || SECRET.iter().any(|part| name.contains(part))
}

/// Returns the text of a recipe with its web addresses in the form that may be shown; `None` if they cannot be replaced in the
/// text, for example because they are escaped there. Parameters of operators are left as they are.
pub(crate) fn with_shown_addresses(text: String, document: &Node) -> Option<String> {
    let mut found = Vec::new();
    collect(document, true, &mut found);
    if found.is_empty() {
        return Some(text);
    }
    // The longest come first, because one address may contain another.
    found.sort_by_key(|address| std::cmp::Reverse(address.len()));
    let text = found.iter().fold(text, |text, address| {
        text.replace(address, &shown_address(address))
    });
    let again = crate::yaml::parse(&text, "recipe").ok()?;
    let mut left = Vec::new();
    collect(&again, true, &mut left);
    left.is_empty().then_some(text)
}

/// Collects the texts of a recipe that may not be shown as they are.
fn collect<'n>(node: &'n Node, is_root: bool, found: &mut Vec<&'n str>) {
    match &node.value {
        Value::Map(entries) => {
            let entries = entries.iter();
            let kept = entries.filter(|(key, _)| !(is_root && key.name == "process"));
            kept.for_each(|(_, value)| collect(value, false, found));
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, false, found)),
        _ => {
            let text = node.as_str().unwrap_or_default();
            if shown_address(text) != text {
                found.push(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        for (text, expected) in [
            ("a.jsonl", "a.jsonl"),
            ("https://me@h:8/a@b", "https://h:8/a@b"),
            ("HTTP://me:p@ss@h", "HTTP://h"),
            ("https://h/a?X-Amz-Signature=x&y=1#z", "https://h/a"),
            ("https://h/a?api%5Fkey=x", "https://h/a"),
            (
                "0.5 http://u:p@h/a 2 http://h/b?token=t",
                "0.5 http://h/a 2 http://h/b",
            ),
            (
                "[http://h/a?sig=x, http://u:p@h/b]",
                "[http://h/a, http://h/b]",
            ),
            (
                "https://h/a?next=http://u:p@i/b",
                "https://h/a?next=http://i/b",
            ),
            ("https://h/ä?sig=ü, ", "https://h/ä, "),
            ("abfss://c@h/a", "abfss://c@h/a"),
            ("://://http://", "://://http://"),
        ] {
            assert_eq!(shown_address(text), expected, "{text}");
        }
    }

    #[test]
    fn other_lines_of_a_recipe_stay_as_they_are() {
        let shown = |text: &str| {
            let document = crate::yaml::parse(text, "r.yaml").unwrap();
            with_shown_addresses(text.to_owned(), &document)
        };
        let text = "# one\ndataset_path: http://u:p@h/a\nprocess:\n- m: {p: 'http://a:b@c'}\n";
        let expected = text.replace("u:p@", "");
        assert_eq!(shown(text), Some(expected));
        // An escaped address cannot be found in the text.
        assert_eq!(shown("dataset_path: \"http:\\x2F/u:p@h/a\"\n"), None);
    }
}
