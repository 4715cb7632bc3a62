//! What URLs of the hub name.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::failure::{Failure, Kind};

const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A revision of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dataset {
    /// As in `OWNER/NAME`.
    pub(super) name: String,
    /// As it is given: a branch, a tag, a commit; `main` unless one is.
    pub(super) revision: Option<String>,
}

impl Dataset {
    /// The dataset of a URL, and the path in it.
    pub(super) fn parse(url: &str) -> Result<(Self, String), Failure> {
        let refused = || {
            let text = "a URL of the hub is `hf://datasets/OWNER/NAME/PATH` or `hf://datasets/OWNER/NAME@REVISION/PATH`";
            Failure::new(Kind::Other(std::io::ErrorKind::InvalidInput), text)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
        let rest = rest.strip_prefix("datasets/").ok_or_else(refused)?;
        let (owner, rest) = rest.split_once('/').ok_or_else(refused)?;
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, revision) = match name.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (name, None),
        };
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let is_good = scheme.eq_ignore_ascii_case("hf")
            && is_word(owner)
            && is_word(name)
            && revision != Some("");
        let climbs = path.split('/').any(|part| matches!(part, "." | ".."));
        if !is_good || climbs {
            return Err(refused());
        }
        // A `/` in the name of a branch would end it, so it is escaped: `refs%2Fconvert%2Fparquet`.
        let revision = revision.map(|revision| revision.replace("%2F", "/").replace("%2f", "/"));
        let name = format!("{owner}/{name}");
        Ok((Self { name, revision }, path.to_owned()))
    }

    /// The URL of a file.
    pub(super) fn url(&self, path: &str) -> String {
        match &self.revision {
            Some(revision) => format!(
                "hf://datasets/{}@{}/{path}",
                self.name,
                revision.replace('/', "%2F")
            ),
            None => format!("hf://datasets/{}/{path}", self.name),
        }
    }
}

/// A path with what may not be in a web address escaped.
pub(super) fn escaped(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| utf8_percent_encode(part, IN_PATH).to_string())
        .collect();
    parts.join("/")
}

/// The same with slashes escaped too.
pub(super) fn escaped_whole(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_datasets_revisions_and_paths() {
        for url in [
            "hf://datasets/o/n/data/a b.jsonl",
            "hf://datasets/o/n@v1.0/a",
            "hf://datasets/o/n@refs%2Fconvert%2Fparquet/a",
            "hf://datasets/o/n/",
        ] {
            let (dataset, path) = Dataset::parse(url).unwrap();
            assert_eq!(dataset.url(&path), url);
        }
        let (dataset, _) = Dataset::parse("hf://datasets/o/n@refs%2Fconvert%2Fparquet/a").unwrap();
        assert_eq!(dataset.revision.as_deref(), Some("refs/convert/parquet"));
        for url in [
            "hf://o/n/a",
            "hf://datasets/n",
            "hf://datasets/o/n@/a",
            "hf://datasets/o/n/../x",
            "hf://datasets/o/n?x/a",
        ] {
            assert!(Dataset::parse(url).is_err(), "{url}");
        }
        assert_eq!(escaped("a b/ä?"), "a%20b/%C3%A4%3F");
    }
}
