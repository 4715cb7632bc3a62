//! Traces: for each operator, a sample of the records that it changed or dropped, for people to read.
//!
//! A hash of the seed, of the operator's place and of the record's origin decides which records are in the sample: those with the
//! least hashes. So the samples of any parts of a dataset together contain the sample of the whole, in whatever order they were
//! made.
//!
//! Texts are copied only for records that are among the least so far, and these soon become rare.

mod excerpt;
mod sample;

use coldpress_record::{DeclaredFields, Origin};
use serde::{Deserialize, Serialize};

pub use excerpt::{Excerpt, RecordExcerpt};
pub use sample::{Sample, Shown, Traced};

/// The settings of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSettings {
    /// The number of records for each operator, at most.
    pub most: u32,
    /// The fields that are shown in addition to the texts of a changed record.
    pub keys: Vec<String>,
    /// The seed of the choice.
    pub seed: u64,
}

impl TraceSettings {
    /// The greatest `most`. With more, only a little of each record could be shown.
    pub const MOST: u32 = 5000;

    /// Returns the number of bytes that are shown of a text or a record, at most. It bounds the memory of a sample.
    #[must_use]
    pub fn shown_bytes(&self) -> usize {
        const USUAL: usize = 64 << 10;
        const FEW: usize = 100;
        USUAL * FEW / (self.most as usize).max(FEW)
    }

    /// Returns the rank of a record: those with the least ranks are in the sample of the operator at this place.
    #[must_use]
    pub fn rank(&self, operation: u32, origin: &Origin) -> u64 {
        origin.mix(self.seed_of(operation))
    }

    fn seed_of(&self, operation: u32) -> u64 {
        // The operator's place is used as an origin, because only an origin can be mixed.
        Origin::new(operation, 0).mix(self.seed)
    }
}

/// The samples of all operators of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracer {
    samples: Vec<Sample>,
}

impl Tracer {
    /// Makes empty samples for this number of operators.
    #[must_use]
    pub fn new(settings: &TraceSettings, operators: usize) -> Self {
        let keys = DeclaredFields::new(settings.keys.iter().map(String::as_str));
        let operations = 0..operators as u32;
        let sample = |operation| Sample::new(settings, operation, keys.clone());
        Self {
            samples: operations.map(sample).collect(),
        }
    }

    /// Returns the sample of the operator at this place.
    pub(crate) fn of(&mut self, operation: u32) -> Option<&mut Sample> {
        self.samples.get_mut(operation as usize)
    }

    /// Returns all samples, in the order of the operators.
    #[must_use]
    pub fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}
