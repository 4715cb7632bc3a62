//! Records that lack what the recipe needs, which are left out where they are read.

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::Manifest;
use coldpress_operator::Chain;
use coldpress_record::Batch;

use super::records::{Found, Records};
use crate::error::AttemptError;
use crate::tee::Base;

/// Returns whether a record has the fields that it needs.
pub(crate) fn has_needed(batch: &Batch, chain: &Chain, row: usize) -> bool {
    let mut needed = chain.pipeline().needed().iter();
    needed.all(|column| {
        let value = batch.json(*column, row);
        value.is_some_and(|value| value != "null")
    })
}

/// A slice without the records in which a needed field is missing or null.
pub(super) struct Needed<'a>(pub(super) Box<dyn Records + 'a>);

impl Records for Needed<'_> {
    fn manifest(&self) -> Option<&Manifest> {
        self.0.manifest()
    }

    fn base(&self) -> Base {
        self.0.base()
    }

    fn schema(&self) -> Option<SchemaRef> {
        self.0.schema()
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        let more = self.0.next(batch, chain, found)?;
        if more {
            let before = batch.selection().len();
            let rows = batch.selection().iter().copied();
            let has_all = |row: &u32| has_needed(batch, chain, *row as usize);
            let kept: Vec<u32> = rows.filter(has_all).collect();
            if kept.len() < before {
                found.without_text = (before - kept.len()) as u64;
                batch.retain(|row| kept.binary_search(&(row as u32)).is_ok());
            }
        }
        Ok(more)
    }

    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        self.0.finish()
    }
}
