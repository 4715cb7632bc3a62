//! Distinguishing the kinds of files.

use arrow::datatypes::SchemaRef;

use crate::container::ContainerReader;
use crate::delta::{self, DeltaReader};
use crate::manifest::kind_of;
use crate::rows::Columns;
use crate::{Error, Manifest, Result, RowsReader, table};

/// An open file, by its kind.
pub(super) enum Opened {
    Delta(Box<DeltaReader>),
    Rows(Box<RowsReader>),
    Table(Box<(ContainerReader, Manifest)>),
}

impl Opened {
    pub(super) fn new(container: ContainerReader) -> Result<Self> {
        if is_table(&container)? {
            let manifest = Manifest::from_json(container.name(), container.manifest_json())?;
            return Ok(Self::Table(Box::new((container, manifest))));
        }
        Ok(match is_delta(&container)? {
            true => Self::Delta(Box::new(DeltaReader::of_container(container)?)),
            false => Self::Rows(Box::new(RowsReader::of_container(container)?)),
        })
    }
}

fn is_delta(container: &ContainerReader) -> Result<bool> {
    delta::is_delta(container.name(), container.manifest_json())
}

fn is_table(container: &ContainerReader) -> Result<bool> {
    let kind = kind_of(container.name(), container.manifest_json())?;
    Ok(kind == table::KIND)
}

/// Returns the schema of the rows of a container.
pub(super) fn schema(container: &ContainerReader) -> Result<SchemaRef> {
    if is_table(container)? {
        let reason = "its columns are the fields of records, and no checkpoint can be made of them";
        return Err(Error::corrupt(container.name(), reason));
    }
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
