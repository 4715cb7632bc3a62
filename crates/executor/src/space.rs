//! Disk space: about how much a job writes where, and how much is free there.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use coldpress_config::Location;
use coldpress_dataset::Source;
use coldpress_operator::SignatureForm;
use coldpress_partition::Copying;
use coldpress_storage::one_spelling;
use serde::Serialize;

use crate::prepare::Prepared;
use crate::remote::bucket_of;

/// What is written, in bytes, as if no operator dropped or shortened anything and before compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiskEstimate {
    /// Results of the partitions in each stage, in the job's folder.
    pub results: u64,
    /// Signatures of the records, by which operators decide about the whole dataset, in the job's folder.
    pub signatures: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Lists of the records that deduplicators remove: one in the job's folder, and one beside the export.
    pub duplicates: u64,
    /// Copies of slices of the input that cannot be sought.
    pub copies: u64,
    /// The output.
    pub export: u64,
}

impl DiskEstimate {
    /// What a job writes whose input has `decoded_bytes` once it is unpacked, of which `copied_bytes` are copied while it is
    /// cut, and which has so many checkpoints of each partition.
    #[must_use]
    pub fn new(decoded_bytes: u64, copied_bytes: u64, checkpoints: u64) -> Self {
        Self {
            results: decoded_bytes,
            signatures: 0,
            checkpoints: decoded_bytes.saturating_mul(checkpoints),
            duplicates: 0,
            copies: copied_bytes.min(decoded_bytes),
            export: decoded_bytes,
        }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        let parts = [
            self.results,
            self.signatures,
            self.checkpoints,
            self.duplicates,
            self.copies,
            self.export,
        ];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// A disk that a job writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskSpace {
    /// The job's folders that lie on it.
    pub folders: Vec<PathBuf>,
    /// What is free there, in bytes.
    pub free_bytes: u64,
    /// About what the job writes there, in bytes.
    pub needed_bytes: u64,
}

/// The estimated size of the files that a job writes to one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreSpace {
    /// The URL of the bucket.
    pub url: String,
    /// About what the job writes there, in bytes.
    pub needed_bytes: u64,
}

impl DiskSpace {
    /// `the disk of X`, with all folders that are meant.
    #[must_use]
    pub fn name(&self) -> String {
        let folders = self.folders.iter();
        let folders: Vec<String> = folders
            .map(|folder| format!("`{}`", folder.display()))
            .collect();
        format!("the disk of {}", folders.join(" and "))
    }
}

impl Prepared {
    /// The disks that a job of this recipe writes to, and about how much to each. One that does not say what is free is
    /// left out. Nothing is made.
    #[must_use]
    pub fn disks(&self, need: &DiskEstimate) -> Vec<DiskSpace> {
        let written = self.written(need);
        let measured = written.into_iter().filter_map(|(place, needed_bytes)| {
            // Files at URLs take no disk.
            let folder = PathBuf::from(Location::of(&place).path()?);
            let (device, free_bytes) = measure(&folder)?;
            Some(Measured {
                folder,
                needed_bytes,
                device,
                free_bytes,
            })
        });
        by_device(measured)
    }

    /// Returns the buckets that a job of this recipe writes to, with the estimated bytes for each.
    #[must_use]
    pub fn stores(&self, need: &DiskEstimate) -> Vec<StoreSpace> {
        let mut stores: Vec<StoreSpace> = Vec::new();
        for (place, needed_bytes) in self.written(need) {
            let Some(url) = Location::of(&place).url().map(one_spelling) else {
                continue;
            };
            let url = bucket_of(&url).to_owned();
            match stores.iter_mut().find(|store| store.url == url) {
                Some(store) => store.needed_bytes = store.needed_bytes.saturating_add(needed_bytes),
                None => stores.push(StoreSpace { url, needed_bytes }),
            }
        }
        stores.retain(|store| store.needed_bytes > 0);
        stores
    }

    /// Returns the folders and URLs that are written to, and the bytes for each.
    fn written(&self, need: &DiskEstimate) -> [(String, u64); 5] {
        let paths = &self.recipe.paths;
        let or_work_dir = |dir: &Option<String>| dir.as_ref().unwrap_or(&paths.work_dir).clone();
        let list = need.duplicates / 2;
        let in_job = [need.results, need.signatures, list];
        let in_job = in_job.into_iter().fold(0, u64::saturating_add);
        let beside = self.recipe.export.duplicates_path.as_deref();
        let beside = beside.map_or_else(|| paths.work_dir.clone(), folder_of);
        let export = self.outputs.export();
        let export = match export.folder() {
            Some(folder) => folder.display().to_string(),
            None => folder_of(&export.place().to_string()),
        };
        [
            (paths.work_dir.clone(), in_job),
            (beside, list),
            (or_work_dir(&paths.checkpoint_dir), need.checkpoints),
            (or_work_dir(&paths.partition_dir), need.copies),
            (export, need.export),
        ]
    }

    /// What a job of this recipe writes whose input has so many records and bytes once it is unpacked, of which
    /// `copied_bytes` are copied while it is cut.
    #[must_use]
    pub fn disk_need(&self, records: u64, decoded_bytes: u64, copied_bytes: u64) -> DiskEstimate {
        let points = self.checkpoints.len() as u64;
        let stages = self.pipeline.stages().len() as u64 + self.placed_copies();
        let operators = self.pipeline.operators().iter().enumerate();
        let signatures = operators.filter_map(|(place, operator)| {
            let signed = signed_bytes(operator.barrier()?.form, records, decoded_bytes);
            let labels = self.pipeline.labels_of(place).len() as u64;
            let labels = records.saturating_mul(labels * (4 + LABEL_BYTES));
            Some(signed.saturating_add(labels))
        });
        DiskEstimate {
            results: decoded_bytes.saturating_mul(stages),
            signatures: signatures.fold(0, u64::saturating_add),
            // A record is removed once, by whichever deduplicator.
            duplicates: match self.lists_duplicates() {
                true => records.saturating_mul(2 * LISTED_BYTES),
                false => 0,
            },
            ..DiskEstimate::new(decoded_bytes, copied_bytes, points)
        }
    }

    /// How many copies of the dataset lie in the job's folder where operators place records: the placed rows, unless they are
    /// the results of the last stage, and what is sorted in the meantime.
    fn placed_copies(&self) -> u64 {
        let barriers = self.pipeline.barriers();
        let last = self.pipeline.len() as u32;
        let moves = |place: &&u32| {
            let operator = &self.pipeline.operators()[**place as usize];
            operator
                .barrier()
                .is_some_and(|barrier| barrier.rule.moves_records())
        };
        let moves: Vec<&u32> = barriers.iter().filter(moves).collect();
        let placed = moves.iter().filter(|place| **place + 1 < last).count() as u64;
        placed + u64::from(!moves.is_empty())
    }

    /// Whether slices of this source are copied while it is cut.
    #[must_use]
    pub fn is_copied(&self, source: &Source) -> bool {
        let is_sought =
            source.is_addressable() || source.is_columnar() || source.can_resume_inside();
        match self.cut.copying {
            Copying::Auto => !is_sought,
            Copying::Always => !source.is_columnar(),
            Copying::Never => false,
        }
    }
}

/// A line of text has about so many bytes, where nobody has counted.
const LINE_BYTES: u64 = 64;

/// A label, such as a record's id or the name of its source, has about so many bytes.
const LABEL_BYTES: u64 = 32;

/// An entry of a list of duplicates has about so many bytes: where two records came from, and their ids.
const LISTED_BYTES: u64 = 64 + 2 * LABEL_BYTES;

/// About how many bytes the signatures of so many records take, which have so many bytes together.
fn signed_bytes(form: SignatureForm, records: u64, decoded_bytes: u64) -> u64 {
    let digests = match form {
        SignatureForm::Keys(columns) => return records.saturating_mul(8 * u64::from(columns)),
        // A set has about as many bytes as its text: four for a shingle, of which there are as many as tokens.
        SignatureForm::KeysAndSet(columns) => {
            let keys = records.saturating_mul(8 * u64::from(columns) + 8);
            return keys.saturating_add(decoded_bytes);
        }
        SignatureForm::Digests => decoded_bytes / LINE_BYTES,
        // A value is a field of the record, such as a date or a name.
        SignatureForm::Digest | SignatureForm::Value => records,
    };
    digests.saturating_mul(16)
}

/// Returns the folder of a path or a URL.
fn folder_of(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}

/// A folder with what was found out about its disk.
struct Measured {
    folder: PathBuf,
    needed_bytes: u64,
    device: u64,
    free_bytes: u64,
}

/// Puts folders of one device together, in the order of their first folders.
fn by_device(measured: impl Iterator<Item = Measured>) -> Vec<DiskSpace> {
    let mut disks: Vec<(u64, DiskSpace)> = Vec::new();
    for one in measured {
        match disks.iter_mut().find(|(device, _)| *device == one.device) {
            Some((_, disk)) => {
                disk.needed_bytes = disk.needed_bytes.saturating_add(one.needed_bytes);
                if !disk.folders.contains(&one.folder) {
                    disk.folders.push(one.folder);
                }
            }
            None => disks.push((
                one.device,
                DiskSpace {
                    folders: vec![one.folder],
                    free_bytes: one.free_bytes,
                    needed_bytes: one.needed_bytes,
                },
            )),
        }
    }
    disks.into_iter().map(|(_, disk)| disk).collect()
}

/// The device that a folder is on, or will be on once it is made, and what is free there for this user.
fn measure(folder: &Path) -> Option<(u64, u64)> {
    let mut above = folder.ancestors().map(|folder| match folder {
        bare if bare.as_os_str().is_empty() => Path::new("."),
        named => named,
    });
    let (there, metadata) = above.find_map(|folder| Some((folder, folder.metadata().ok()?)))?;
    let space = rustix::fs::statvfs(there).ok()?;
    // A file system that counts no blocks says nothing of its size.
    let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
    (space.f_blocks > 0).then_some((metadata.dev(), free_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_depends_on_the_input_and_the_checkpoints() {
        let estimate = |decoded, copied, checkpoints| {
            let made = DiskEstimate::new(decoded, copied, checkpoints);
            (made.results, made.checkpoints, made.copies, made.export)
        };
        assert_eq!(estimate(100, 0, 0), (100, 0, 0, 100));
        assert_eq!(estimate(100, 30, 3), (100, 300, 30, 100));
        assert_eq!(estimate(100, 101, 1), (100, 100, 100, 100));
        assert_eq!(DiskEstimate::new(100, 30, 3).total(), 530);
        assert_eq!(DiskEstimate::new(u64::MAX, 0, 2).total(), u64::MAX);
    }

    #[test]
    fn signatures_have_a_size_for_each_record() {
        for (form, bytes) in [
            (SignatureForm::Digest, 16_000),
            (SignatureForm::Keys(2), 16_000),
            (SignatureForm::Keys(10), 80_000),
            (SignatureForm::KeysAndSet(10), 88_000 + 64_000),
            (SignatureForm::Digests, 16_000),
        ] {
            assert_eq!(signed_bytes(form, 1_000, 64_000), bytes, "{form:?}");
        }
    }

    #[test]
    fn folders_of_a_device_are_one_disk() {
        let measured = [("a", 1, 7), ("a", 2, 7), ("b", 4, 8), ("c", 8, 7)];
        let measured = measured.map(|(folder, needed_bytes, device)| Measured {
            folder: folder.into(),
            needed_bytes,
            device,
            free_bytes: 1000 + device,
        });
        let disks = by_device(measured.into_iter());
        let told: Vec<_> = disks
            .iter()
            .map(|disk| (disk.name(), disk.needed_bytes, disk.free_bytes))
            .collect();
        assert_eq!(
            told,
            [
                ("the disk of `a` and `c`".to_owned(), 11, 1007),
                ("the disk of `b`".to_owned(), 4, 1008)
            ]
        );
    }

    #[test]
    fn a_folder_that_is_to_be_made_is_on_the_disk_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let (device, free) = measure(folder.path()).unwrap();
        assert!(free > 0);
        let inside = measure(&folder.path().join("not/there")).unwrap();
        assert_eq!(inside.0, device);
        assert!(measure(Path::new("not_there")).is_some());
    }
}
