//! Reads and writes JSON as Python does.

mod cursor;
mod fields;
mod number;
mod parse;
mod stream;
mod text;
mod write;

pub(crate) use parse::Parser;
pub(crate) use stream::{JsonStream, StreamFault};
pub(crate) use write::{Style, write_record, write_value};
