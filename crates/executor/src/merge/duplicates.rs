//! Writing the list of the records that deduplicators removed.

use coldpress_barrier::{Error as BarrierError, Listed, ListingReader};
use coldpress_export::{Duplicate, DuplicatesFile, RecordAt, Staged};
use coldpress_record::Origin;
use coldpress_storage::StoredObject;
use coldpress_worker::{BarrierFile, OpenFiles, obstacle};

use super::failure::MergeFailure;
use crate::barrier::{RecordName, plain_value};

/// What the list is made of.
pub(crate) struct Lists {
    /// The lists of the deduplicators, in the order of the recipe: their places, their names and the files.
    pub(crate) lists: Vec<(u32, String, StoredObject)>,
    /// The paths of the sources.
    pub(crate) paths: Vec<String>,
}

impl Lists {
    /// Writes all of them to one file.
    pub(super) fn write(&self, mut file: DuplicatesFile) -> Result<Staged, MergeFailure> {
        for (operation, operator, list) in &self.lists {
            let opened = BarrierFile::of(list.clone(), &OpenFiles::default());
            let opened = opened.map_err(|error| unreadable(operator, &error))?;
            let unreadable = |error: BarrierError| unreadable(operator, &error);
            let mut reader = ListingReader::open(&opened).map_err(unreadable)?;
            while let Some(listed) = reader.next_listed().map_err(unreadable)? {
                let duplicate = self.duplicate(*operation, operator, &listed);
                let duplicate = duplicate.ok_or_else(|| damaged(operator))?;
                file.push(&duplicate).map_err(MergeFailure::Output)?;
            }
        }
        file.finish().map_err(MergeFailure::Output)
    }

    fn duplicate<'a>(
        &'a self,
        operation: u32,
        operator: &'a str,
        listed: &Listed,
    ) -> Option<Duplicate<'a>> {
        Some(Duplicate {
            operation,
            operator,
            removed: self.record(&listed.name)?,
            kept: self.record(&listed.kept_name)?,
            cluster: listed.kept,
            similarity: listed.similarity,
        })
    }

    fn record(&self, name: &[u8]) -> Option<RecordAt<'_>> {
        let RecordName { origin, id } = RecordName::read(name)?;
        let is_known = !id.is_empty() && id != "null";
        Some(RecordAt {
            file: self.paths.get(origin.source as usize)?,
            position: origin.position,
            piece: piece(&origin),
            id: is_known.then(|| plain_value(&id)),
        })
    }
}

/// Which child of which splitter a record is, as `3/0`; none of a record as it was read.
fn piece(origin: &Origin) -> Option<String> {
    let indices = origin.piece.indices().iter().map(u32::to_string);
    let indices: Vec<String> = indices.collect();
    (!indices.is_empty()).then(|| indices.join("/"))
}

fn unreadable(operator: &str, error: &(dyn std::error::Error + 'static)) -> MergeFailure {
    match obstacle(error) {
        Some(explanation) => MergeFailure::Obstacle(explanation),
        None => damaged(operator),
    }
}

/// It was whole when the barrier was passed. A run that finds it damaged makes it again.
fn damaged(operator: &str) -> MergeFailure {
    MergeFailure::Obstacle(format!(
        "the list of the duplicates of {operator} was damaged while the job ran; run it again"
    ))
}
