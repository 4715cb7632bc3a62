//! Rewriting a checkpoint in another format.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use coldpress_storage::FileStamp;

use super::kind;
use super::measured::Measured;
use crate::container::{ContainerOptions, ContainerReader, ContainerWriter};
use crate::{Error, Result};
use coldpress_storage::{ObjectName, ObjectStore, StoreWriter};

/// Writes the checkpoint file `from`, which must be the one that is cited, in another format under the name `to`.
///
/// Manifest and rows are the same, and the new file is read back and compared, a group at a time.
///
/// # Errors
/// [`Error::Corrupt`] when `from` is damaged, or when the new file differs from it. Nothing may cite the new file then. Otherwise
/// the errors of the stores.
pub fn rewrite(
    store: &dyn ObjectStore,
    from: (&ObjectName, &FileStamp),
    target: &dyn ObjectStore,
    to: &ObjectName,
    options: &ContainerOptions,
) -> Result<FileStamp> {
    let source = ContainerReader::open(store.get(from.0)?, from.1)?;
    let schema = kind::schema(&source)?;
    let stamp = write(&source, &schema, target.put_new(to)?, options)?;
    let written = ContainerReader::open(target.get(to)?, &stamp)?;
    compare(&source, &written, &schema)?;
    Ok(stamp)
}

/// Returns the length that the checkpoint file `from` would have in another format, under the name `to`.
pub(crate) fn measure(
    store: &dyn ObjectStore,
    from: (&ObjectName, &FileStamp),
    to: &ObjectName,
    options: &ContainerOptions,
) -> Result<u64> {
    let source = ContainerReader::open(store.get(from.0)?, from.1)?;
    let schema = kind::schema(&source)?;
    let stamp = write(&source, &schema, Box::new(Measured::new(to)), options)?;
    Ok(stamp.length)
}

fn write(
    source: &ContainerReader,
    schema: &SchemaRef,
    out: Box<dyn StoreWriter>,
    options: &ContainerOptions,
) -> Result<FileStamp> {
    let mut writer = ContainerWriter::create(out, schema.clone(), options)?;
    for group in 0..source.groups().len() {
        for rows in source.read_group(group, schema, None)? {
            writer.write(&rows)?;
        }
        writer.end_group()?;
    }
    writer.finish(source.manifest_json().to_owned())
}

/// Returns whether two files hold the same checkpoint, in whatever format: the same manifest, and the same rows in each group.
///
/// # Errors
/// [`Error::NotFound`] when either does not exist, [`Error::Corrupt`] when either is damaged.
pub(crate) fn is_same(store: &dyn ObjectStore, a: &ObjectName, b: &ObjectName) -> Result<bool> {
    let open = |name| ContainerReader::open_unverified(store.get(name)?);
    let (a, b) = (open(a)?, open(b)?);
    if a.manifest_json() != b.manifest_json() || a.groups().len() != b.groups().len() {
        return Ok(false);
    }
    let schema = kind::schema(&a)?;
    for group in 0..a.groups().len() {
        if joined(&a, group, &schema)? != joined(&b, group, &schema)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn joined(container: &ContainerReader, group: usize, schema: &SchemaRef) -> Result<RecordBatch> {
    let batches = container.read_group(group, schema, None)?;
    concat_batches(schema, &batches)
        .map_err(|error| Error::corrupt(container.name(), error.to_string()))
}

fn compare(source: &ContainerReader, written: &ContainerReader, schema: &SchemaRef) -> Result<()> {
    let other = || {
        Error::corrupt(
            written.name(),
            format!("it is not the same as `{}`", source.name()),
        )
    };
    if written.manifest_json() != source.manifest_json()
        || written.groups().len() != source.groups().len()
    {
        return Err(other());
    }
    for group in 0..source.groups().len() {
        if joined(source, group, schema)? != joined(written, group, schema)? {
            return Err(other());
        }
    }
    Ok(())
}
