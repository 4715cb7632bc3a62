//! Options of stores behind URLs, any of which may be a secret.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::location::Location;
use crate::node::Node;

/// Options of stores behind URLs, by the prefixes of the URLs that they are for. Options with an empty prefix are for all URLs.
///
/// Any of them may be a secret, so `Debug` shows no values, and a recipe that is written out has none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UrlOptions(BTreeMap<String, BTreeMap<String, String>>);

impl UrlOptions {
    /// Returns the options: the prefix of the URLs that each is for, its name, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().flat_map(|(prefix, options)| {
            let options = options.iter();
            options.map(move |(name, value)| (prefix.as_str(), name.as_str(), value.as_str()))
        })
    }

    /// Returns whether there are no options.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, prefix: &str, name: &str, node: &Node) -> Result<(), Mismatch> {
        let value = match node.as_str() {
            Some(text) if !node.is_null() => text.to_owned(),
            _ => {
                return Err(Mismatch::wrong_part(
                    "storage_options",
                    "options with one value each",
                    node,
                ));
            }
        };
        let options = self.0.entry(prefix.to_owned()).or_default();
        options.insert(name.to_owned(), value);
        Ok(())
    }
}

impl fmt::Debug for UrlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .0
            .iter()
            .map(|(prefix, options)| (prefix, options.keys().collect::<Vec<_>>()));
        f.debug_map().entries(names).finish()
    }
}

/// Reads [`UrlOptions`]. They are always written as if there were none.
pub(crate) struct SecretOptions;

impl Codec<UrlOptions> for SecretOptions {
    const KIND: Kind = Kind::Options;

    fn read(node: &Node) -> Result<UrlOptions, Mismatch> {
        let mut options = UrlOptions::default();
        if node.is_null() {
            return Ok(options);
        }
        // Any value that is given instead of a map may be a secret, so none of it is shown.
        let hidden = |node: &Node| Mismatch {
            found: "something else".to_owned(),
            ..Mismatch::wrong_type(node)
        };
        for (key, node) in node.as_map().ok_or_else(|| hidden(node))? {
            match Location::of(&key.name) {
                Location::Path(_) => options.add("", &key.name, node)?,
                Location::Url(prefix) => {
                    for (key, node) in node.as_map().ok_or_else(|| hidden(node))? {
                        options.add(prefix, &key.name, node)?;
                    }
                }
            }
        }
        Ok(options)
    }

    fn write(_: &UrlOptions) -> Json {
        Json::Object(serde_json::Map::new())
    }
}
