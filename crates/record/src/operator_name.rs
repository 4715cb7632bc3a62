//! Names of operators, each of which is in memory only once.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The number of names that a thread remembers. A recipe has fewer, and with the limit, memory stays bounded whatever else a file
/// may hold in their place.
const REMEMBERED: usize = 256;
/// The longest name that is remembered.
const LONGEST: usize = 256;

thread_local! {
    static NAMES: RefCell<Vec<Arc<str>>> = const { RefCell::new(Vec::new()) };
}

/// The name of an operator in a ledger.
///
/// A job has a ledger for each partition and each operator, so equal names share one text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorName(Arc<str>);

impl OperatorName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether there is no name, as in records of a journal, where the recipe has the names.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for OperatorName {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for OperatorName {
    fn from(name: &str) -> Self {
        NAMES.with_borrow_mut(|names| {
            if let Some(known) = names.iter().find(|known| &***known == name) {
                return Self(Arc::clone(known));
            }
            let name: Arc<str> = name.into();
            if names.len() < REMEMBERED && name.len() <= LONGEST {
                names.push(Arc::clone(&name));
            }
            Self(name)
        })
    }
}

impl From<&String> for OperatorName {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<String> for OperatorName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&OperatorName> for String {
    fn from(name: &OperatorName) -> Self {
        name.as_str().to_owned()
    }
}

impl From<OperatorName> for String {
    fn from(name: OperatorName) -> Self {
        name.as_str().to_owned()
    }
}

impl Deref for OperatorName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for OperatorName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for OperatorName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for OperatorName {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for OperatorName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OperatorName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl de::Visitor<'_> for Name {
            type Value = OperatorName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an operator")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<OperatorName, E> {
                Ok(name.into())
            }
        }

        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_one_text() {
        let (one, other) = (
            OperatorName::from("a_filter"),
            OperatorName::from("a_filter".to_owned()),
        );
        assert!(Arc::ptr_eq(&one.0, &other.0));
        let read: OperatorName = serde_json::from_str(r#""a_filter""#).unwrap();
        assert!(Arc::ptr_eq(&one.0, &read.0));
        let escaped: OperatorName = serde_json::from_str("\"a\\u005ffilter\"").unwrap();
        assert_eq!(escaped, one);
        assert_eq!(serde_json::to_string(&one).unwrap(), r#""a_filter""#);
    }

    #[test]
    fn any_number_of_names_takes_bounded_memory() {
        for number in 0..10 * REMEMBERED {
            let name = format!("name {number}");
            assert_eq!(OperatorName::from(&name), name);
        }
        NAMES.with_borrow(|names| assert_eq!(names.len(), REMEMBERED));
    }
}
