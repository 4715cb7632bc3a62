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

/// How a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The module that it is written for.
    pub dialect: Dialect,
    /// Whether a dot matches line feeds too.
    pub dot_all: bool,
}
