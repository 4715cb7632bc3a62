//! The merge: puts published results together in partition order, while later partitions still run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use coldpress_dataset::{ExportTarget, ExportWriter, Staged};
use coldpress_storage::{FileStamp, crash_point};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::error::{Error, ErrorKind, Result};

/// The thread that merges.
pub(crate) struct Merge {
    pieces: Option<Sender<Piece>>,
    /// Set when nobody wants the output any more.
    abandoned: Arc<AtomicBool>,
    thread: Option<JoinHandle<std::result::Result<Staged, MergeFailure>>>,
}

/// The rows of one partition.
pub(crate) struct Piece {
    pub(crate) partition: u32,
    pub(crate) path: PathBuf,
    /// What the journal says they are.
    pub(crate) stamp: FileStamp,
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

/// Why the merge cannot go on.
pub(crate) enum MergeFailure {
    /// The rows of this partition are not what was published: they must be made again, and all merged again.
    Damaged { partition: u32, reason: String },
    /// Nobody wanted the output any more.
    Abandoned,
    /// The output cannot be written.
    Output(coldpress_dataset::Error),
}

impl Merge {
    /// Begins an output of `target`; `token` tells this attempt at it from others.
    pub(crate) fn start(target: &ExportTarget, token: &str) -> Result<Self> {
        let writer = ExportWriter::create(target, token)?;
        const PIECES_AHEAD: usize = 1024;
        let (pieces, queue) = bounded(PIECES_AHEAD);
        let abandoned = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&abandoned);
        let thread = std::thread::Builder::new()
            .name("coldpress-merge".to_owned())
            .spawn(move || merge(writer, &queue, &told))
            .map_err(|error| Error::because(ErrorKind::Failed, "cannot start the merge", error))?;
        Ok(Self {
            pieces: Some(pieces),
            abandoned,
            thread: Some(thread),
        })
    }

    /// Offers the rows of the next partition.
    pub(crate) fn append(&self, piece: Piece) -> Appended {
        match self.pieces.as_ref().map(|pieces| pieces.try_send(piece)) {
            Some(Ok(())) => Appended::Taken,
            Some(Err(TrySendError::Full(_))) => Appended::Full,
            Some(Err(TrySendError::Disconnected(_))) | None => Appended::Ended,
        }
    }

    /// Whether the merge has failed already.
    pub(crate) fn has_failed(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends the output and makes it durable in its temporary place.
    pub(crate) fn finish(mut self) -> std::result::Result<Staged, MergeFailure> {
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

fn merge(
    mut writer: ExportWriter,
    queue: &Receiver<Piece>,
    abandoned: &AtomicBool,
) -> std::result::Result<Staged, MergeFailure> {
    for piece in queue {
        if abandoned.load(Ordering::Relaxed) {
            break;
        }
        crash_point!("merge.append");
        let damaged = |reason: String| MergeFailure::Damaged {
            partition: piece.partition,
            reason,
        };
        match writer.append(&piece.path) {
            Ok(stamp) if stamp == piece.stamp => {}
            Ok(_) => {
                return Err(damaged(format!(
                    "`{}` is not what was published",
                    piece.path.display()
                )));
            }
            Err(coldpress_dataset::Error::Io { path, source, .. }) if path == piece.path => {
                return Err(damaged(format!(
                    "cannot read `{}`: {source}",
                    path.display()
                )));
            }
            Err(error) => return Err(MergeFailure::Output(error)),
        }
    }
    if abandoned.load(Ordering::Relaxed) {
        return Err(MergeFailure::Abandoned);
    }
    crash_point!("merge.finish");
    writer.finish().map_err(MergeFailure::Output)
}
