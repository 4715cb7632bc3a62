//! The slice, with what earlier attempts did to it done again.

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{
    CheckpointStore, DeltaBase, DeltaChain, DeltaReader, DeltaReplay, Manifest, ObjectName,
};
use coldpress_failure::ErrorClass;
use coldpress_operator::Chain;
use coldpress_record::Batch;
use coldpress_storage::FileRef;

use super::{Found, Input};
use crate::attempt::Assignment;
use crate::error::AttemptError;

/// A slice behind some operators, which are not run.
pub(crate) struct DeltaInput {
    slice: Input,
    replay: DeltaReplay,
    manifest: Manifest,
    base: DeltaBase,
}

impl DeltaInput {
    pub(super) fn open(
        work: Assignment<'_>,
        operation: u32,
        files: &[FileRef],
        store: &dyn CheckpointStore,
    ) -> Result<Self, AttemptError> {
        let open = |file: &FileRef| {
            let object = store.get(&ObjectName::new(&file.path)?)?;
            DeltaReader::open(object, &file.stamp())
        };
        let readers = files.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let chain = DeltaChain::new(readers)?;
        let replay = chain.replayer(operation)?;
        let manifest = replay.manifest().map(|section| section.manifest.clone());
        let first = work.attempt.chain.first().map(ToString::to_string);
        let begins_at_slice = chain
            .base()
            .is_some_and(|base| base.operation == 0 && Some(&base.chain) == first.as_ref());
        let fits = |manifest: &Manifest| {
            let wanted = work.attempt.chain.get(operation as usize);
            manifest.partition == work.attempt.task.partition
                && manifest.slice == work.attempt.slice.digest
                && Some(&manifest.chain) == wanted.map(ToString::to_string).as_ref()
                && (manifest.dropped.is_some() || !work.spec.keep_dropped)
        };
        let manifest = manifest.filter(|manifest| begins_at_slice && fits(manifest));
        let Some(manifest) = manifest else {
            return Err(AttemptError::new(ErrorClass::System, "it is of other work"));
        };
        let base = DeltaBase {
            operation,
            chain: manifest.chain.clone(),
            files: files.to_vec(),
        };
        Ok(Self {
            slice: Input::open_slice(work)?,
            replay,
            manifest,
            base,
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn base(&self) -> DeltaBase {
        self.base.clone()
    }

    pub(super) fn schema(&self) -> Option<SchemaRef> {
        self.slice.schema()
    }

    pub(super) fn next(&mut self, batch: &mut Batch, chain: &Chain) -> Result<bool, AttemptError> {
        // What was found in the slice besides records is in the manifest.
        let more = self.slice.next(batch, chain, &mut Found::default())?;
        if more {
            let replayed = self.replay.next(batch, chain.fields());
            replayed.map_err(|error| AttemptError::from(error).of_start())?;
        }
        Ok(more)
    }

    pub(super) fn finish(self, work: Assignment<'_>) -> Result<(), AttemptError> {
        let finished = self.replay.finish();
        finished.map_err(|error| AttemptError::from(error).of_start())?;
        self.slice.finish(work)
    }
}
