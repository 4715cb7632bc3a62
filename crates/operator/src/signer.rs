//! The work of operators that need the whole dataset: on each record, and on all of them.
//!
//! Such an operator is a barrier between two stages. In the stage before it, a [`Signer`] makes a small signature of each record.
//! When all partitions have theirs, the records are judged by the signatures alone, according to the operator's [`Rule`]. If every
//! record keeps its place, each partition gets a [`Decision`](crate::Decision), which the next stage applies to its rows. If not,
//! the next stage finds other rows in its partitions.

use serde_json::Value;

use crate::mapper::Changes;
use crate::record::{Record, RecordError};
use crate::selection::Selection;

/// Makes signatures of records.
///
/// An instance serves one thread. The signature of a record must depend on that record alone.
pub trait Signer: Send {
    /// Puts the record's signature into `signature`, in the form that the operator declared.
    ///
    /// # Errors
    /// An error sends this record to quarantine.
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError>;

    /// Cuts parts out of a record that stays: those whose digests have these indices in its signature.
    ///
    /// It is called only for operators that judge by [`Rule::FrequentParts`].
    ///
    /// # Errors
    /// An error sends this record to quarantine; `changes` is then ignored.
    fn cut(
        &mut self,
        record: &Record<'_>,
        parts: &[u64],
        changes: &mut Changes,
    ) -> Result<(), RecordError> {
        let _ = (record, parts, changes);
        Err(RecordError::new("the operator cannot cut parts out"))
    }
}

/// The form of the signature of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureForm {
    /// This number of 64-bit keys; 0 means no key.
    Keys(u32),
    /// This number of 64-bit keys, and the set of the record's shingles.
    KeysAndSet(u32),
    /// One 128-bit digest.
    Digest,
    /// Any number of 128-bit digests, one for each part of the record.
    Digests,
    /// Bytes of any length.
    Value,
}

/// The signature of one record, to be filled by its signer with the parts that its form has, and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// For [`SignatureForm::Keys`] and [`SignatureForm::KeysAndSet`].
    pub keys: Vec<u64>,
    /// For [`SignatureForm::KeysAndSet`]: the hashes of the shingles, in ascending order, each once.
    pub set: Vec<u32>,
    /// For [`SignatureForm::Digest`] and [`SignatureForm::Digests`].
    pub digests: Vec<u128>,
    /// For [`SignatureForm::Value`].
    pub value: Vec<u8>,
    /// The fields by which people recognise the record: those that the recipe chooses, as JSON, empty if the record lacks them.
    /// They accompany every form, and a signer leaves them alone.
    pub labels: Vec<Vec<u8>>,
}

impl Signature {
    /// Clears everything except the labels.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.set.clear();
        self.digests.clear();
        self.value.clear();
    }

    /// Returns whether it has this form.
    pub fn is_of(&self, form: SignatureForm) -> bool {
        let counts = (self.keys.len(), self.digests.len(), self.value.len());
        let has_set = matches!(form, SignatureForm::KeysAndSet(_));
        if !has_set && !self.set.is_empty() {
            return false;
        }
        match form {
            SignatureForm::Keys(columns) => counts == (columns as usize, 0, 0),
            SignatureForm::KeysAndSet(columns) => {
                let rises = self.set.is_sorted_by(|one, next| one < next);
                rises && counts == (columns as usize, 0, 0)
            }
            SignatureForm::Digest => counts == (0, 1, 0),
            SignatureForm::Digests => (counts.0, counts.2) == (0, 0),
            SignatureForm::Value => (counts.0, counts.1) == (0, 0),
        }
    }
}

/// The rule by which records are judged from their signatures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Records with the same digest, or with the same key in one of their columns, are duplicates. The first record of each cluster
    /// in the order of the dataset stays.
    Equal,
    /// Records with the same key in one of their columns except the last are duplicates. The record of each cluster with the least
    /// key in the last column stays. If several have it, the first in the order of the dataset stays.
    EqualKeepLeast,
    /// Records without a second key are duplicates if their first keys differ in at most `distance` bits. Records with the same
    /// second key are duplicates too. The first record of each cluster in the order of the dataset stays.
    Near {
        /// The greatest number of bits.
        distance: u32,
    },
    /// Records are duplicates if they are so by another rule and their sets are alike too. Sets are alike if their Jaccard
    /// similarity (the share of shingles that both have, of all that at least one has) is at least `threshold`. A record goes only
    /// if it is alike to one that stays.
    Alike {
        /// [`Self::Equal`] or [`Self::Near`].
        candidates: Box<Rule>,
        /// The least similarity.
        threshold: f64,
    },
    /// Parts that occur in more than `threshold` records are cut out of all of them.
    FrequentParts {
        /// The greatest number of records.
        threshold: u64,
    },
    /// Some of the records stay, possibly in another order. Signatures are JSON values.
    Select {
        /// The records that stay.
        selection: Selection,
        /// True if Data-Juicer's quirks are wanted.
        compat: bool,
    },
    /// Records with the same digest become one record, in which each field is the list of their values. The groups come in the
    /// order of their first records.
    Group,
}

impl Rule {
    /// Returns whether it removes records because others stay.
    pub fn removes_duplicates(&self) -> bool {
        match self {
            Self::Equal | Self::EqualKeepLeast | Self::Near { .. } | Self::Alike { .. } => true,
            Self::FrequentParts { .. } | Self::Select { .. } | Self::Group => false,
        }
    }

    /// Returns whether records may move to other partitions, or become other records.
    pub fn moves_records(&self) -> bool {
        match self {
            Self::Group => true,
            Self::Select { selection, .. } => !matches!(selection, Selection::Among { .. }),
            Self::Equal
            | Self::EqualKeepLeast
            | Self::Near { .. }
            | Self::Alike { .. }
            | Self::FrequentParts { .. } => false,
        }
    }
}

/// The work of an operator that needs the whole dataset between two stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Barrier {
    /// The form of its signatures.
    pub form: SignatureForm,
    /// The rule for judging the records.
    pub rule: Rule,
    /// The parameters that the signatures depend on; `None` means all parameters.
    pub(crate) signed_by: Option<Value>,
}
