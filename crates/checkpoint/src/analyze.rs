//! The size of checkpoint files, and the savings of their format.

use std::collections::{BTreeMap, HashSet};

use coldpress_storage::Digest;
use serde::Serialize;

use crate::container::ContainerReader;
use crate::{Description, Error, ObjectKind, Result, describe};
use coldpress_storage::{ObjectName, ObjectStore};

/// The size of the checkpoint files of a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Analysis {
    /// The total of all files.
    pub total: Share,
    /// By file format.
    pub formats: BTreeMap<String, Share>,
    /// By the operator after which they were written.
    pub operators: BTreeMap<String, Share>,
    /// By partition.
    pub partitions: BTreeMap<u32, Share>,
    /// By content: `delta`, `full`, `index`, `table`.
    pub kinds: BTreeMap<String, Share>,
    /// Content that another file holds too.
    pub repeated: Repeated,
    /// Files that cannot be read as checkpoints, with the reasons.
    pub unreadable: BTreeMap<String, String>,
}

/// The size of some checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// The number of files. One that holds several checkpoints counts for each operator of which it has one.
    pub files: u64,
    /// The number of checkpoints.
    pub checkpoints: u64,
    /// The total number of rows after the operators.
    pub rows: u64,
    /// The bytes on disk.
    pub stored_bytes: u64,
    /// The bytes before compression.
    pub plain_bytes: u64,
    /// The bytes that compression saves; negative if the format costs more than it saves.
    pub saved_bytes: i64,
    /// The savings in percent of the plain bytes.
    pub saved_percent: f64,
}

/// Content that exists more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// The number of files that hold the same checkpoint as another one, in this or another format.
    pub files: u64,
    /// The number of groups of rows, in other files, that are identical to an earlier one.
    pub groups: u64,
    /// The bytes on disk of these files and groups.
    pub stored_bytes: u64,
}

/// Sums the sizes of the checkpoint files of a store. Their rows are not read.
///
/// Objects whose names do not end like those of checkpoints are skipped.
///
/// # Errors
/// [`Error::Storage`] when the store cannot be listed or read. A file that isn't a checkpoint is not an error.
pub fn analyze(store: &dyn ObjectStore) -> Result<Analysis> {
    let mut found = Analysis::default();
    let mut seen = Seen::default();
    for object in store.list("")? {
        if !is_checkpoint_name(&object.name) {
            continue;
        }
        match found.add_object(store, &object.name, &mut seen) {
            Ok(()) => {}
            Err(error) if error.is_unusable() => {
                found
                    .unreadable
                    .insert(object.name.to_string(), error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    found.total.finish();
    let shares = found.formats.values_mut().chain(found.kinds.values_mut());
    let shares = shares.chain(found.operators.values_mut());
    shares
        .chain(found.partitions.values_mut())
        .for_each(Share::finish);
    Ok(found)
}

/// Returns whether the name of an object ends like those of checkpoint files.
#[must_use]
pub fn is_checkpoint_name(name: &ObjectName) -> bool {
    let suffixes = [".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".jsonl.zst"];
    suffixes
        .iter()
        .any(|suffix| name.as_str().ends_with(suffix))
}

#[derive(Default)]
struct Seen {
    manifests: HashSet<Digest>,
    groups: HashSet<Digest>,
}

impl Analysis {
    fn add_object(
        &mut self,
        store: &dyn ObjectStore,
        name: &ObjectName,
        seen: &mut Seen,
    ) -> Result<(), Error> {
        let description = describe(store, name)?;
        let container = ContainerReader::open_unverified(store.get(name)?)?;
        self.add_repeated(&container, seen);
        self.add(&description);
        Ok(())
    }

    fn add_repeated(&mut self, container: &ContainerReader, seen: &mut Seen) {
        let manifest = Digest::of(container.manifest_json().as_bytes());
        if !seen.manifests.insert(manifest) {
            self.repeated.files += 1;
            self.repeated.stored_bytes += container.stored_bytes();
            return;
        }
        // The groups of one file are compared with others only afterwards, because repeats within a file do not count.
        let groups = container.groups().iter().filter(|group| group.rows > 0);
        let digests = groups.filter_map(|group| Some((group.digest?, group.stored_bytes)));
        let digests: Vec<_> = digests.collect();
        for (_, bytes) in digests
            .iter()
            .filter(|(digest, _)| seen.groups.contains(digest))
        {
            self.repeated.groups += 1;
            self.repeated.stored_bytes += bytes;
        }
        seen.groups
            .extend(digests.into_iter().map(|(digest, _)| digest));
    }

    fn add(&mut self, file: &Description) {
        let whole = file
            .sections
            .iter()
            .fold(Share::default(), |sum, section| Share {
                checkpoints: sum.checkpoints + 1,
                rows: sum.rows.saturating_add(section.rows),
                plain_bytes: sum.plain_bytes.saturating_add(section.plain_bytes),
                ..sum
            });
        let whole = Share {
            files: 1,
            // This includes the overhead of the format itself.
            stored_bytes: file.stored_bytes,
            ..whole
        };
        let kind = match file.kind {
            ObjectKind::Delta => "delta",
            ObjectKind::Full => "full",
            ObjectKind::Index => "index",
            ObjectKind::Table => "table",
        };
        self.total.add(&whole);
        let formats = self.formats.entry(file.format.to_string());
        formats.or_default().add(&whole);
        self.kinds.entry(kind.to_owned()).or_default().add(&whole);
        self.partitions
            .entry(file.partition)
            .or_default()
            .add(&whole);
        for section in &file.sections {
            let operator = section.operator.clone().unwrap_or_default();
            let share = Share {
                files: 1,
                checkpoints: 1,
                rows: section.rows,
                stored_bytes: section.stored_bytes,
                plain_bytes: section.plain_bytes,
                ..Share::default()
            };
            self.operators.entry(operator).or_default().add(&share);
        }
    }
}

impl Share {
    /// Returns the sum of some shares.
    #[must_use]
    pub fn sum<'a>(shares: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        shares.into_iter().for_each(|share| sum.add(share));
        sum.finish();
        sum
    }

    fn add(&mut self, more: &Self) {
        self.files += more.files;
        self.checkpoints += more.checkpoints;
        self.rows = self.rows.saturating_add(more.rows);
        self.stored_bytes = self.stored_bytes.saturating_add(more.stored_bytes);
        self.plain_bytes = self.plain_bytes.saturating_add(more.plain_bytes);
    }

    fn finish(&mut self) {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.saved_bytes = signed(self.plain_bytes) - signed(self.stored_bytes);
        if self.plain_bytes > 0 {
            self.saved_percent = 100.0 * self.saved_bytes as f64 / self.plain_bytes as f64;
        }
    }
}

#[cfg(test)]
mod tests;
