//! Applies the changes that operators report.

use coldpress_record::Batch;

use super::step::Site;
use crate::mapper::Changes;
use crate::record::RecordError;
use crate::resolved::ResolvedOperator;

/// Applies the changes that a mapper reported.
pub(super) fn apply(
    changes: &Changes,
    site: &Site,
    batch: &mut Batch,
    row: usize,
) -> Result<(), RecordError> {
    let set = changes.values().iter().map(|(field, _)| *field);
    check_declared(set, &site.operator)?;
    if !changes.of_whole().is_empty() {
        if !site.operator.whole_records {
            return Err(RecordError::new(
                "the operator edits the whole record without having declared it",
            ));
        }
        return batch
            .edit_record(row, changes.of_whole())
            .map_err(|error| RecordError::new(error.to_string()));
    }
    let edits = site.columns.iter().zip(changes.edits());
    edits
        .filter(|(_, edits)| !edits.is_empty())
        .try_for_each(|(column, edits)| batch.edit_text(*column, row, edits))
        .map_err(|error| RecordError::new(error.to_string()))?;
    for (field, value) in changes.values() {
        let column = site.columns[*field];
        match value {
            Some(value) => batch.set_value(column, row, value),
            None => batch.remove_field(column, row),
        }
    }
    Ok(())
}

/// Checks that only declared changes are made. While rows stay in their columns, only texts can change, because the form of the
/// rows is decided before the first is read.
pub(super) fn check_declared(
    mut set: impl Iterator<Item = usize>,
    operator: &ResolvedOperator,
) -> Result<(), RecordError> {
    match set.next() {
        Some(field) if !operator.sets_values => Err(RecordError::new(format!(
            "the operator sets or removes the field `{}` without having declared it",
            operator.fields[field]
        ))),
        _ => Ok(()),
    }
}
