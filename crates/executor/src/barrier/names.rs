//! What records are called in lists of duplicates: where they came from, and their ids.

use coldpress_barrier::SignatureReader;
use coldpress_checkpoint::{RowBlock, RowsReader};
use coldpress_job::NamedRecord;
use coldpress_record::{ChildPath, Origin};
use coldpress_worker::BarrierFile;

use super::case::{Case, Unresolved, unreadable};
use super::telling::Telling;

/// A record's place in the dataset and its id as JSON, which is empty where it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordName {
    pub(crate) origin: Origin,
    pub(crate) id: String,
}

impl RecordName {
    /// Writes it as bytes: source (`u32`), position (`u64`), the number of indices of the piece (`u32`) and these (`u32`), all
    /// little-endian, and the id.
    fn write(origin: &Origin, id: &[u8], out: &mut Vec<u8>) {
        let indices = origin.piece.indices();
        out.extend(origin.source.to_le_bytes());
        out.extend(origin.position.to_le_bytes());
        out.extend((indices.len() as u32).to_le_bytes());
        out.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
        out.extend(id);
    }

    /// Reads it; none if the bytes are no name.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (source, rest) = bytes.split_first_chunk::<4>()?;
        let (position, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let length = (u32::from_le_bytes(*count) as usize).checked_mul(4)?;
        let (indices, id) = rest.split_at_checked(length)?;
        let indices = indices.as_chunks::<4>().0.iter();
        let indices: Vec<u32> = indices.map(|index| u32::from_le_bytes(*index)).collect();
        Some(Self {
            origin: Origin {
                source: u32::from_le_bytes(*source),
                position: u64::from_le_bytes(*position),
                piece: ChildPath::from_indices(&indices),
            },
            id: String::from_utf8(id.to_vec()).ok()?,
        })
    }

    /// The name as the journal has it.
    pub(super) fn named(self) -> NamedRecord {
        NamedRecord {
            origin: self.origin,
            id: Some(self.id).filter(|id| !id.is_empty()),
        }
    }
}

/// A text as it is, and other values as JSON.
pub(crate) fn plain_value(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

/// The names of all records that are judged, which the indexes of the results and the labels of the signatures have.
pub(super) struct Names<'a, 'f> {
    pub(super) case: &'a Case,
    pub(super) telling: &'a Telling,
    pub(super) readers: &'a [SignatureReader<'f, BarrierFile>],
}

/// A record as it is called and labelled.
pub(super) struct Named<'a> {
    pub(super) origin: &'a Origin,
    pub(super) labels: &'a [Vec<u8>],
    id: Option<usize>,
}

impl Named<'_> {
    /// Writes the record's name.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let id = self.id.and_then(|at| self.labels.get(at));
        RecordName::write(self.origin, id.map_or(&[], Vec::as_slice), out);
    }
}

/// Why names cannot be given.
pub(super) enum Nameless {
    /// What they were given to cannot go on.
    Taker(coldpress_barrier::Error),
    /// They cannot be read.
    Unread(Unresolved),
}

impl From<coldpress_barrier::Error> for Nameless {
    fn from(error: coldpress_barrier::Error) -> Self {
        Self::Taker(error)
    }
}

impl Nameless {
    pub(super) fn into_unresolved(self, case: &Case) -> Unresolved {
        match self {
            Self::Taker(error) => case.because(error).into(),
            Self::Unread(unresolved) => unresolved,
        }
    }
}

impl<'a, 'f> Names<'a, 'f> {
    pub(super) fn new(
        case: &'a Case,
        telling: &'a Telling,
        readers: &'a [SignatureReader<'f, BarrierFile>],
    ) -> Self {
        Self {
            case,
            telling,
            readers,
        }
    }

    /// Calls `each` with all records, in the order of the dataset.
    pub(super) fn each(
        &self,
        mut each: impl FnMut(&Named<'_>) -> coldpress_barrier::Result<()>,
    ) -> Result<(), Nameless> {
        let mut partitions = 0..self.readers.len();
        partitions.try_for_each(|partition| self.each_of(partition, |_, named| each(named)))
    }

    /// Calls `each` with the records of a partition and their rows.
    pub(super) fn each_of(
        &self,
        partition: usize,
        mut each: impl FnMut(u64, &Named<'_>) -> coldpress_barrier::Result<()>,
    ) -> Result<(), Nameless> {
        let unread = |error: &(dyn std::error::Error + 'static)| {
            let partition = partition as u32;
            Nameless::Unread(match unreadable(partition, error) {
                // What is lost is the result, not its signatures.
                Unresolved::Damaged { partition, reason } => {
                    Unresolved::LostRows { partition, reason }
                }
                unread => unread,
            })
        };
        let file = &self.telling.indexes[partition];
        let index = self.case.stores.get(&file.key);
        let index = index.map_err(|error| unread(&error))?;
        let mut index = RowsReader::open(index, &file.stamp).map_err(|error| unread(&error))?;
        let (mut block, mut at) = (RowBlock::default(), 0);
        let mut failed = None;
        let labelled = self.readers[partition].each_labels(|row, labels| {
            if at == block.rows() {
                at = 0;
                match index.next(&mut block) {
                    Ok(true) => {}
                    Ok(false) => return Err(end_of_index()),
                    Err(error) => {
                        failed = Some(unread(&error));
                        return Err(coldpress_barrier::Error::Stopped);
                    }
                }
            }
            let origin = &block.origins[at];
            at += 1;
            let id = self.telling.labels.id;
            each(row, &Named { origin, labels, id })
        });
        match failed {
            Some(failed) => Err(failed),
            None => Ok(labelled?),
        }
    }
}

fn end_of_index() -> coldpress_barrier::Error {
    coldpress_barrier::Error::Damaged {
        what: "the index of a result",
        reason: "it has fewer rows than were signed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        for (origin, id) in [
            (Origin::new(0, 0), ""),
            (Origin::new(7, u64::MAX), "\"a\""),
            (Origin::new(1, 2).child(3).child(0), "[1]"),
        ] {
            let mut bytes = Vec::new();
            RecordName::write(&origin, id.as_bytes(), &mut bytes);
            let id = id.to_owned();
            assert_eq!(RecordName::read(&bytes), Some(RecordName { origin, id }));
        }
        assert_eq!(RecordName::read(&[0; 15]), None);
        assert_eq!(RecordName::read(&[0xff; 40]), None);
    }
}
