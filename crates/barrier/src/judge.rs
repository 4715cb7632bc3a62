//! Turns the signatures of all partitions into a decision about each.

use coldpress_operator::{Decision, Rule, SignatureForm};

use crate::clusters::Clusters;
use crate::decision::Verdict;
use crate::duplicates::find_duplicates;
use crate::error::Result;
use crate::frequent::find_frequent;
use crate::in_order::InOrder;
use crate::least::keep_least;
use crate::order::Ordinals;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;

/// The result of judging all partitions. Call [`next_verdict`](Self::next_verdict) once per partition, in order: the sorted data
/// cannot be rewound.
pub struct Judgement<'r> {
    found: Found<'r>,
    /// The number of rows of each partition, and the rows without a signature.
    partitions: std::vec::IntoIter<(u64, Vec<u64>)>,
    /// The ordinal of the first record of the next partition.
    first: u64,
}

enum Found<'r> {
    /// The first record of each cluster stays.
    Duplicates(Clusters),
    /// These records go, each with the one that stays for it.
    Going(InOrder<'r>),
    /// These parts are cut out.
    Frequent(InOrder<'r>),
    /// All records stay.
    All,
    /// These records stay, in the order of the dataset; with the next of them.
    Selected(Ordinals, Option<u64>),
}

/// Judges the records of all these partitions, in order.
///
/// # Errors
/// [`Error::Damaged`](crate::Error::Damaged) if signatures have different forms or do not suit the rule;
/// [`Error::Io`](crate::Error::Io), [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
pub fn judge<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    rule: &Rule,
    room: &'r Room<'r>,
) -> Result<Judgement<'r>> {
    let found = match rule {
        Rule::FrequentParts { threshold } => {
            Found::Frequent(find_frequent(partitions, *threshold, room)?)
        }
        Rule::EqualKeepLeast => {
            let mut clusters = find_duplicates(partitions, rule, room)?;
            let column = match partitions.first().map(SignatureReader::form) {
                Some(SignatureForm::Keys(columns)) => columns - 1,
                // There are no records.
                _ => 0,
            };
            Found::Going(keep_least(partitions, column, &mut clusters, room)?)
        }
        rule => Found::Duplicates(find_duplicates(partitions, rule, room)?),
    };
    Ok(Judgement::of(partitions, found))
}

impl<'r> Judgement<'r> {
    fn of<F: ReadAt + ?Sized>(
        partitions: &[SignatureReader<'_, F>],
        found: Found<'r>,
    ) -> Judgement<'r> {
        let of_each = partitions
            .iter()
            .map(|partition| (partition.rows(), partition.unsigned().to_vec()));
        Judgement {
            found,
            partitions: of_each.collect::<Vec<_>>().into_iter(),
            first: 0,
        }
    }

    /// Returns the judgement that these records stay, which come in the order of the dataset; `None` keeps all.
    pub(crate) fn selected<F: ReadAt + ?Sized>(
        partitions: &[SignatureReader<'_, F>],
        stay: Option<Ordinals>,
    ) -> Result<Self> {
        let found = match stay {
            None => Found::All,
            Some(mut stay) => {
                let next = stay.next_ordinal()?;
                Found::Selected(stay, next)
            }
        };
        Ok(Self::of(partitions, found))
    }

    /// Returns the verdict on the next partition, or `None` after the last one.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn next_verdict(&mut self) -> Result<Option<Verdict>> {
        let Some((rows, unsigned)) = self.partitions.next() else {
            return Ok(None);
        };
        let first = self.first;
        self.first += rows;
        let mut verdict = Verdict {
            decision: Decision::keep_all(rows),
            kept_for: Vec::new(),
        };
        unsigned
            .iter()
            .for_each(|row| verdict.decision.push_unsigned(*row));
        match &mut self.found {
            Found::Duplicates(clusters) => {
                for row in 0..rows {
                    let kept = clusters.first_of(first + row);
                    if kept != first + row {
                        verdict.decision.remove(row);
                        verdict.kept_for.push(kept);
                    }
                }
            }
            Found::Going(going) => {
                while let Some((record, kept)) = going.next_before(first + rows)? {
                    verdict.decision.remove(record - first);
                    verdict.kept_for.push(kept);
                }
            }
            Found::Frequent(parts) => {
                while let Some((record, part)) = parts.next_before(first + rows)? {
                    verdict.decision.push_cut(record - first, part);
                }
            }
            Found::All => {}
            Found::Selected(stay, next) => {
                for row in 0..rows {
                    if *next == Some(first + row) {
                        *next = stay.next_ordinal()?;
                    } else if unsigned.binary_search(&row).is_err() {
                        verdict.decision.remove(row);
                        // There is no other record that is kept instead.
                        verdict.kept_for.push(first + row);
                    }
                }
            }
        }
        Ok(Some(verdict))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use coldpress_operator::Signature;

    use super::*;
    use crate::signature::SignatureWriter;

    fn verdicts(
        form: SignatureForm,
        rule: &Rule,
        partitions: &[Vec<Option<Signature>>],
    ) -> Vec<Verdict> {
        let files = partitions.iter().map(|rows| {
            let mut writer = SignatureWriter::new(form);
            rows.iter().for_each(|row| writer.push(row.as_ref()));
            let mut bytes = Vec::new();
            writer.finish(&mut bytes).unwrap();
            bytes
        });
        let files: Vec<Vec<u8>> = files.collect();
        let readers: Vec<_> = files
            .iter()
            .map(|file| SignatureReader::open(&file[..]).unwrap())
            .collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut judgement = judge(&readers, rule, &room).unwrap();
        std::iter::from_fn(|| judgement.next_verdict().unwrap()).collect()
    }

    #[test]
    fn what_has_no_signature_is_no_duplicate_and_has_none() {
        let keys = |keys: [u64; 2]| {
            Some(Signature {
                keys: keys.to_vec(),
                ..Signature::default()
            })
        };
        let digest = |digest| {
            Some(Signature {
                digests: vec![digest],
                ..Signature::default()
            })
        };
        let near = [
            vec![None, keys([0, 0])],
            vec![keys([0, 0]), None, keys([3, 0])],
        ];
        let equal = [vec![None, digest(7)], vec![digest(7), None, digest(7)]];
        for verdicts in [
            verdicts(SignatureForm::Keys(2), &Rule::Near { distance: 2 }, &near),
            verdicts(SignatureForm::Digest, &Rule::Equal, &equal),
        ] {
            let [first, second] = &verdicts[..] else {
                panic!("{verdicts:?}")
            };
            assert_eq!(
                (first.decision.staying(), first.decision.unsigned()),
                (2, &[0][..])
            );
            assert_eq!(
                (second.decision.staying(), second.decision.unsigned()),
                (1, &[1][..])
            );
            assert_eq!(second.kept_for, [1, 1]);
        }
    }

    #[test]
    fn no_partitions_have_no_verdicts() {
        assert!(verdicts(SignatureForm::Digest, &Rule::Equal, &[]).is_empty());
        assert_eq!(
            verdicts(SignatureForm::Digest, &Rule::Equal, &[Vec::new()]).len(),
            1
        );
    }
}
