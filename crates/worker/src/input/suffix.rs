//! The suffix of a record's file, as a field of the record.

use coldpress_dataset::Source;
use coldpress_operator::Chain;
use coldpress_record::Batch;

/// Sets the field of suffixes, if an operator asks for it, of those records that lack it.
///
/// This is a part of reading a slice. Where an attempt goes on from records that were written down, they have the field.
pub(super) fn add_suffixes(batch: &mut Batch, chain: &Chain, source: &Source) {
    let Some(column) = chain.pipeline().suffix_field() else {
        return;
    };
    let lacking: Vec<u32> = batch
        .selection()
        .iter()
        .copied()
        .filter(|row| batch.json(column, *row as usize).is_none())
        .collect();
    let suffix = source.suffix().into();
    for row in lacking {
        batch.set_value(column, row as usize, &suffix);
    }
}
