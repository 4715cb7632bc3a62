//! Names of fields.

use std::fmt;

/// The name of a field: a top-level key, or a dotted path into nested objects.
///
/// A literal key with a dot in it takes precedence over the nested one: `a.b` names the key `"a.b"` if a record has it, or else the
/// key `b` of the object under `a`. A record that has neither gets the nested one when the field is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    literal: String,
}

impl FieldPath {
    /// Creates the field with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            literal: name.into(),
        }
    }

    /// Returns the name as it was given.
    pub fn name(&self) -> &str {
        &self.literal
    }

    /// Returns the first key of the nested form and the rest, if the name has a dot.
    pub fn nested(&self) -> Option<(&str, &str)> {
        self.literal.split_once('.')
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.literal)
    }
}

/// The fields of a record that the operators of a chain read or write, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredFields {
    paths: Vec<FieldPath>,
}

impl DeclaredFields {
    /// Creates fields with these names, in this order. Repeats count once.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let mut fields = Self::default();
        for name in names {
            fields.declare(&name.into());
        }
        fields
    }

    /// Returns the column of the field `name`, which is added if it is missing.
    pub fn declare(&mut self, name: &str) -> usize {
        self.column(name).unwrap_or_else(|| {
            self.paths.push(FieldPath::new(name));
            self.paths.len() - 1
        })
    }

    /// Returns the column of the field `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.paths.iter().position(|path| path.name() == name)
    }

    /// Returns for each column whether its field is inside another of these fields, or another is inside it.
    pub(crate) fn overlapping(&self) -> Vec<bool> {
        let is_within = |inner: &FieldPath, outer: &FieldPath| {
            let rest = inner.name().strip_prefix(outer.name());
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let overlaps = |a: &FieldPath| {
            let mut others = self.paths.iter();
            others.any(|b| is_within(a, b) || is_within(b, a))
        };
        self.paths.iter().map(overlaps).collect()
    }

    /// Returns the fields in column order.
    pub fn paths(&self) -> &[FieldPath] {
        &self.paths
    }

    /// Returns the number of declared fields.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Returns whether no field is declared.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}
