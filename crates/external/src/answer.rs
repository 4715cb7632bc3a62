//! The answers about a record.

use std::borrow::Cow;

/// The answer of a child about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The record stays unchanged.
    Same,
    /// Some members are removed, and others have new values.
    Changed {
        /// The names of the removed members.
        removed: Vec<String>,
        /// A JSON object with the new values, by name.
        set: String,
    },
    /// Other records take its place, each as it differs from it. None of them is this variant again.
    Split(Vec<Self>),
    /// A filter keeps it, or drops it.
    Keep(bool),
    /// A filter keeps it, or drops it, for these statistics.
    Judged {
        /// True to keep it.
        keep: bool,
        /// A JSON object with the statistics, by name.
        stats: String,
    },
    /// The user's code failed on it: the last line of the traceback, then the traceback.
    Failed(String),
}

impl Answer {
    /// Parses a line; none if it isn't an answer.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?;
        match line.split_at_checked(1)? {
            ("=", "") => Some(Self::Same),
            ("t", "") => Some(Self::Keep(true)),
            ("f", "") => Some(Self::Keep(false)),
            (verdict @ ("t" | "f"), stats) => Some(Self::Judged {
                keep: verdict == "t",
                stats: object(stats)?,
            }),
            ("*", children) => {
                let children: Vec<String> = serde_json::from_str(children).ok()?;
                let children = children.iter().map(|child| Self::parse_child(child));
                children.collect::<Option<_>>().map(Self::Split)
            }
            ("!", message) => serde_json::from_str(message).ok().map(Self::Failed),
            ("-", names) => {
                let (names, set) = names.split_once('\t')?;
                let removed = serde_json::from_str(names).ok()?;
                let set = object(set.strip_prefix('+')?)?;
                Some(Self::Changed { removed, set })
            }
            ("+", set) => Some(Self::Changed {
                removed: Vec::new(),
                set: object(set)?,
            }),
            _ => None,
        }
    }

    fn parse_child(line: &str) -> Option<Self> {
        let child = Self::parse(line.as_bytes());
        child.filter(|child| matches!(child, Self::Same | Self::Changed { .. }))
    }
}

fn object(json: &str) -> Option<String> {
    let is_object =
        json.starts_with('{') && serde_json::from_str::<&serde_json::value::RawValue>(json).is_ok();
    is_object.then(|| json.to_owned())
}

/// Returns the output of a program, cut to fit into a message.
pub(crate) fn excerpt(line: &[u8]) -> Cow<'_, str> {
    const MOST: usize = 120;
    let text = String::from_utf8_lossy(&line[..line.len().min(4 * MOST)]);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_told_from_what_is() {
        let changed = |removed: &[&str], set: &str| Answer::Changed {
            removed: removed.iter().map(|name| (*name).to_owned()).collect(),
            set: set.to_owned(),
        };
        let cases = [
            ("=", Some(Answer::Same)),
            ("t", Some(Answer::Keep(true))),
            ("!\"a\\nb\"", Some(Answer::Failed("a\nb".into()))),
            ("+{\"a\": 1}", Some(changed(&[], "{\"a\": 1}"))),
            ("-[\"b\"]\t+{}", Some(changed(&["b"], "{}"))),
            (
                "f{\"a\": 1}",
                Some(Answer::Judged {
                    keep: false,
                    stats: "{\"a\": 1}".into(),
                }),
            ),
            ("*[]", Some(Answer::Split(Vec::new()))),
            (
                "*[\"=\", \"+{\\\"a\\\": 1}\"]",
                Some(Answer::Split(vec![
                    Answer::Same,
                    changed(&[], "{\"a\": 1}"),
                ])),
            ),
            ("*[\"t\"]", None),
            ("*[\"*[]\"]", None),
            ("t1", None),
            ("", None),
            ("==", None),
            ("hello", None),
            ("+[1]", None),
            ("+{\"a\": }", None),
            ("-[\"b\"]", None),
            ("!no text", None),
            ("ü", None),
        ];
        for (line, answer) in cases {
            assert_eq!(Answer::parse(line.as_bytes()), answer, "{line}");
        }
        assert_eq!(Answer::parse(b"\xff"), None);
    }
}
