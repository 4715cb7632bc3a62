//! What deduplicators removed, in the report of a run.

use std::collections::HashMap;
use std::fmt;

use coldpress_job::{ClustersOfSize, Removed};
use serde::Serialize;

/// What a deduplicator removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deduplication {
    /// Its place in the recipe, from 0.
    pub index: u32,
    /// Its name.
    pub operator: String,
    /// Records that came to it.
    pub records: u64,
    /// Records that it removed.
    pub removed: u64,
    /// What was removed by input file, the most first.
    pub by_file: Vec<RemovedFrom>,
    /// The field whose values are counted, where the recipe names one.
    pub field: Option<String>,
    /// What was removed by the values of that field, the most first.
    pub by_field: Vec<RemovedFrom>,
    /// What was removed of further values.
    pub other_values: Option<OtherSources>,
    /// The clusters by their sizes.
    pub clusters: Vec<ClustersOfSize>,
    /// The largest clusters.
    pub largest: Vec<DuplicateCluster>,
}

/// What was removed of the records of a file, or of those with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovedFrom {
    /// The file, or the value.
    pub source: String,
    /// Its records; those of a file that is read several times are as many for each reading.
    pub records: u64,
    /// Those that were removed.
    pub removed: u64,
    /// The records of one reading of a file, the longest one.
    #[serde(skip)]
    pub of_one_reading: u64,
}

impl RemovedFrom {
    /// Adds what was removed of another reading of the file.
    pub(crate) fn add_reading(&mut self, counts: Removed) {
        self.records += counts.records;
        self.removed += counts.removed;
        self.of_one_reading = self.of_one_reading.max(counts.records);
    }
}

/// What was removed of values that are not told one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OtherSources {
    /// How many values there are.
    pub values: u64,
    /// Their records.
    pub records: u64,
    /// Those that were removed.
    pub removed: u64,
}

/// A cluster of duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DuplicateCluster {
    /// Its records, the kept one included.
    pub records: u64,
    /// The record that is kept.
    pub kept: RecordPlace,
    /// Some of those that were removed.
    pub removed: Vec<RecordPlace>,
}

/// A record, so that people find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordPlace {
    /// Its file.
    pub source: String,
    /// Its place there: a byte of the file's text, or a row.
    pub position: u64,
    /// The same for people, as `byte 40` or `row 3`.
    pub place: String,
    /// Its id, where it is known.
    pub id: Option<String>,
}

/// A source of which deduplicators removed nearly all: more than 95 % of 30 records or more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The field whose value it is; none for a file.
    pub field: Option<String>,
    /// The file, or the value.
    pub source: String,
    /// The records that came to the first deduplicator.
    pub records: u64,
    /// Those that were removed by all deduplicators together.
    pub removed: u64,
}

impl Loss {
    /// Returns whether another one is that of the same source.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.field, &self.source) == (&other.field, &other.source)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            records, removed, ..
        } = self;
        write!(f, "deduplication removes {removed} of {records} records ")?;
        match &self.field {
            None => write!(f, "of `{}`", self.source)?,
            Some(field) => write!(f, "whose `{field}` is `{}`", self.source)?,
        }
        f.write_str(": look at what is removed before you trust it")
    }
}

/// Returns the sources of which these deduplicators, in the order of the recipe, removed nearly all. The repeats of a file that
/// is read several times are there on purpose, so it is judged as if it were read once.
#[must_use]
pub fn losses(deduplication: &[Deduplication]) -> Vec<Loss> {
    // A dataset may have very many files.
    let mut places: HashMap<(Option<String>, String), usize> = HashMap::new();
    let mut sources: Vec<(Loss, u64)> = Vec::new();
    for of in deduplication {
        let files = of.by_file.iter().map(|one| (None, one));
        let values = of.by_field.iter().map(|one| (of.field.clone(), one));
        for (field, one) in files.chain(values) {
            let source = one.source.clone();
            let place = places.entry((field.clone(), source.clone()));
            let place = *place.or_insert(sources.len());
            if place == sources.len() {
                let loss = Loss {
                    field,
                    source,
                    records: one.records,
                    removed: 0,
                };
                sources.push((loss, one.of_one_reading));
            }
            sources[place].0.removed += one.removed;
        }
    }
    let lost = sources.into_iter().filter(|(loss, records)| {
        let (records, left) = (*records, loss.records.saturating_sub(loss.removed));
        let removed = records.saturating_sub(left);
        Removed { records, removed }.is_nearly_all()
    });
    lost.map(|(loss, _)| loss).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deduplication(files: &[(&str, u64, u64)]) -> Deduplication {
        let of_file = |(source, records, removed): &(&str, u64, u64)| RemovedFrom {
            source: (*source).to_owned(),
            records: *records,
            removed: *removed,
            of_one_reading: *records,
        };
        Deduplication {
            by_file: files.iter().map(of_file).collect(),
            ..Deduplication::default()
        }
    }

    #[test]
    fn what_several_deduplicators_remove_together_counts() {
        let first = deduplication(&[("a", 100, 50), ("b", 100, 50), ("c", 29, 29)]);
        let second = deduplication(&[("a", 50, 46), ("b", 50, 45)]);
        assert_eq!(losses(std::slice::from_ref(&first)), []);
        let both = losses(&[first, second]);
        assert_eq!(both.len(), 1);
        assert_eq!(
            both[0].to_string(),
            "deduplication removes 96 of 100 records of `a`: look at what is removed before you trust it"
        );
    }
}
