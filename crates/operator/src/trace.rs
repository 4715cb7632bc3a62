//! Traces: for each operator a sample of the records that it changed or dropped, for people.
//!
//! A record is in the sample or not by a hash of the seed, of the operator's place and of the record's origin: the records
//! with the least hashes are. So the samples of any parts of a dataset, put together, hold the sample of the whole, in whatever
//! order they were made.
//!
//! Texts are copied only of records that are among the least so far, which soon are few.

mod excerpt;
mod sample;

use coldpress_record::{DeclaredFields, Origin};
use serde::{Deserialize, Serialize};

pub use excerpt::{Excerpt, RecordExcerpt};
pub use sample::{Sample, Shown, Traced};

/// The settings of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSettings {
    /// The most records of each operator.
    pub most: u32,
    /// The fields that are shown besides the texts of a record that was changed.
    pub keys: Vec<String>,
    /// The seed of the choice.
    pub seed: u64,
}

impl TraceSettings {
    /// The greatest `most`: with more, little could be shown of each record.
    pub const MOST: u32 = 5000;

    /// Returns the most bytes that are shown of a text or of a record. It bounds the memory of a sample.
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
        // The operator's place as an origin, since that is what can be mixed.
        Origin::new(operation, 0).mix(self.seed)
    }
}

/// The samples of all operators of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracer {
    samples: Vec<Sample>,
}

impl Tracer {
    /// Empty samples of so many operators.
    #[must_use]
    pub fn new(settings: &TraceSettings, operators: usize) -> Self {
        let keys = DeclaredFields::new(settings.keys.iter().map(String::as_str));
        let operations = 0..operators as u32;
        let sample = |operation| Sample::new(settings, operation, keys.clone());
        Self {
            samples: operations.map(sample).collect(),
        }
    }

    /// The sample of the operator at this place.
    pub(crate) fn of(&mut self, operation: u32) -> Option<&mut Sample> {
        self.samples.get_mut(operation as usize)
    }

    /// All that was traced, in the order of the operators.
    #[must_use]
    pub fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}
