//! Converts records to columns and back, without loss.
//!
//! A column holds the values of one key. Facts that a column of its type cannot express are in the [side](side) of its row group:
//! the keys that each record has and their order, and which numbers among floats are integers.

mod cells;
mod encode;
mod kind;
mod schema;
mod shapes;
mod side;

pub(crate) use cells::{Cells, decode};
pub(crate) use encode::{EncodeError, Encoded, encode};
pub(crate) use kind::Kind;
pub(crate) use schema::{Columns, REST_NAME};
pub(crate) use shapes::Shapes;
pub(crate) use side::Side;
