//! How patterns are read.

/// The module of Python that a pattern is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `regex`, version 0 of its behaviour.
    #[default]
    Regex,
    /// `re` of the standard library.
    Re,
}

/// The version of Unicode by which `re` sorts characters. `regex` has tables of its own, whatever the version of Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unicode {
    /// That of the latest `regex`.
    #[default]
    Newest,
    /// Version 14, as in Python 3.11.
    Python311,
}

/// How a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The module that it is written for.
    pub dialect: Dialect,
    /// The version of Unicode for `re`.
    pub unicode: Unicode,
    /// Whether a dot matches line feeds too.
    pub dot_all: bool,
}
