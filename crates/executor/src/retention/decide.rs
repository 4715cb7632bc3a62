//! Which files of a job its recipe's retention asks to go. Pure: over the job's state and listings of its stores.

use std::collections::HashSet;

use coldpress_config::{RetentionPolicy, StorageSettings};
use coldpress_job::{
    BarrierResolved, CheckpointEntry, JobState, JournalRecord, Publication, Status,
};
use coldpress_operator::ChainHash;
use coldpress_storage::{AttemptName, ObjectKey, ObjectRef};

use super::surplus::{StoredFile, surplus};

/// Files in one record of the journal: some 70 bytes each, far below what a line of the log may hold.
const FILES_PER_RECORD: usize = 4096;

/// A file of the job that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobFile {
    pub(crate) key: ObjectKey,
    /// Its length in bytes.
    pub(crate) bytes: u64,
}

impl JobFile {
    /// A file that the journal cites.
    pub(crate) fn cited(file: &ObjectRef) -> Self {
        Self {
            key: file.key.clone(),
            bytes: file.length(),
        }
    }
}

/// Whether the job has exported what it could, so that no resume needs what is left, but for failed partitions.
pub(crate) fn is_over(state: &JobState) -> bool {
    let status = state.finished().map(|finish| finish.status);
    let ended = matches!(
        status,
        Some(Status::Completed | Status::CompletedWithFailures)
    );
    ended && state.export().intent.is_none() && state.export().committed.is_some()
}

/// What goes of a job whose export is committed. `is_old`: it is over for longer than its recipe keeps it. `intermediate`
/// are the files of that place: they are for people, so that nobody cites them.
pub(crate) fn of_exported(
    state: &JobState,
    storage: &StorageSettings,
    is_old: bool,
    intermediate: &[JobFile],
) -> Vec<JobFile> {
    let goes = |partition: u32| {
        let is_failed = state.failure(partition).is_some();
        match storage.retention_policy {
            RetentionPolicy::KeepAll if is_failed || !storage.cleanup_on_success => Goes::Nothing,
            RetentionPolicy::KeepAll => Goes::Way,
            RetentionPolicy::KeepFailedOnly if is_failed && !is_old => Goes::Nothing,
            RetentionPolicy::KeepFailedOnly | RetentionPolicy::CleanupAll => Goes::All,
        }
    };
    let goes: Vec<Goes> = (0..state.partition_count()).map(goes).collect();
    let of = |partition: u32| goes.get(partition as usize).copied();
    let ways = (0..state.partition_count()).filter(|partition| of(*partition) >= Some(Goes::Way));
    let results = state.publications();
    let results = results.filter(|result| of(result.partition) == Some(Goes::All));
    // A decision is about all partitions.
    let decisions = state.barriers().iter();
    let decisions = decisions.filter(|_| goes.iter().all(|goes| *goes == Goes::All));
    let cited = ways
        .flat_map(|partition| way(state, partition))
        .chain(results.flat_map(result_files))
        .chain(decisions.flat_map(BarrierResolved::all_files))
        .filter(|file| !state.is_forgotten(&file.key))
        .map(JobFile::cited);
    let shown = intermediate
        .iter()
        .filter(|file| partition_of(file).and_then(of) >= Some(Goes::Way));
    let mut known = HashSet::new();
    cited
        .chain(shown.cloned())
        .filter(|file| known.insert(file.key.clone()))
        .collect()
}

/// How much goes of a partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goes {
    Nothing,
    /// What leads to the result.
    Way,
    /// The result too.
    All,
}

/// The copy of the input and the checkpoints: what leads to the result.
fn way(state: &JobState, partition: u32) -> impl Iterator<Item = &ObjectRef> {
    let planned = state.partition(partition);
    let copy = planned.and_then(|planned| planned.slice.copy.as_deref());
    let checkpoints = state.checkpoints(partition);
    copy.into_iter()
        .chain(checkpoints.flat_map(CheckpointEntry::files))
}

fn result_files(result: &Publication) -> impl Iterator<Item = &ObjectRef> {
    let dropped = result.dropped.iter().flatten().map(|entry| &entry.file);
    let signatures = result.signatures.iter().map(|entry| &entry.file);
    let rows = [&result.rows, &result.index].into_iter();
    let traced = result.trace.iter().flat_map(|trace| trace.files());
    rows.chain(signatures).chain(dropped).chain(traced)
}

/// The partition that a file of intermediate data is of. Earlier releases kept them in a folder per partition.
fn partition_of(file: &JobFile) -> Option<u32> {
    let name = file.key.name.as_str();
    let Some((folder, name)) = name.split_once('/') else {
        let name: AttemptName = name.parse().ok()?;
        return Some(name.partition());
    };
    let is_ours = name.starts_with("op_") || name.starts_with(".op_");
    let number = folder.strip_prefix("partition_").filter(|_| is_ours)?;
    number.parse().ok()
}

/// Checkpoint files of a partition beyond the `most` newest that this chain of operators could go on from.
///
/// Those that hold what an external operator gave neither go nor count: nothing else can give it again.
///
/// `is_good` looks at a file; it is asked about the newest ones, until one is good, and only if there are too many.
pub(crate) fn beyond(
    state: &JobState,
    chain: &[ChainHash],
    partition: u32,
    most: u32,
    mut is_good: impl FnMut(&ObjectRef) -> bool,
) -> Vec<JobFile> {
    let mut files: Vec<(&ObjectRef, StoredFile<&ObjectKey>)> = Vec::new();
    let external = state.recipe().map_or(&[][..], |recipe| &recipe.external);
    let mut kept: HashSet<&ObjectKey> = HashSet::new();
    for entry in state.checkpoints(partition) {
        let fits = chain.get(entry.operation as usize) == Some(&entry.chain);
        if fits && external.contains(&entry.operation) {
            kept.insert(&entry.file.key);
        }
        let known = files
            .iter_mut()
            .find(|(file, _)| file.key == entry.file.key);
        match known {
            Some((_, file)) => file.counts |= fits,
            None => files.push((
                &entry.file,
                StoredFile {
                    name: &entry.file.key,
                    bases: entry.base.iter().map(|base| &base.key).collect(),
                    counts: fits,
                },
            )),
        }
    }
    for (cited, file) in &mut files {
        file.counts &= !kept.contains(&cited.key);
    }
    let counted = files.iter().filter(|(_, file)| file.counts).count();
    if counted <= most as usize {
        return Vec::new();
    }
    for (cited, file) in files.iter_mut().filter(|(_, file)| file.counts) {
        file.counts = is_good(cited);
        if file.counts {
            break;
        }
    }
    let stored: Vec<StoredFile<&ObjectKey>> = files.iter().map(|(_, file)| file.clone()).collect();
    let goes: HashSet<&ObjectKey> = surplus(&stored, most).into_iter().collect();
    let goes = files.iter().filter(|(cited, _)| goes.contains(&cited.key));
    goes.map(|(cited, _)| JobFile::cited(cited)).collect()
}

/// Files that may be deleted, as the journal says, and that a crash may have left: results, checkpoints, copies.
pub(crate) fn forgotten(state: &JobState) -> Vec<JobFile> {
    let mut known = HashSet::new();
    state
        .all_files()
        .filter(|file| state.is_forgotten(&file.key) && known.insert(&file.key))
        .map(JobFile::cited)
        .collect()
}

/// The records by which nothing counts on these files any more.
pub(crate) fn forgetting(files: &[JobFile]) -> impl Iterator<Item = JournalRecord> {
    files.chunks(FILES_PER_RECORD).map(|part| {
        let files = part.iter().map(|file| file.key.clone()).collect();
        JournalRecord::Forgotten { files }
    })
}

/// The key that asks for checkpoints to go.
pub(crate) fn why_beyond(most: u32) -> String {
    format!("more than `checkpoint.max_checkpoints_per_partition`, {most}")
}

/// The keys that ask for what goes when the export is committed.
pub(crate) fn why_finished(storage: &StorageSettings) -> String {
    match storage.retention_policy {
        RetentionPolicy::KeepAll => "`intermediate_storage.cleanup_on_success`".to_owned(),
        policy => format!("`intermediate_storage.retention_policy: {policy}`"),
    }
}
