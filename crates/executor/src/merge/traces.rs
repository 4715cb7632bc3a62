//! Writing the traces: of the samples of all partitions those records that are in the sample of the dataset.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread::JoinHandle;

use coldpress_export::{Staged, staged_digest};
use coldpress_record::Origin;
use coldpress_storage::{
    Error as StorageError, NewFile, StoredObject, create_dir_all_durable, spawn,
};
use coldpress_worker::{TraceError, TraceLine, obstacle, read_trace};
use serde_json::json;

use super::failure::{MergeFailure, unreadable};
use crate::trace::TracePlan;

/// A file of samples of a partition, or of the barrier at an operator.
pub(crate) struct TracePiece {
    /// The operators whose samples count.
    pub(crate) operations: std::ops::Range<u32>,
    pub(crate) file: StoredObject,
}

/// The samples so far.
pub(crate) struct Traces {
    pub(crate) plan: TracePlan,
    /// The path at which the folder is made.
    pub(crate) temporary: PathBuf,
    /// The paths of the sources.
    pub(crate) paths: Vec<String>,
    /// The pairs of duplicates that were found at barriers.
    pub(crate) pairs: Vec<TracePiece>,
    pub(crate) samples: BTreeMap<u32, BTreeMap<(u64, Vec<Origin>), TraceLine>>,
}

impl Traces {
    /// Takes what was traced of a partition.
    pub(super) fn take(
        &mut self,
        pieces: &[TracePiece],
        partition: u32,
    ) -> Result<(), MergeFailure> {
        for piece in pieces {
            self.read(piece)
                .map_err(|error| unreadable(partition, &error))?;
        }
        Ok(())
    }

    fn read(&mut self, piece: &TracePiece) -> Result<(), TraceError> {
        let most = self.plan.spec.settings.most as usize;
        let samples = &mut self.samples;
        read_trace(&piece.file, piece.operations.clone(), |line| {
            let sample = samples.entry(line.operation).or_default();
            sample.insert((line.rank, line.origins.clone()), line);
            if sample.len() > most {
                sample.pop_last();
            }
        })
    }

    /// Begins to write the folder, on a thread of its own: the export is made durable meanwhile.
    pub(super) fn write(mut self) -> Result<Writing, MergeFailure> {
        for pair in std::mem::take(&mut self.pairs) {
            self.read(&pair).map_err(|error| damaged_pairs(&error))?;
        }
        let written = spawn("coldpress-trace", move || self.write_folder());
        written.map(Writing).map_err(|error| of_storage(&error))
    }

    fn write_folder(mut self) -> Result<Staged, MergeFailure> {
        let folder = self.temporary.clone();
        create_dir_all_durable(&folder).map_err(|error| of_storage(&error))?;
        let mut syncing = Vec::new();
        for at in 0..self.plan.files.len() {
            let bytes = self.bytes_of(at);
            let path = folder.join(&self.plan.files[at].file);
            let file = NewFile::create(path).and_then(|mut file| file.put(&bytes).map(|()| file));
            let file = file.map_err(|error| of_storage(&error))?;
            // Syncs that wait for the device together take no longer than one.
            let sync = spawn("coldpress-trace-sync", move || file.finish());
            syncing.push(sync.map_err(|error| of_storage(&error))?);
            if syncing.len() == SYNCS {
                wait(&mut syncing)?;
            }
        }
        wait(&mut syncing)?;
        let digest = staged_digest(&folder, true);
        let (length, digest) = digest.map_err(MergeFailure::Output)?;
        Ok(Staged::at(folder, length, digest))
    }

    /// The file of an operator: its records in the order of the dataset.
    fn bytes_of(&mut self, at: usize) -> Vec<u8> {
        let operation = self.plan.files[at].operation;
        let sample = self.samples.remove(&operation).unwrap_or_default();
        let mut lines: Vec<TraceLine> = sample.into_values().collect();
        lines.sort_by(|one, next| one.origins.cmp(&next.origins));
        let mut bytes = Vec::new();
        for line in lines {
            self.write_line(at, &line, &mut bytes);
        }
        bytes
    }

    /// Writes the fields that Data-Juicer shows, and one more member: the origin of the record and further notes.
    fn write_line(&self, at: usize, line: &TraceLine, out: &mut Vec<u8>) {
        let shown = line.shown.trim_end();
        let shown = shown.strip_suffix('}').unwrap_or(shown);
        out.extend_from_slice(shown.as_bytes());
        if shown.trim_end() != "{" {
            out.extend_from_slice(b", ");
        }
        let operator = &self.plan.files[at];
        let mut about = json!({"operator": operator.name, "operation": operator.operation});
        match line.origins.as_slice() {
            [origin] => self.describe(origin, &mut about),
            origins => {
                for (name, origin) in ["dup1", "dup2"].into_iter().zip(origins) {
                    about[name] = json!({});
                    self.describe(origin, &mut about[name]);
                }
            }
        }
        let about = about.to_string();
        let about = about.strip_suffix('}').unwrap_or(&about);
        out.extend(format!("\"{ABOUT}\": {about}").bytes());
        if !line.notes.is_empty() {
            out.extend_from_slice(b",");
            out.extend_from_slice(line.notes.as_bytes());
        }
        out.extend_from_slice(b"}}\n");
    }

    /// Adds where a record came from, by the names that the quarantine has for it.
    fn describe(&self, origin: &Origin, about: &mut serde_json::Value) {
        let path = self.paths.get(origin.source as usize);
        about["path"] = json!(path);
        about["source"] = json!(origin.source);
        about["position"] = json!(origin.position);
        if !origin.piece.is_whole() {
            about["piece"] = json!(origin.piece.indices());
        }
    }
}

/// The member that says where a record of a trace came from.
const ABOUT: &str = "__coldpress__";

/// Files that are synced at a time.
const SYNCS: usize = 16;

/// The folder on its way.
pub(super) struct Writing(JoinHandle<Result<Staged, MergeFailure>>);

impl Writing {
    /// Waits until it is durable.
    pub(super) fn finish(self) -> Result<Staged, MergeFailure> {
        let joined = self.0.join();
        joined.unwrap_or_else(|_| {
            let reason = "the thread that writes traces panicked".to_owned();
            Err(MergeFailure::Obstacle(reason))
        })
    }
}

type Syncing = JoinHandle<coldpress_storage::Result<coldpress_storage::FileStamp>>;

fn wait(syncing: &mut Vec<Syncing>) -> Result<(), MergeFailure> {
    syncing.drain(..).try_for_each(|sync| match sync.join() {
        Ok(synced) => synced.map(|_| ()).map_err(|error| of_storage(&error)),
        Err(_) => Err(MergeFailure::Obstacle(
            "a thread that syncs traces panicked".to_owned(),
        )),
    })
}

fn of_storage(error: &StorageError) -> MergeFailure {
    let explained = obstacle(error);
    MergeFailure::Obstacle(
        explained.unwrap_or_else(|| format!("the traces cannot be written: {error}")),
    )
}

/// They were whole when the barrier was passed. A run that finds them damaged makes them again.
fn damaged_pairs(error: &TraceError) -> MergeFailure {
    let explained = obstacle(error);
    MergeFailure::Obstacle(explained.unwrap_or_else(|| {
        format!("pairs of duplicates that were traced were damaged while the job ran: {error}; run it again")
    }))
}
