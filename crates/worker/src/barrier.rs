//! What a stage has to do with the barriers at its two ends: signatures for the one behind it, decisions of those before.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_barrier::{ReadAt, SignatureWriter, Verdict};
use coldpress_failure::ErrorClass;
use coldpress_operator::{Chain, Decision, Guard};
use coldpress_record::Batch;
use coldpress_storage::{
    ObjectName, ObjectRef, Place, StoreReader, StoreWriter, StoredObject, Stores, crash_point,
};

use crate::attempt::Assignment;
use crate::error::{AttemptError, FailureKind};
use crate::obstacle::obstacle;

/// Gathers the signatures of the rows that come out of a stage that ends at a barrier.
pub(crate) struct Signing {
    /// The place of the barrier's operator.
    operator: usize,
    signatures: SignatureWriter,
    /// Begun once there is something that need not wait for the last row.
    file: Option<(ObjectName, Box<dyn StoreWriter>)>,
}

impl Signing {
    /// What the end of the attempt's stage asks for; none where no barrier ends it.
    pub(crate) fn of(work: Assignment<'_>, chain: &Chain) -> Option<Self> {
        let operator = work.attempt.chain.end() as usize;
        let barrier = chain.pipeline().operators().get(operator)?.barrier()?;
        let labels = u32::try_from(chain.pipeline().labels_of(operator).len()).ok()?;
        Some(Self {
            operator,
            signatures: SignatureWriter::new(barrier.form).labels(labels),
            file: None,
        })
    }

    /// Signs the rows of a batch that are left.
    pub(crate) fn sign(
        &mut self,
        batch: &Batch,
        chain: &mut Chain,
        guard: &Guard<'_>,
        work: Assignment<'_>,
    ) -> Result<(), AttemptError> {
        let signatures = &mut self.signatures;
        chain
            .sign(batch, self.operator, guard, |signature| {
                signatures.push(signature);
            })
            .map_err(|failure| {
                let label = chain.pipeline().label(self.operator);
                let source = work.source_of(&failure.failed.origin);
                AttemptError::of_operator(failure, &label, source)
            })?;
        if self.signatures.is_to_spill() {
            let (_, file) = match &mut self.file {
                Some(file) => file,
                none => none.insert(begin(work)?),
            };
            let spilled = self.signatures.spill(file);
            spilled.map_err(|error| AttemptError::met(&error))?;
        }
        Ok(())
    }

    /// Makes the signatures durable.
    pub(crate) fn finish(self, work: Assignment<'_>) -> Result<ObjectRef, AttemptError> {
        crash_point!("barrier.sign");
        let (name, mut file) = match self.file {
            Some(file) => file,
            None => begin(work)?,
        };
        let written = self.signatures.finish(&mut file);
        written.map_err(|error| AttemptError::met(&error))?;
        Ok(ObjectRef::new(Place::Signatures, name, file.finish()?))
    }
}

fn begin(work: Assignment<'_>) -> Result<(ObjectName, Box<dyn StoreWriter>), AttemptError> {
    let name = work.attempt.name().suffix(".signatures");
    Ok(work.results.put_new(Place::Signatures, &name)?)
}

/// Reads what was decided about the rows of the partition.
pub(crate) fn decisions(work: Assignment<'_>) -> Result<Vec<Option<Arc<Decision>>>, AttemptError> {
    let decision = |file: &ObjectRef| {
        let opened = BarrierFile::open(work.stores, file, &OpenFiles::default());
        let opened = opened.map_err(|error| bad_decision(file, &error))?;
        let verdict = Verdict::read(&opened).map_err(|error| bad_decision(file, &error))?;
        Ok(Arc::new(verdict.decision))
    };
    let decisions = work.attempt.decisions.iter();
    let decisions = decisions
        .map(|file| file.as_ref().map(decision).transpose())
        .collect();
    if !work.attempt.decisions.is_empty() {
        crash_point!("barrier.apply");
    }
    decisions
}

/// A decision that cannot be used, unless no file could be read where this one cannot.
fn bad_decision(file: &ObjectRef, error: &(dyn std::error::Error + 'static)) -> AttemptError {
    match obstacle(error) {
        Some(explanation) => AttemptError::obstacle(explanation),
        None => AttemptError {
            kind: FailureKind::BadDecision,
            ..AttemptError::new(
                ErrorClass::System,
                format!("the decision `{file}` cannot be used: {error}"),
            )
        },
    }
}

/// A file of signatures or decisions, proven to be the one that is cited.
///
/// Few of them are open at a time: there is one for each partition, and more partitions than a process may have files.
#[derive(Debug)]
pub struct BarrierFile {
    object: StoredObject,
    bytes: u64,
    open: OpenFiles,
}

/// The barrier files that were read last, which stay open: those of a barrier are read in any order.
#[derive(Clone, Debug, Default)]
pub struct OpenFiles(Arc<Mutex<VecDeque<Arc<dyn StoreReader>>>>);

impl OpenFiles {
    /// A process may have 256 files on some systems.
    const MOST: usize = 48;

    fn reader(&self, object: &StoredObject) -> coldpress_storage::Result<Arc<dyn StoreReader>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|open| open.name() == object.name());
        let reader = match at.and_then(|at| open.remove(at)) {
            Some(reader) => reader,
            None => Arc::from(object.open()?),
        };
        open.push_front(Arc::clone(&reader));
        open.truncate(Self::MOST);
        Ok(reader)
    }
}

impl BarrierFile {
    /// Proves that a file is the one that is cited. It stays open together with others that share `open`.
    ///
    /// # Errors
    /// When it cannot be read or is not.
    pub fn open(
        stores: &Stores,
        file: &ObjectRef,
        open: &OpenFiles,
    ) -> coldpress_storage::Result<Self> {
        Self::of(stores.object(file), open)
    }

    /// As [`open`](Self::open), of a file whose store is known.
    ///
    /// # Errors
    /// As there.
    pub fn of(object: StoredObject, open: &OpenFiles) -> coldpress_storage::Result<Self> {
        object.verify()?;
        let bytes = object.stamp().length;
        Ok(Self {
            object,
            bytes,
            open: open.clone(),
        })
    }
}

impl ReadAt for BarrierFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let reader = self.open.reader(&self.object).map_err(io::Error::other)?;
        reader.read_at(offset, buffer).map_err(io::Error::other)
    }
}
