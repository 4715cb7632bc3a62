//! Resolving a barrier: from the signatures of all partitions to a decision file for each.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use coldpress_barrier::{Room, SignatureReader, Verdict, judge};
use coldpress_operator::Rule;
use coldpress_record::OperatorLedger;
use coldpress_storage::{
    AttemptName, Digest, Hasher, ObjectRef, Place, Stores, crash_point, spawn,
};
use coldpress_worker::{BarrierFile, obstacle};
use crossbeam_channel::{Receiver, bounded};

use crate::error::{Error, ErrorKind, Result};

/// How the names of files end that say what was decided.
pub(crate) const DECISION: &str = ".decision";

/// Everything that is needed to resolve a barrier.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The operator's name.
    pub(crate) operator: String,
    /// How it judges.
    pub(crate) rule: Rule,
    /// The signatures of each partition, in order.
    pub(crate) signatures: Vec<ObjectRef>,
    /// The stores of the job.
    pub(crate) stores: Stores,
    /// The folder where what does not fit into memory is sorted.
    pub(crate) folder: PathBuf,
    /// The stage that ends at the barrier.
    pub(crate) stage: u32,
    /// The driver's epoch.
    pub(crate) epoch: u64,
    /// Which of the decisions of the job it is, from 1: the files of no two of them have the same names.
    pub(crate) number: u32,
    /// The memory that may be used.
    pub(crate) memory_bytes: u64,
    /// How many threads may be used.
    pub(crate) threads: usize,
}

/// What was decided.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The decision of each partition, in order.
    pub(crate) files: Vec<ObjectRef>,
    /// What identifies all of them.
    pub(crate) digest: Digest,
    /// Where the records of all partitions together went.
    pub(crate) ledger: OperatorLedger,
}

/// Why nothing was decided.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// The signatures of this partition are not what was published: they must be made again.
    Damaged { partition: u32, reason: String },
    /// Something that has nothing to do with one partition.
    Failed(Error),
}

impl From<Error> for Unresolved {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A barrier that is being resolved, on a thread of its own. Dropped before its end, it is told to stop, and waited for.
pub(crate) struct Resolving {
    pub(crate) stage: u32,
    stop: Arc<AtomicBool>,
    finished: Receiver<()>,
    thread: Option<JoinHandle<Result<Resolved, Unresolved>>>,
}

impl Resolving {
    /// Begins to resolve the barrier behind a stage.
    pub(crate) fn begin(stage: u32, case: Case) -> coldpress_storage::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (sender, finished) = bounded(0);
        let thread = spawn("coldpress-barrier", move || {
            let resolved = resolve(&case, &stopped);
            // Whoever waits is woken as the sender goes, also by a panic.
            drop(sender);
            resolved
        })?;
        Ok(Self {
            stage,
            stop,
            finished,
            thread: Some(thread),
        })
    }

    /// Gives news, of no content, when it has come to an end.
    pub(crate) fn finished(&self) -> &Receiver<()> {
        &self.finished
    }

    /// Whether it has come to an end.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Tells it to stop soon.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for what comes of it.
    pub(crate) fn finish(mut self) -> Result<Resolved, Unresolved> {
        let panicked = || {
            let message = "the thread that resolves a barrier panicked";
            Unresolved::Failed(Error::new(ErrorKind::Failed, message))
        };
        let joined = self.thread.take().map(JoinHandle::join);
        joined
            .and_then(std::result::Result::ok)
            .unwrap_or_else(|| Err(panicked()))
    }
}

impl Drop for Resolving {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // What it came to is of no use any more.
            let _ = thread.join();
        }
    }
}

fn resolve(case: &Case, stop: &AtomicBool) -> Result<Resolved, Unresolved> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(case.threads)
        .build();
    let pool = pool.map_err(|error| case.because(error))?;
    pool.install(|| resolve_in_pool(case, stop))
}

fn resolve_in_pool(case: &Case, stop: &AtomicBool) -> Result<Resolved, Unresolved> {
    let room = Room::new(case.memory_bytes, &case.folder, stop);
    // A decision over damaged signatures would be wrong without a word, so each is proven first.
    let opened = case.signatures.iter().zip(0..).map(|(file, partition)| {
        BarrierFile::open(&case.stores, file).map_err(|error| unreadable(partition, &error))
    });
    let opened: Vec<BarrierFile> = opened.collect::<Result<_, _>>()?;
    let readers = opened.iter().zip(0..).map(|(file, partition)| {
        SignatureReader::open(file).map_err(|error| unreadable(partition, &error))
    });
    let readers: Vec<_> = readers.collect::<Result<_, _>>()?;
    crash_point!("barrier.judge");
    let mut judgement = judge(&readers, &case.rule, &room).map_err(|error| case.because(error))?;
    crash_point!("barrier.judged");
    let mut hasher = Hasher::new();
    let mut resolved = Resolved {
        files: Vec::new(),
        digest: Digest(0),
        ledger: OperatorLedger {
            name: case.operator.clone(),
            ..OperatorLedger::default()
        },
    };
    while let Some(verdict) = judgement
        .next_verdict()
        .map_err(|error| case.because(error))?
    {
        let partition = resolved.files.len();
        let file = case.write(partition as u32, &verdict)?;
        hasher.update(&file.stamp.length.to_le_bytes());
        hasher.update(file.stamp.digest.to_string().as_bytes());
        let decision = &verdict.decision;
        let ledger = &mut resolved.ledger;
        let (removed, unsigned) = (
            verdict.kept_for.len() as u64,
            decision.unsigned().len() as u64,
        );
        ledger.records_in += decision.rows();
        ledger.dropped += removed;
        ledger.quarantined += unsigned;
        ledger.out += decision.rows() - removed - unsigned;
        resolved.files.push(file);
        crash_point!("barrier.decision");
    }
    resolved.digest = hasher.stamp().digest;
    Ok(resolved)
}

/// Why signatures cannot be read: they are damaged, or nothing can be read at all.
fn unreadable(partition: u32, error: &(dyn std::error::Error + 'static)) -> Unresolved {
    match obstacle(error) {
        Some(explanation) => Error::new(ErrorKind::Failed, explanation).into(),
        None => Unresolved::Damaged {
            partition,
            reason: error.to_string(),
        },
    }
}

impl Case {
    fn write(&self, partition: u32, verdict: &Verdict) -> Result<ObjectRef> {
        let name = AttemptName::new(partition, self.epoch, self.number);
        let name = name.in_stage(self.stage).suffix(DECISION).object();
        let written = name.and_then(|name| {
            let mut file = self.stores.put_new(Place::Signatures, &name)?;
            let written = verdict.write(&mut file);
            written.map_err(|error| coldpress_storage::Error::io("write", name.as_str(), error))?;
            Ok(ObjectRef::new(Place::Signatures, name, file.finish()?))
        });
        written.map_err(|error| self.because(error))
    }

    fn because(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let mut message = format!("{} cannot decide about the dataset", self.operator);
        if let Some(explanation) = obstacle(&error) {
            message = format!("{message}: {explanation}");
            return Error::new(ErrorKind::Failed, message);
        }
        Error::because(ErrorKind::Failed, message, error)
    }
}
