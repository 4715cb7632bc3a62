//! The rows of a partition between the worker that writes them and whoever reads them: their forms on disk.

mod encode;
mod form;
mod table;

pub use encode::{RowsEncoder, decode_rows};
pub use form::RowsForm;
pub use table::{TableRowsReader, TableRowsWriter};
