//! Telling the kinds of files apart.

use arrow::datatypes::SchemaRef;

use crate::container::ContainerReader;
use crate::delta::{self, DeltaReader};
use crate::rows::Columns;
use crate::{Error, Result, RowsReader};

/// A file that is open, as what it is.
pub(super) enum Opened {
    Delta(Box<DeltaReader>),
    Rows(Box<RowsReader>),
}

impl Opened {
    pub(super) fn new(container: ContainerReader) -> Result<Self> {
        Ok(match is_delta(&container)? {
            true => Self::Delta(Box::new(DeltaReader::of_container(container)?)),
            false => Self::Rows(Box::new(RowsReader::of_container(container)?)),
        })
    }
}

fn is_delta(container: &ContainerReader) -> Result<bool> {
    delta::is_delta(container.name(), container.manifest_json())
}

/// The schema of the rows of a container.
pub(super) fn schema(container: &ContainerReader) -> Result<SchemaRef> {
    if is_delta(container)? {
        return Ok(delta::schema());
    }
    let names: Vec<&str> = container.columns().iter().map(String::as_str).collect();
    let columns = Columns::from_names(&names);
    let columns = columns.ok_or_else(|| {
        Error::corrupt(
            container.name(),
            "its columns are neither those of rows nor of deltas",
        )
    })?;
    Ok(columns.schema())
}
