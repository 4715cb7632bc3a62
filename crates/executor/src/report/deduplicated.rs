//! Turns the journal's facts about removed records into a report for people.

use std::collections::HashMap;

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
            operator: ledger.name.to_string(),
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

/// Returns the number of removed records of each file, in descending order. The readings of a file that a mixture repeats are
/// added up.
fn removed_from_files(sources: &[OfSource], names: &impl SourceNames) -> Vec<RemovedFrom> {
    let mut files: Vec<RemovedFrom> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for one in sources {
        let path = names.path(one.source);
        let place = *places.entry(path.clone()).or_insert(files.len());
        match files.get_mut(place) {
            Some(file) => file.add_reading(one.counts),
            None => files.push(removed_from(path, one.counts)),
        }
    }
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
        of_one_reading: counts.records,
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

#[cfg(test)]
mod tests {
    use super::super::losses;
    use super::*;

    /// Sources that are readings of these files.
    struct Readings(&'static [&'static str]);

    impl SourceNames for Readings {
        fn path(&self, source: u32) -> String {
            self.0[source as usize].to_owned()
        }

        fn place(&self, _: u32, position: u64) -> String {
            place(false, position)
        }
    }

    fn by_file(names: &Readings, counts: &[(u64, u64)]) -> Deduplication {
        let sources = counts.iter().zip(0..);
        let sources = sources.map(|(&(records, removed), source)| OfSource {
            source,
            counts: Removed { records, removed },
        });
        let sources: Vec<OfSource> = sources.collect();
        Deduplication {
            by_file: removed_from_files(&sources, names),
            ..Deduplication::default()
        }
    }

    #[test]
    fn the_readings_of_a_file_are_one_row_and_their_repeats_are_no_loss() {
        let mut files = vec!["books"; 40];
        files.push("web");
        let names = Readings(files.leak());
        let mut counts = vec![(48, 48); 41];
        counts[0] = (48, 4);
        counts[40] = (50, 10);
        let found = by_file(&names, &counts);
        let rows = found.by_file.iter();
        let rows = rows.map(|row| (row.source.as_str(), row.records, row.removed));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [("books", 1_920, 1_876), ("web", 50, 10)]
        );
        assert_eq!(losses(&[found]), []);
        // Where less than a twentieth of the file itself is left, it is one.
        counts[0] = (48, 46);
        let lost = losses(&[by_file(&names, &counts)]);
        assert_eq!(lost.len(), 1);
        assert_eq!((lost[0].records, lost[0].removed), (1_920, 1_918));
    }
}
