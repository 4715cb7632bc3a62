//! How stores behind URLs are reached: addresses, regions, credentials.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::one_spelling;

/// Options of stores by the beginnings of URLs that they are for; the empty beginning is for all.
///
/// They may be secrets: `Debug` hides all values, and serialising is for handing them to a process of the same job, never
/// for a file.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StorageOptions(BTreeMap<String, BTreeMap<String, String>>);

impl StorageOptions {
    /// Adds an option for all URLs that begin with `prefix`.
    #[must_use]
    pub fn with(
        mut self,
        prefix: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let prefix = one_spelling(&prefix.into()).into_owned();
        let options = self.0.entry(prefix).or_default();
        options.insert(key.into(), value.into());
        self
    }

    /// The options of a URL. Of two beginnings that it has, the longer one's options count.
    #[must_use]
    pub fn of(&self, url: &str) -> BTreeMap<&str, &str> {
        // In the order of the map a beginning comes before all longer ones.
        let url = one_spelling(url);
        let ours = self.0.iter().filter(|(prefix, _)| is_below(&url, prefix));
        let options = ours.flat_map(|(_, options)| options.iter());
        options
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect()
    }

    /// Adds other options, which count before these.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (prefix, options) in others.0 {
            self.0.entry(prefix).or_default().extend(options);
        }
        self
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether `url` is `prefix` or lies below it: the options of `s3://data` are not those of `s3://database`.
fn is_below(url: &str, prefix: &str) -> bool {
    url.strip_prefix(prefix).is_some_and(|rest| {
        prefix.is_empty() || prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/')
    })
}

impl fmt::Debug for StorageOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self
            .0
            .iter()
            .map(|(prefix, options)| (prefix, options.keys()));
        f.debug_map().entries(keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts() {
        let options = StorageOptions::default()
            .with("", "region", "eu-1")
            .with("s3://data", "region", "us-1")
            .with("s3://data", "endpoint", "http://localhost:9000")
            .with("s3://data/private/", "region", "us-2");
        let region = |url| options.of(url).get("region").copied().map(str::to_owned);
        assert_eq!(region("s3://other/x").as_deref(), Some("eu-1"));
        assert_eq!(region("s3://database/x").as_deref(), Some("eu-1"));
        assert_eq!(region("s3://data").as_deref(), Some("us-1"));
        assert_eq!(region("s3://data/private/x").as_deref(), Some("us-2"));
        assert_eq!(options.of("s3://data/private/x").len(), 2);
        assert_eq!(region("s3a://data/private/x").as_deref(), Some("us-2"));
    }

    #[test]
    fn no_value_is_shown() {
        let options = StorageOptions::default().with("s3://data", "secret_access_key", "hush");
        let shown = format!("{options:?}");
        assert!(
            shown.contains("secret_access_key") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
