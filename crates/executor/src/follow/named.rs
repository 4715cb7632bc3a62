//! Records by their ordinals at a barrier: which ones stay for those that go.

use std::collections::{BTreeMap, BTreeSet};

use coldpress_barrier::Verdict;
use coldpress_record::Origin;
use coldpress_storage::ObjectRef;
use coldpress_worker::{BarrierFile, OpenFiles, Picked, pick_rows};

use super::changes::value_of;
use super::history::NamedDuplicate;
use super::opened::OpenedJob;
use super::text_diff::cut;
use crate::error::{Error, ErrorKind, Result};

/// Characters that are shown of another record.
const RECORD_CHARS: usize = 500;

impl OpenedJob {
    /// How many records each partition had before the barrier that ends a stage.
    pub(super) fn rows_before_barrier(&self, stage: u32) -> Option<Vec<u64>> {
        let chain = self.state.recipe()?.end_of(stage)?;
        let rows = |partition| Some(self.state.result_of(partition, chain)?.ledger.exported());
        (0..self.state.partition_count()).map(rows).collect()
    }

    /// Names records that came to the barrier at the end of a stage, given by their ordinals. Those that cannot be read any more
    /// are left out.
    pub(super) fn named_at_barrier(
        &self,
        stage: u32,
        ordinals: &BTreeSet<u64>,
        field: Option<&str>,
    ) -> BTreeMap<u64, NamedDuplicate> {
        let mut named = BTreeMap::new();
        let chain = self.state.recipe().and_then(|recipe| recipe.end_of(stage));
        let (Some(rows), Some(chain)) = (self.rows_before_barrier(stage), chain) else {
            return named;
        };
        let mut first = 0;
        for (partition, rows) in (0..).zip(rows) {
            let here: Vec<u64> = ordinals.range(first..first + rows).copied().collect();
            let result = self.state.published(partition, chain);
            if let Some(result) = result.filter(|_| !here.is_empty()) {
                let wanted: Vec<u64> = here.iter().map(|ordinal| ordinal - first).collect();
                let picked = self.pick(&result.rows, &result.index, &wanted, field);
                named.extend(picked.into_iter().map(|(row, one)| (first + row, one)));
            }
            first += rows;
        }
        named
    }

    /// Reads rows of a result, which are rising. What cannot be read is left out.
    pub(super) fn pick(
        &self,
        rows: &ObjectRef,
        index: &ObjectRef,
        wanted: &[u64],
        field: Option<&str>,
    ) -> Vec<(u64, NamedDuplicate)> {
        let mut found = Vec::new();
        let picked = pick_rows(&self.stores, rows, index, wanted, |picked| {
            let Picked {
                row,
                origin,
                record,
            } = picked;
            found.push((row, self.named(origin, &record, field)));
        });
        // What was read before an error is what it says it is.
        drop(picked);
        found
    }

    fn named(&self, origin: Origin, record: &str, field: Option<&str>) -> NamedDuplicate {
        let id = field.and_then(|field| value_of(record, field));
        NamedDuplicate {
            source: self.path_of(&origin),
            place: self.place_of(&origin),
            id: id.map(|json| cut(json, RECORD_CHARS)),
            record: cut(record, RECORD_CHARS),
            origin,
        }
    }

    /// The path of the file that a record is from.
    pub(crate) fn path_of(&self, origin: &Origin) -> String {
        let source = self.sources.get(origin.source as usize);
        source.map_or_else(String::new, |source| source.identity.path.clone())
    }

    /// The place of a record in its file.
    pub(crate) fn place_of(&self, origin: &Origin) -> String {
        let source = self.sources.get(origin.source as usize);
        crate::report::place(
            source.is_some_and(coldpress_dataset::Source::is_columnar),
            origin.position,
        )
    }

    /// Reads what was decided about a partition at a barrier.
    pub(super) fn verdict(&self, file: &ObjectRef) -> Result<Verdict> {
        let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::because(
                ErrorKind::Failed,
                format!("the decision `{file}` cannot be read"),
                error,
            )
        };
        let opened = BarrierFile::open(&self.stores, file, &OpenFiles::default())
            .map_err(|error| unreadable(error.into()))?;
        Verdict::read(&opened).map_err(|error| unreadable(error.into()))
    }
}

/// For a row that goes, the ordinal of the record that stays for it.
pub(super) fn kept_for(verdict: &Verdict, row: u64) -> Option<u64> {
    let goes = (0..row).filter(|row| !verdict.decision.stays(*row)).count();
    verdict.kept_for.get(goes).copied()
}
