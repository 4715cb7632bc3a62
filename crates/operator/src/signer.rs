//! What operators that need the whole dataset do with each record and with all of them.
//!
//! Such an operator is a barrier between two stages. In the pass of the stage before it, a [`Signer`] makes a small
//! signature of each record. When all partitions have theirs, the records are judged by these alone, as the operator's
//! [`Rule`] says. Where every record keeps its place, each partition gets a [`Decision`](crate::Decision), which the next
//! stage applies to its rows. Where they do not, the next stage finds other rows in its partitions.

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

    /// Cuts parts out of a record that stays: those whose digests had these places in its signature.
    ///
    /// Asked of operators that judge by [`Rule::FrequentParts`] alone.
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

/// What is known of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureForm {
    /// So many 64-bit keys; 0 stands for none.
    Keys(u32),
    /// So many 64-bit keys, and the set of the record's shingles.
    KeysAndSet(u32),
    /// One 128-bit digest.
    Digest,
    /// Any number of 128-bit digests, one for each part of the record.
    Digests,
    /// Bytes of any length.
    Value,
}

/// The signature of one record, as its signer fills it: what the form asks for, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// For [`SignatureForm::Keys`] and [`SignatureForm::KeysAndSet`].
    pub keys: Vec<u64>,
    /// For [`SignatureForm::KeysAndSet`]: the hashes of the shingles, rising, each once.
    pub set: Vec<u32>,
    /// For [`SignatureForm::Digest`] and [`SignatureForm::Digests`].
    pub digests: Vec<u128>,
    /// For [`SignatureForm::Value`].
    pub value: Vec<u8>,
    /// What the record is known by to people: fields of the recipe's choice as JSON, empty where it lacks them. They come
    /// with every form, and a signer leaves them alone.
    pub labels: Vec<Vec<u8>>,
}

impl Signature {
    /// Takes everything out but the labels.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.set.clear();
        self.digests.clear();
        self.value.clear();
    }

    /// Returns whether it is of this form.
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

/// How the records are judged by their signatures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Records with the same digest, or with the same key in one of their columns, are duplicates. Of each cluster the
    /// first in the order of the dataset stays.
    Equal,
    /// Records with the same key in one of their columns but the last are duplicates. Of each cluster the record with the
    /// least key in the last column stays; of several that have it, the first in the order of the dataset.
    EqualKeepLeast,
    /// Records are duplicates whose first keys differ in at most `distance` bits and that have no second key, and those with
    /// the same second key. Of each cluster the first in the order of the dataset stays.
    Near {
        /// The greatest number of bits.
        distance: u32,
    },
    /// Records are duplicates that are so by another rule, if their sets are alike too: the share of shingles that both have
    /// of all that one of them has (their Jaccard similarity) is at least `threshold`. A record goes only if it is alike to
    /// one that stays.
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
    /// Some of the records stay, maybe in another order. Signatures are JSON values.
    Select {
        /// Which ones.
        selection: Selection,
        /// Whether Data-Juicer's oddities are wanted.
        compat: bool,
    },
    /// Records with the same digest become one record, each of whose fields is the list of theirs. The groups come in the
    /// order of their first records.
    Group,
}

impl Rule {
    /// Returns whether records go for which others stay.
    pub fn removes_duplicates(&self) -> bool {
        match self {
            Self::Equal | Self::EqualKeepLeast | Self::Near { .. } | Self::Alike { .. } => true,
            Self::FrequentParts { .. } | Self::Select { .. } | Self::Group => false,
        }
    }

    /// Returns whether records may come to lie in other partitions, or become other records.
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

/// What an operator that needs the whole dataset does between two stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Barrier {
    /// The form of its signatures.
    pub form: SignatureForm,
    /// How the records are judged.
    pub rule: Rule,
    /// What the signatures depend on; none = all parameters.
    pub(crate) signed_by: Option<Value>,
}
