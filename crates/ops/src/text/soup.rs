//! Reads HTML as Python's `html.parser` and Beautiful Soup do: as a tree of tags as they are written, in which only end tags close
//! anything.

mod references;
mod tables;
mod tokens;
mod tree;
mod write;

pub use tables::{Nested, Rows, markup_of_tables, rows_of_tables};

#[cfg(test)]
mod tests;
