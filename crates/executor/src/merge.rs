//! The merge: puts published results together in partition order, while later partitions still run.

pub(crate) mod duplicates;
pub(crate) mod failure;
pub(crate) mod staging;
pub(crate) mod traces;

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use coldpress_barrier::Verdict;
use coldpress_checkpoint::RowsReader;
use coldpress_dataset::RowsForm;
use coldpress_export::{ExportTarget, ExportWriter, KeptRows, PartitionRows, Staged};
use coldpress_operator::Decision;
use coldpress_storage::{
    FernetKey, ObjectName, StoredObject, crash_point, create_dir_all_durable, spawn,
};
use coldpress_table::{MixedField, SchemaRef};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use crate::error::Result;
use crate::outputs::list::Outputs;

use duplicates::Lists;
use failure::{MergeFailure, of_export, unreadable};
use staging::{DroppedPiece, Staging};
use traces::{TracePiece, Traces};

/// The thread that merges.
pub(crate) struct Merge {
    pieces: Option<Sender<Box<Piece>>>,
    /// Set when nobody wants the output any more.
    abandoned: Arc<AtomicBool>,
    /// Closed when the thread ends.
    ended: Receiver<()>,
    thread: Option<JoinHandle<std::result::Result<Merged, MergeFailure>>>,
}

/// The result of one partition.
pub(crate) struct Piece {
    pub(crate) partition: u32,
    /// The rows, and what the journal says they are.
    pub(crate) rows: StoredObject,
    /// Their origins and statistics.
    pub(crate) index: StoredObject,
    /// The schema of rows that come as lines from a columnar source, where the output has columns.
    pub(crate) schema: Option<SchemaRef>,
    /// The decision that says which of the rows count, where not all do.
    pub(crate) kept: Option<StoredObject>,
    /// What filters dropped.
    pub(crate) dropped: Vec<DroppedPiece>,
    /// The traces.
    pub(crate) traced: Vec<TracePiece>,
}

/// Outputs that are complete in their temporary places.
pub(crate) struct Merged {
    /// In the order of the outputs: the export first.
    pub(crate) staged: Vec<Staged>,
    /// Fields of mixed type, of an output with columns.
    pub(crate) mixed: Vec<MixedField>,
    /// What else is odd about its columns.
    pub(crate) notes: Vec<String>,
}

/// What became of a piece.
pub(crate) enum Appended {
    /// It is merged in its turn.
    Taken,
    /// The merge is behind; it must be offered again.
    Full,
    /// The merge takes nothing any more: it has failed.
    Ended,
}

impl Merge {
    /// Begins to stage the outputs; `token` tells this attempt at it from others. Those that go to stores and are encrypted are
    /// made in the folder `unsealed` first. `lists` says what deduplicators removed, and
    /// `traces` takes samples where records are traced. What must wait for all results is encoded by `threads` threads.
    pub(crate) fn start(
        outputs: &Outputs,
        token: &str,
        threads: usize,
        lists: Lists,
        traces: Option<Traces>,
        unsealed: &Path,
    ) -> Result<Self> {
        let sealing = Sealing::of(outputs, token, unsealed)?;
        let made_in = |target: &ExportTarget, index| match &sealing {
            Some(sealing) => sealing.made_in(target, index),
            None => Ok(target.clone()),
        };
        let target = &made_in(outputs.export(), 0)?;
        let beside = outputs.beside().iter().zip(1..);
        let beside = beside.map(|(output, index)| {
            let target = made_in(&output.target, index)?;
            Ok((output.content, target))
        });
        let beside = beside.collect::<Result<Vec<_>>>()?;
        let abandoned = Arc::new(AtomicBool::new(false));
        let merging = Merging {
            writer: ExportWriter::create(target, token, threads)?,
            staging: Staging::create(beside, token)?,
            lists,
            traces,
            sealing,
            needs_types: target.needs_second_pass(),
            partitions: HashMap::new(),
            abandoned: Arc::clone(&abandoned),
        };
        const PIECES_AHEAD: usize = 1024;
        let (pieces, queue) = bounded(PIECES_AHEAD);
        let (closed_at_end, ended) = bounded(0);
        let thread = spawn("coldpress-merge", move || {
            let _closed_at_end = closed_at_end;
            merging.run(&queue)
        })?;
        Ok(Self {
            pieces: Some(pieces),
            abandoned,
            ended,
            thread: Some(thread),
        })
    }

    /// Offers the result of the next partition.
    pub(crate) fn append(&self, piece: Piece) -> Appended {
        match self
            .pieces
            .as_ref()
            .map(|pieces| pieces.try_send(Box::new(piece)))
        {
            Some(Ok(())) => Appended::Taken,
            Some(Err(TrySendError::Full(_))) => Appended::Full,
            Some(Err(TrySendError::Disconnected(_))) | None => Appended::Ended,
        }
    }

    /// Whether the merge has failed already.
    pub(crate) fn has_failed(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Tells that no piece follows; the output is finished meanwhile.
    pub(crate) fn end(&mut self) {
        self.pieces = None;
    }

    /// Waits for the end of the merge, at most so long; whether it has ended.
    pub(crate) fn wait(&self, patience: Duration) -> bool {
        self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
    }

    /// Ends the output and makes it durable in its temporary place.
    pub(crate) fn finish(mut self) -> std::result::Result<Merged, MergeFailure> {
        self.pieces = None;
        let joined = self.thread.take().map(JoinHandle::join);
        joined.and_then(std::result::Result::ok).unwrap_or_else(|| {
            let reason = "the merge thread panicked".to_owned();
            Err(MergeFailure::Damaged {
                partition: u32::MAX,
                reason,
            })
        })
    }
}

impl Drop for Merge {
    /// An output that nobody wants is left at once, and its temporary place is emptied.
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            // Nobody wants to know what became of it.
            let _ = thread.join();
        }
    }
}

/// The merge's own side.
struct Merging {
    writer: ExportWriter,
    staging: Staging,
    /// What deduplicators removed.
    lists: Lists,
    /// The traces so far.
    traces: Option<Traces>,
    /// How the outputs are encrypted; none = not at all.
    sealing: Option<Sealing>,
    /// Whether the output's columns depend on what all rows hold.
    needs_types: bool,
    /// Which partition a file of rows is of.
    partitions: HashMap<ObjectName, u32>,
    abandoned: Arc<AtomicBool>,
}

impl Merging {
    fn run(mut self, queue: &Receiver<Box<Piece>>) -> std::result::Result<Merged, MergeFailure> {
        for piece in queue {
            if self.abandoned.load(Ordering::Relaxed) {
                return Err(MergeFailure::Abandoned);
            }
            crash_point!("merge.append");
            self.append(*piece)?;
        }
        if self.abandoned.load(Ordering::Relaxed) {
            return Err(MergeFailure::Abandoned);
        }
        crash_point!("merge.finish");
        let traces = self.traces.take().map(Traces::write).transpose()?;
        let finished = self.writer.finish(&self.abandoned);
        let finished = finished.map_err(|error| of_export(&self.partitions, error))?;
        if self.abandoned.load(Ordering::Relaxed) {
            return Err(MergeFailure::Abandoned);
        }
        let mut staged = vec![finished.staged];
        staged.extend(self.staging.finish(&self.lists)?);
        if let Some(sealing) = self.sealing {
            staged = sealing.seal(staged, &self.abandoned)?;
        }
        staged.extend(traces.map(traces::Writing::finish).transpose()?);
        Ok(Merged {
            staged,
            mixed: finished.mixed,
            notes: finished.notes,
        })
    }

    fn append(&mut self, piece: Piece) -> std::result::Result<(), MergeFailure> {
        let partition = piece.partition;
        let kept = piece.kept.as_ref().map(|kept| decision(kept, partition));
        let kept = kept.transpose()?;
        let (mut types, mut input) = (None, None);
        if self.needs_types || self.staging.wants_stats() {
            let index = piece.index.open();
            let index = index.map_err(|error| unreadable(partition, &error))?;
            let index = RowsReader::open(index, piece.index.stamp());
            let mut index = index.map_err(|error| unreadable(partition, &error))?;
            types = index.manifest().types.clone();
            let has_rows = types.as_ref().is_some_and(|types| !types.is_empty());
            input = (!has_rows).then(|| index.manifest().seen.clone());
            self.staging
                .append_stats(&mut index, kept.as_ref(), partition)?;
        }
        self.staging.append_dropped(&piece.dropped, partition)?;
        if let Some(traces) = &mut self.traces {
            traces.take(&piece.traced, partition)?;
        }
        if !self.needs_types {
            // Rows are copied at once, so no other file can turn out to be damaged later.
            self.partitions.clear();
        }
        self.partitions.insert(piece.rows.name().clone(), partition);
        let rows = PartitionRows {
            form: RowsForm::of_path(piece.rows.name().as_str()),
            kept: kept.and_then(|kept| KeptRows::new(kept.rows(), kept.bits().to_vec())),
            rows: piece.rows,
            types,
            schema: piece.schema,
            input,
        };
        self.writer
            .append(rows)
            .map_err(|error| of_export(&self.partitions, error))
    }
}

/// What it takes to encrypt the outputs. Traces are files of the job, which are not encrypted.
struct Sealing {
    key: FernetKey,
    targets: Vec<ExportTarget>,
    token: String,
    /// The folder for clear text of outputs that go to stores.
    unsealed: PathBuf,
}

impl Sealing {
    fn of(outputs: &Outputs, token: &str, unsealed: &Path) -> Result<Option<Self>> {
        let Some(key) = outputs.key()? else {
            return Ok(None);
        };
        let beside = outputs.beside().iter().map(|output| output.target.clone());
        Ok(Some(Self {
            key,
            targets: std::iter::once(outputs.export().clone())
                .chain(beside)
                .collect(),
            token: format!("{token}{SEALED}"),
            unsealed: unsealed.to_owned(),
        }))
    }

    fn remove_empty_folders(&self) {
        let folders = (0..self.targets.len()).map(|index| self.unsealed.join(index.to_string()));
        // A folder that is not there, or not empty, stays as it is.
        for folder in folders.chain([self.unsealed.clone()]) {
            let _ = fs::remove_dir(folder);
        }
    }

    /// Returns the target for the clear text of the output with this number.
    fn made_in(&self, target: &ExportTarget, index: usize) -> Result<ExportTarget> {
        // Two outputs may have the same name in different folders of a store.
        let folder = self.unsealed.join(index.to_string());
        if target.path().is_none() {
            create_dir_all_durable(&folder)?;
            // Clear text that is to be encrypted is for nobody else.
            let private = fs::Permissions::from_mode(0o700);
            fs::set_permissions(&self.unsealed, private)
                .map_err(|error| coldpress_storage::Error::io("protect", &self.unsealed, error))?;
        }
        Ok(target.made_in(&folder))
    }

    fn seal(
        &self,
        staged: Vec<Staged>,
        abandoned: &AtomicBool,
    ) -> std::result::Result<Vec<Staged>, MergeFailure> {
        let seal = |(staged, target): (Staged, &ExportTarget)| {
            staged.sealed(target, &self.token, &self.key, abandoned)
        };
        let sealed = staged.into_iter().zip(&self.targets).map(seal);
        let sealed: std::result::Result<_, coldpress_export::Error> = sealed.collect();
        self.remove_empty_folders();
        sealed.map_err(|error| match error {
            coldpress_export::Error::Abandoned => MergeFailure::Abandoned,
            error => MergeFailure::Output(error),
        })
    }
}

/// What the token of an encrypted output ends in.
pub(crate) const SEALED: &str = ".sealed";

/// Reads which rows of a partition count, where the file is what the journal says.
fn decision(file: &StoredObject, partition: u32) -> std::result::Result<Decision, MergeFailure> {
    file.verify()
        .map_err(|error| unreadable(partition, &error))?;
    let mut bytes = Vec::new();
    let read = file.read().map_err(|error| unreadable(partition, &error))?;
    let mut read = read.take(file.stamp().length);
    read.read_to_end(&mut bytes)
        .map_err(|error| unreadable(partition, &error))?;
    let verdict = Verdict::read(&bytes[..]).map_err(|error| unreadable(partition, &error))?;
    Ok(verdict.decision)
}
