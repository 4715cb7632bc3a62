//! The description of a checkpoint file.

use coldpress_record::Ledger;
use serde::Serialize;

use super::kind::Opened;
use crate::container::ContainerReader;
use crate::{Compression, DeltaBase, Format, Manifest, Result};
use coldpress_storage::{ObjectName, ObjectStore};

/// The content of a checkpoint file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// The operators' changes, section by section.
    Delta,
    /// All rows after an operator.
    Full,
    /// Everything but the records of rows that are elsewhere.
    Index,
    /// All rows after an operator, with their fields as columns: intermediate data, which no resume reads.
    Table,
}

/// The description that a checkpoint file gives of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// Its name in the store.
    pub name: String,
    /// The kind of its content.
    pub kind: ObjectKind,
    /// The file format.
    pub format: Format,
    /// The compression that was asked for.
    pub compression: Compression,
    /// Its length in bytes.
    pub stored_bytes: u64,
    /// The partition.
    pub partition: u32,
    /// The point where the first section of a delta file begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<DeltaBase>,
    /// The points that it holds, in order; only delta files have more than one.
    pub sections: Vec<SectionDescription>,
}

/// The description of one point in a checkpoint file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionDescription {
    /// The number of operators that had been applied.
    pub operation: u32,
    /// The name of the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The chain hash at that point.
    pub chain: String,
    /// The number of rows after it.
    pub rows: u64,
    /// The number of its parts, for delta files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// The number of groups in the file that hold it.
    pub groups: u64,
    /// Its bytes in the file.
    pub stored_bytes: u64,
    /// Its bytes before compression.
    pub plain_bytes: u64,
    /// The counts of where all records of the partition went, up to this point.
    pub ledger: Ledger,
}

/// Describes a checkpoint file of any kind and format. Its rows are not read.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) when it isn't a checkpoint file, [`Error::Newer`](crate::Error::Newer) when a newer
/// release wrote it, [`Error::Storage`](crate::Error::Storage) when it does not exist or cannot be read.
pub fn describe(store: &dyn ObjectStore, name: &ObjectName) -> Result<Description> {
    let container = ContainerReader::open_unverified(store.get(name)?)?;
    Ok(described(&Opened::new(container)?))
}

pub(super) fn described(opened: &Opened) -> Description {
    match opened {
        Opened::Delta(delta) => {
            let sections = delta.sections().iter().enumerate().map(|(at, section)| {
                let groups = delta.groups(at);
                let groups = groups
                    .iter()
                    .filter_map(|group| delta.container().groups().get(*group));
                let (count, stored_bytes) = groups.fold((0, 0_u64), |(count, bytes), group| {
                    (count + 1, bytes.saturating_add(group.stored_bytes))
                });
                SectionDescription {
                    parts: Some(section.parts),
                    groups: count,
                    stored_bytes,
                    plain_bytes: section.bytes,
                    ..point(&section.manifest)
                }
            });
            let base = Some(delta.base().clone());
            of_container(
                delta.container(),
                ObjectKind::Delta,
                delta.attempt().partition,
                base,
                sections.collect(),
            )
        }
        Opened::Rows(rows) => {
            let section = of_rows(rows.container(), rows.manifest());
            let kind = if rows.has_records() {
                ObjectKind::Full
            } else {
                ObjectKind::Index
            };
            of_container(
                rows.container(),
                kind,
                rows.manifest().partition,
                None,
                vec![section],
            )
        }
        Opened::Table(table) => {
            let (container, manifest) = &**table;
            let section = of_rows(container, manifest);
            let (kind, partition) = (ObjectKind::Table, manifest.partition);
            of_container(container, kind, partition, None, vec![section])
        }
    }
}

/// Returns the description of a checkpoint file that holds a single point.
fn of_rows(container: &ContainerReader, manifest: &Manifest) -> SectionDescription {
    let groups = container.groups();
    let sum = |bytes: fn(&crate::ContainerGroup) -> u64| {
        groups.iter().map(bytes).fold(0, u64::saturating_add)
    };
    SectionDescription {
        groups: groups.len() as u64,
        stored_bytes: sum(|group| group.stored_bytes),
        plain_bytes: sum(|group| group.plain_bytes),
        ..point(manifest)
    }
}

fn of_container(
    container: &ContainerReader,
    kind: ObjectKind,
    partition: u32,
    base: Option<DeltaBase>,
    sections: Vec<SectionDescription>,
) -> Description {
    Description {
        name: container.name().to_owned(),
        kind,
        format: container.format(),
        compression: container.compression(),
        stored_bytes: container.stored_bytes(),
        partition,
        base,
        sections,
    }
}

fn point(manifest: &Manifest) -> SectionDescription {
    let last = (manifest.operation as usize).checked_sub(1);
    let last = last.and_then(|last| manifest.ledger.operators.get(last));
    SectionDescription {
        operation: manifest.operation,
        operator: last.map(|operator| operator.name.to_string()),
        chain: manifest.chain.clone(),
        rows: manifest.rows,
        parts: None,
        groups: 0,
        stored_bytes: 0,
        plain_bytes: 0,
        ledger: manifest.ledger.clone(),
    }
}
