//! The forms on disk of the rows of a partition, from the worker that writes them to the code that reads them.

mod encode;
mod form;
mod table;

pub use encode::{RowsEncoder, decode_rows};
pub use form::RowsForm;
pub use table::{TableRowsReader, TableRowsWriter};
