//! What a deduplicator removed, for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use coldpress_barrier::{Gone, Room, Survey, Tallied, Tally, survey};
use coldpress_job::{
    ByField, ClustersOfSize, LargeCluster, NamedRecord, OfSource, OfValue, Removals, Removed,
};

use super::case::Unresolved;
use super::names::{Nameless, Names, RecordName};

/// The largest clusters that are told.
const LARGEST: usize = 10;
/// Records of a cluster that are told besides the kept one.
const SAMPLE: usize = 3;
/// Values of a field that are told.
const VALUES: usize = 50;

/// Says what is removed; `of_partitions` is how much of each partition.
pub(super) fn removals(
    names: &Names<'_, '_>,
    gone: &mut Gone,
    of_partitions: &[Removed],
    room: &Room<'_>,
) -> Result<Removals, Unresolved> {
    let mut removals = || {
        let sources = by_source(names, gone, of_partitions)?;
        let by_field = match &names.telling.source_field {
            Some(field) => Some(by_field(names, gone, field, room)?),
            None => None,
        };
        let Survey { sizes, largest } = survey(gone, LARGEST, SAMPLE, room)?;
        let told = largest.iter().flat_map(|cluster| {
            let sample = cluster.sample.iter().copied();
            sample.chain([cluster.first])
        });
        let told = names_of(names, told.collect())?;
        let name = |ordinal: &u64| told.get(ordinal).cloned();
        let largest = largest.iter().filter_map(|cluster| {
            Some(LargeCluster {
                records: cluster.records,
                kept: name(&cluster.first)?,
                removed: cluster.sample.iter().filter_map(name).collect(),
            })
        });
        Ok(Removals {
            sources,
            by_field,
            largest: largest.collect(),
            clusters: sizes
                .into_iter()
                .map(|class| ClustersOfSize {
                    from: class.from,
                    to: class.to,
                    clusters: class.clusters,
                    records: class.records,
                })
                .collect(),
        })
    };
    removals().map_err(|nameless: Nameless| nameless.into_unresolved(names.case))
}

/// Counts by source: of whole partitions, as long as their rows are those that they were cut from.
fn by_source(
    names: &Names<'_, '_>,
    gone: &mut Gone,
    of_partitions: &[Removed],
) -> Result<Vec<OfSource>, Nameless> {
    let mut sources: BTreeMap<u32, Removed> = BTreeMap::new();
    if names.telling.rows_moved {
        let mut ordinal = 0;
        gone.rewind()?;
        names.each(|named| {
            let is_removed = gone.goes(ordinal)?;
            let source = sources.entry(named.origin.source).or_default();
            source.add(1, u64::from(is_removed));
            ordinal += 1;
            Ok(())
        })?;
    } else {
        for (source, counts) in names.telling.sources.iter().zip(of_partitions) {
            let source = sources.entry(*source).or_default();
            source.add(counts.records, counts.removed);
        }
    }
    let of_source = |(source, counts)| OfSource { source, counts };
    Ok(sources.into_iter().map(of_source).collect())
}

/// Counts by the values of the field that is the record's source.
fn by_field(
    names: &Names<'_, '_>,
    gone: &mut Gone,
    field: &str,
    room: &Room<'_>,
) -> Result<ByField, Nameless> {
    let mut tally = Tally::new(room);
    let (mut ordinal, at) = (0, names.telling.labels.source.unwrap_or_default());
    gone.rewind()?;
    for reader in names.readers {
        // The labels alone: the index is not needed.
        reader.each_labels(|_, labels| {
            let is_removed = gone.goes(ordinal)?;
            ordinal += 1;
            let label = labels.get(at).map_or(&[][..], Vec::as_slice);
            tally.add(label, is_removed)
        })?;
    }
    let mut told = MostRemoved::new(field);
    tally.finish(|one| told.take(one))?;
    Ok(told.finish())
}

/// The values of which most was removed.
struct MostRemoved {
    told: BTreeMap<(Reverse<u64>, Vec<u8>), Removed>,
    by_field: ByField,
}

impl MostRemoved {
    fn new(field: &str) -> Self {
        Self {
            told: BTreeMap::new(),
            by_field: ByField {
                field: field.to_owned(),
                ..ByField::default()
            },
        }
    }

    fn take(&mut self, one: Tallied) {
        let (records, removed) = (one.records, one.removed);
        let counts = Removed { records, removed };
        self.told.insert((Reverse(removed), one.label), counts);
        if self.told.len() > VALUES
            && let Some((_, counts)) = self.told.pop_last()
        {
            self.by_field.other_values += 1;
            self.by_field.others.add(counts.records, counts.removed);
        }
    }

    fn finish(self) -> ByField {
        let values = self.told.into_iter().map(|((_, label), counts)| OfValue {
            value: (!label.is_empty()).then(|| String::from_utf8_lossy(&label).into_owned()),
            counts,
        });
        ByField {
            values: values.collect(),
            ..self.by_field
        }
    }
}

/// The names of a few records.
fn names_of(
    names: &Names<'_, '_>,
    mut ordinals: Vec<u64>,
) -> Result<BTreeMap<u64, NamedRecord>, Nameless> {
    ordinals.sort_unstable();
    ordinals.dedup();
    let mut told = BTreeMap::new();
    let mut first = 0;
    for (partition, reader) in names.readers.iter().enumerate() {
        let wanted = |ordinal: u64| ordinals.binary_search(&ordinal).is_ok();
        let end = first + reader.rows();
        let has_any = ordinals
            .iter()
            .any(|ordinal| (first..end).contains(ordinal));
        if has_any {
            let mut bytes = Vec::new();
            names.each_of(partition, |row, named| {
                if wanted(first + row) {
                    bytes.clear();
                    named.write(&mut bytes);
                    let name = RecordName::read(&bytes).map(RecordName::named);
                    told.extend(name.map(|name| (first + row, name)));
                }
                Ok(())
            })?;
        }
        first = end;
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_which_most_was_removed_are_told_and_the_rest_is_counted() {
        let mut told = MostRemoved::new("source");
        for at in 0..VALUES as u64 + 20 {
            told.take(Tallied {
                label: at.to_string().into_bytes(),
                records: 100,
                removed: at,
            });
        }
        let by_field = told.finish();
        assert_eq!(by_field.values.len(), VALUES);
        assert_eq!(by_field.values[0].value.as_deref(), Some("69"));
        assert_eq!(by_field.other_values, 20);
        let (records, removed) = (2000, (0..20).sum());
        assert_eq!(by_field.others, Removed { records, removed });
    }
}
