//! What a search in the input of a job came to.

use coldpress_record::Origin;

/// A record of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundRecord {
    /// The partition that it is in; none of one beyond the limit.
    pub(crate) partition: Option<u32>,
    /// Its number in the dataset, from 0.
    pub(crate) number: u64,
    pub(crate) origin: Origin,
    /// The record as JSON; none of one that cannot be read.
    pub(crate) record: Option<String>,
    /// Why it cannot be read.
    pub(crate) rejected: Option<String>,
    /// Whether it was dropped where it was read, as it has no text.
    pub(crate) is_left_out: bool,
    /// Whether it was drawn, where the recipe takes only some records.
    pub(crate) is_sampled: bool,
}

/// What a search came to.
#[derive(Default)]
pub(super) struct Search {
    pub(super) looked_at: u64,
    pub(super) with_field: u64,
    pub(super) found: u64,
    pub(super) records: Vec<FoundRecord>,
}

impl Search {
    pub(super) fn add(mut self, next: Self, most: usize) -> Self {
        self.looked_at += next.looked_at;
        self.with_field += next.with_field;
        self.found += next.found;
        self.records.extend(next.records);
        self.records.truncate(most);
        self
    }
}
