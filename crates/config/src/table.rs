//! The names that a recipe may use.

use crate::error::{Error, Place};
use crate::foreign;
use crate::keys::{KeySpec, Kind};
use crate::suggest;

/// The keys that a recipe can have, by section.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyTable(&'static [&'static [KeySpec]]);

impl KeyTable {
    pub(crate) const fn new(sections: &'static [&'static [KeySpec]]) -> Self {
        Self(sections)
    }

    /// Returns all keys in the order of the reference.
    pub(crate) fn keys(self) -> impl Iterator<Item = &'static KeySpec> {
        self.0.iter().copied().flatten()
    }

    /// Returns the key with this canonical name.
    pub(crate) fn named(self, name: &str) -> Option<&'static KeySpec> {
        self.keys().find(|key| key.name == name)
    }

    /// Returns the key that has `name` among its spellings.
    pub(crate) fn spelled(self, name: &str) -> Option<&'static KeySpec> {
        let mut keys = self.keys();
        keys.find(|key| key.spellings().any(|spelling| spelling == name))
    }

    /// Returns the known spelling that equals `name`.
    pub(crate) fn spelling(self, name: &str) -> Option<&'static str> {
        let mut spellings = self.keys().flat_map(KeySpec::spellings);
        spellings.find(|spelling| *spelling == name)
    }

    /// Returns the known spelling of the options that `name` selects one of, and which: `region` of `storage_options.region`.
    pub(crate) fn option(self, name: &str) -> Option<(&'static str, &str)> {
        let (options, option) = name
            .split_once('.')
            .filter(|(_, option)| !option.is_empty())?;
        let spec = self
            .spelled(options)
            .filter(|spec| spec.kind == Kind::Options)?;
        let spelling = spec.spellings().find(|spelling| *spelling == options)?;
        Some((spelling, option))
    }

    /// Returns whether some known name is in the section `name`.
    pub(crate) fn is_section(self, name: &str) -> bool {
        self.names().any(|known| {
            known
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// Returns the error for an unknown name.
    pub(crate) fn unknown(self, name: String, place: Place) -> Error {
        let sections = self.names().filter_map(|known| known.split_once('.'));
        let sections = sections.map(|(section, _)| section);
        let is_above = |known: &&str| below(&name, known).is_some();
        let candidates = self
            .names()
            .chain(sections)
            .filter(|known| !is_above(known));
        let suggestion = self
            .begun_with(&name)
            .or_else(|| suggest::nearest(&name, candidates));
        let suggestion = suggestion.map(str::to_string);
        Error::UnknownKey {
            key: name,
            place,
            suggestion,
        }
    }

    /// Returns the key that begins with a name within a section, as `checkpoint.n_ops` does with `checkpoint.n`.
    fn begun_with(self, name: &str) -> Option<&'static str> {
        let (section, last) = name.rsplit_once('.').filter(|(_, last)| !last.is_empty())?;
        let is_begun =
            |known: &&str| below(known, section).is_some_and(|rest| rest.starts_with(last));
        self.names().find(is_begun)
    }

    /// Returns the spellings of all keys, and the names that only Data-Juicer knows.
    fn names(self) -> impl Iterator<Item = &'static str> {
        let ours = self.keys().flat_map(KeySpec::spellings);
        ours.chain(foreign::names())
    }
}

/// Returns the rest of a name within a section; `None` if it isn't in it.
fn below<'n>(name: &'n str, section: &str) -> Option<&'n str> {
    name.strip_prefix(section)?.strip_prefix('.')
}
