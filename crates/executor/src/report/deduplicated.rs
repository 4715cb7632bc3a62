//! Turns the journal's facts about removed records into a report for people.

use coldpress_job::{ByField, JobState, NamedRecord, OfSource, OfValue, Removals, Removed};
use coldpress_record::OperatorLedger;

use super::{Deduplication, DuplicateCluster, OtherSources, RecordPlace, RemovedFrom};
use crate::barrier::plain_value;

/// The names of a dataset's sources, for people.
pub(crate) trait SourceNames {
    /// Returns the path of a source; empty if the source doesn't exist.
    fn path(&self, source: u32) -> String;

    /// Returns a position in a source: `byte 40`, or `row 3` of a columnar one.
    fn place(&self, source: u32, position: u64) -> String;
}

/// Returns a position by its number.
pub(crate) fn place(is_columnar: bool, position: u64) -> String {
    let unit = if is_columnar { "row" } else { "byte" };
    format!("{unit} {position}")
}

/// Returns what the deduplicators of the recipe in force removed, in the order of the recipe, as far as they are resolved.
#[must_use]
pub fn deduplication(state: &JobState) -> Vec<Deduplication> {
    deduplication_named(state, &PlannedSources(state))
}

/// As [`deduplication`], with the names that the sources have now.
pub(crate) fn deduplication_named(
    state: &JobState,
    names: &impl SourceNames,
) -> Vec<Deduplication> {
    let places = state.recipe().map_or(&[][..], |recipe| &recipe.barriers);
    let resolved = (0..).zip(places).filter_map(|(stage, place)| {
        let resolved = state.barrier(stage)?;
        let removals = resolved.removals.as_ref()?;
        Some(Deduplication::of(*place, &resolved.ledger, removals, names))
    });
    resolved.collect()
}

/// The sources as they were planned.
struct PlannedSources<'s>(&'s JobState);

impl SourceNames for PlannedSources<'_> {
    fn path(&self, source: u32) -> String {
        let sources = self.0.plan().map_or(&[][..], |plan| &plan.sources);
        let source = sources.get(source as usize);
        source.map_or_else(String::new, |source| source.path.clone())
    }

    fn place(&self, source: u32, position: u64) -> String {
        let mut slices = self.0.partitions().map(|planned| &planned.slice);
        // Only columnar files have metadata.
        let is_columnar = slices.any(|slice| slice.source == source && slice.metadata.is_some());
        place(is_columnar, position)
    }
}

impl Deduplication {
    /// Describes the records that the operator at a place of the recipe removed.
    pub(crate) fn of(
        index: u32,
        ledger: &OperatorLedger,
        removals: &Removals,
        names: &impl SourceNames,
    ) -> Self {
        let by_field = removals.by_field.as_ref();
        let record = |one: &NamedRecord| record_place(one, names);
        let largest = removals.largest.iter().map(|cluster| DuplicateCluster {
            records: cluster.records,
            kept: record(&cluster.kept),
            removed: cluster.removed.iter().map(record).collect(),
        });
        Self {
            index,
            operator: ledger.name.clone(),
            records: ledger.records_in,
            removed: ledger.dropped,
            by_file: removed_from_files(&removals.sources, names),
            field: by_field.map(|one| one.field.clone()),
            by_field: by_field.map(removed_from_values).unwrap_or_default(),
            other_values: by_field.map(|one| OtherSources {
                values: one.other_values,
                records: one.others.records,
                removed: one.others.removed,
            }),
            clusters: removals.clusters.clone(),
            largest: largest.collect(),
        }
    }
}

/// Returns the number of removed records of each file, in descending order.
fn removed_from_files(sources: &[OfSource], names: &impl SourceNames) -> Vec<RemovedFrom> {
    let of_file = |one: &OfSource| removed_from(names.path(one.source), one.counts);
    let mut files: Vec<RemovedFrom> = sources.iter().map(of_file).collect();
    // Files of which the same number is gone stay in the order of the plan.
    files.sort_by_key(|file| std::cmp::Reverse(file.removed));
    files
}

fn removed_from_values(by_field: &ByField) -> Vec<RemovedFrom> {
    let of_value = |one: &OfValue| {
        let value = one.value.as_deref();
        let value = value.map_or("(none)".to_owned(), plain_value);
        removed_from(value, one.counts)
    };
    by_field.values.iter().map(of_value).collect()
}

fn removed_from(source: String, counts: Removed) -> RemovedFrom {
    RemovedFrom {
        source,
        records: counts.records,
        removed: counts.removed,
    }
}

fn record_place(named: &NamedRecord, names: &impl SourceNames) -> RecordPlace {
    let (source, position) = (named.origin.source, named.origin.position);
    RecordPlace {
        source: names.path(source),
        position,
        place: names.place(source, position),
        id: named.id.as_deref().map(plain_value),
    }
}
