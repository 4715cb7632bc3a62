//! What of a job's files its recipe's retention asks to go. Pure, but for sizes of files that nobody cites.

use std::collections::HashSet;
use std::fs;

use coldpress_checkpoint::{ObjectName, StoredFile, surplus};
use coldpress_config::{RetentionPolicy, StorageSettings};
use coldpress_job::{CheckpointEntry, JobState, Layout, Status};
use coldpress_operator::ChainHash;
use coldpress_storage::FileRef;

/// A file that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doomed {
    /// As the journal cites it.
    pub(crate) cited: String,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// Its name in the checkpoint store; none of a file of the job's folders.
    pub(crate) object: Option<ObjectName>,
}

impl Doomed {
    /// A file that the journal cites. Names of checkpoints have no folder, all other files have one.
    pub(crate) fn cited(file: &FileRef) -> Self {
        let object = match file.path.contains('/') {
            true => None,
            false => ObjectName::new(file.path.clone()).ok(),
        };
        Self {
            cited: file.path.clone(),
            bytes: file.length,
            object,
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

/// What goes of a job whose export is committed. `is_old`: it is over for longer than its recipe keeps it.
pub(crate) fn of_exported(
    state: &JobState,
    layout: &Layout,
    storage: &StorageSettings,
    is_old: bool,
) -> Vec<Doomed> {
    let mut doomed = Vec::new();
    for partition in 0..state.partition_count() {
        let is_failed = state.failure(partition).is_some();
        match storage.retention_policy {
            RetentionPolicy::KeepAll if is_failed || !storage.cleanup_on_success => {}
            RetentionPolicy::KeepAll => add_way(state, layout, partition, &mut doomed),
            RetentionPolicy::KeepFailedOnly if is_failed && !is_old => {}
            RetentionPolicy::KeepFailedOnly | RetentionPolicy::CleanupAll => {
                add_way(state, layout, partition, &mut doomed);
                add_results(state, partition, &mut doomed);
            }
        }
    }
    let mut known = HashSet::new();
    doomed.retain(|file: &Doomed| known.insert(file.cited.clone()));
    doomed
}

/// Copies of the input, intermediate data and checkpoints: what leads to the result.
fn add_way(state: &JobState, layout: &Layout, partition: u32, doomed: &mut Vec<Doomed>) {
    let kept = |file: &&FileRef| !state.is_forgotten(&file.path);
    let planned = state.partition(partition);
    let copy = planned.and_then(|planned| planned.slice.copy.as_ref());
    let checkpoints = state
        .checkpoints(partition)
        .flat_map(CheckpointEntry::files);
    let files = copy.into_iter().chain(checkpoints).filter(kept);
    doomed.extend(files.map(Doomed::cited));
    add_intermediate(layout, partition, doomed);
}

fn add_results(state: &JobState, partition: u32, doomed: &mut Vec<Doomed>) {
    let kept = |file: &&FileRef| !state.is_forgotten(&file.path);
    let results = state.publications();
    let results = results.filter(|result| result.partition == partition);
    let files = results.flat_map(|result| {
        let dropped = result.dropped.iter().flatten().map(|entry| &entry.file);
        [&result.rows, &result.index].into_iter().chain(dropped)
    });
    doomed.extend(files.filter(kept).map(Doomed::cited));
}

/// Intermediate data is for people, so that nobody cites it; it is found by its names.
fn add_intermediate(layout: &Layout, partition: u32, doomed: &mut Vec<Doomed>) {
    let folder = layout
        .intermediate_dir()
        .join(format!("partition_{partition:06}"));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("op_") || name.starts_with(".op_"));
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if let Ok(cited) = layout.cite(&entry.path())
            && is_ours
            && metadata.is_file()
        {
            doomed.push(Doomed {
                cited,
                bytes: metadata.len(),
                object: None,
            });
        }
    }
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
    mut is_good: impl FnMut(&FileRef) -> bool,
) -> Vec<Doomed> {
    let mut files: Vec<(&FileRef, StoredFile<'_>)> = Vec::new();
    let external = state.recipe().map_or(&[][..], |recipe| &recipe.external);
    let mut kept: HashSet<&str> = HashSet::new();
    for entry in state.checkpoints(partition) {
        let fits = chain.get(entry.operation as usize) == Some(&entry.chain);
        if fits && external.contains(&entry.operation) {
            kept.insert(&entry.file.path);
        }
        let known = files
            .iter_mut()
            .find(|(file, _)| file.path == entry.file.path);
        match known {
            Some((_, file)) => file.counts |= fits,
            None => files.push((
                &entry.file,
                StoredFile {
                    name: &entry.file.path,
                    bases: entry.base.iter().map(|base| base.path.as_str()).collect(),
                    counts: fits,
                },
            )),
        }
    }
    for (cited, file) in &mut files {
        file.counts &= !kept.contains(cited.path.as_str());
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
    let stored: Vec<StoredFile<'_>> = files.iter().map(|(_, file)| file.clone()).collect();
    let goes: HashSet<&str> = surplus(&stored, most).into_iter().collect();
    let goes = files
        .iter()
        .filter(|(cited, _)| goes.contains(cited.path.as_str()));
    goes.map(|(cited, _)| Doomed::cited(cited)).collect()
}

/// Files that may be deleted, as the journal says, and that a crash may have left: results, checkpoints, copies.
pub(crate) fn forgotten(state: &JobState) -> Vec<Doomed> {
    let copies = state
        .partitions()
        .filter_map(|partition| partition.slice.copy.as_ref());
    let cited = state.cited_files().chain(copies);
    let mut known = HashSet::new();
    cited
        .filter(|file| state.is_forgotten(&file.path) && known.insert(&file.path))
        .map(Doomed::cited)
        .collect()
}
