//! The slice, with what earlier attempts did to it done again.

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{DeltaBase, DeltaChain, DeltaReader, DeltaReplay, Manifest};
use coldpress_operator::Chain;
use coldpress_record::Batch;
use coldpress_storage::ObjectRef;

use super::records::{Found, Records};
use super::slice::open_slice;
use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::tee::Base;

/// A slice behind some operators, which are not run.
pub(super) struct DeltaInput<'a> {
    slice: Box<dyn Records + 'a>,
    replay: DeltaReplay,
    manifest: Manifest,
    base: DeltaBase,
}

impl<'a> DeltaInput<'a> {
    pub(super) fn open(
        work: Assignment<'a>,
        operation: u32,
        files: &[ObjectRef],
    ) -> Result<Self, AttemptError> {
        let open = |file: &ObjectRef| DeltaReader::open(work.stores.get(&file.key)?, &file.stamp);
        let readers = files.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let chain = DeltaChain::new(readers)?;
        let replay = chain.replayer(operation)?;
        let manifest = replay.manifest().map(|section| section.manifest.clone());
        let begins_at_slice = chain
            .base()
            .is_some_and(|base| base.operation == 0 && base.chain == work.base.to_string());
        let manifest = manifest
            .filter(|_| begins_at_slice)
            .ok_or_else(AttemptError::of_other_work)?;
        work.check_start(&manifest, operation)?;
        let base = DeltaBase {
            operation,
            chain: manifest.chain.clone(),
            files: files.to_vec(),
        };
        Ok(Self {
            slice: open_slice(work)?,
            replay,
            manifest,
            base,
        })
    }
}

impl Records for DeltaInput<'_> {
    fn manifest(&self) -> Option<&Manifest> {
        Some(&self.manifest)
    }

    fn base(&self) -> Base {
        Base::Slice(self.base.clone())
    }

    fn schema(&self) -> Option<SchemaRef> {
        self.slice.schema()
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        _: &mut Found,
    ) -> Result<bool, AttemptError> {
        // What was found in the slice besides records is in the manifest, and in quarantine, since the attempt that made
        // the delta. To count it again would leave more records than were planned.
        let more = self.slice.next(batch, chain, &mut Found::default())?;
        if more {
            // The same slice is read in the same batches, so that the parts of the delta fit them one by one. A part that
            // does not fit is a damaged start and not a damaged slice.
            let replayed = self.replay.next(batch, chain.fields());
            replayed.map_err(|error| AttemptError::from(error).of_start())?;
        }
        Ok(more)
    }

    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        // The delta first: if it is no good, the slice is read again from the next start, and checked then.
        let finished = self.replay.finish();
        finished.map_err(|error| AttemptError::from(error).of_start())?;
        self.slice.finish()
    }
}
