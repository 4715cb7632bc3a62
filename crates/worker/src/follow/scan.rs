//! The records of a slice as they are read, also those that no operator gets.

use std::borrow::Cow;

use coldpress_operator::Chain;
use coldpress_record::{Batch, Origin};

use crate::input::{self, Found};

/// A record of a slice, as it is read.
pub struct ScannedRecord<'b> {
    /// How many records of the slice come before it.
    pub number: u64,
    /// Its origin.
    pub origin: &'b Origin,
    content: Content<'b>,
}

enum Content<'b> {
    Row {
        batch: &'b Batch,
        row: usize,
        /// The column of the field that is looked at.
        column: Option<usize>,
        has_needed: bool,
    },
    Rejected(&'b str),
}

impl<'b> ScannedRecord<'b> {
    /// Returns the value of the field that is looked at, as JSON; none where the record has no such field.
    #[must_use]
    pub fn value(&self) -> Option<Cow<'b, str>> {
        match self.content {
            Content::Row {
                batch, row, column, ..
            } => batch.json(column?, row),
            Content::Rejected(_) => None,
        }
    }

    /// Returns the record as JSON; none of one that cannot be read.
    #[must_use]
    pub fn record(&self) -> Option<String> {
        match self.content {
            Content::Row { batch, row, .. } => Some(batch.record(row)),
            Content::Rejected(_) => None,
        }
    }

    /// Returns whether a worker drops the record where it reads it, because it lacks what the recipe needs.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        match self.content {
            Content::Row { has_needed, .. } => !has_needed,
            Content::Rejected(_) => false,
        }
    }

    /// Returns why the record cannot be read, if so.
    #[must_use]
    pub fn rejected(&self) -> Option<&'b str> {
        match self.content {
            Content::Row { .. } => None,
            Content::Rejected(reason) => Some(reason),
        }
    }
}

/// Shows the records of a batch and those that could not be read, in the order of their places.
pub(super) fn show(
    batch: &Batch,
    chain: &Chain,
    column: Option<usize>,
    found: &Found,
    mut number: u64,
    each: &mut impl FnMut(&ScannedRecord<'_>),
) -> u64 {
    let lost = found.rejects.iter().filter(|reject| !reject.lost);
    let rejected = lost.map(|reject| (&reject.origin, reject.reason.as_str()));
    let too_long = found.too_long.iter();
    let too_long =
        too_long.map(|(origin, _)| (origin, "the record is longer than `max_record_mb`"));
    let mut rejected: Vec<(&Origin, &str)> = rejected.chain(too_long).collect();
    rejected.sort();
    let mut rejected = rejected.into_iter().peekable();
    let mut give = |origin: &Origin, content| {
        each(&ScannedRecord {
            number,
            origin,
            content,
        });
        number += 1;
    };
    for row in batch.selection().iter().map(|row| *row as usize) {
        let origin = batch.origin(row);
        while let Some((before, reason)) = rejected.next_if(|(before, _)| *before < origin) {
            give(before, Content::Rejected(reason));
        }
        let content = Content::Row {
            batch,
            row,
            column,
            has_needed: input::has_needed(batch, chain, row),
        };
        give(origin, content);
    }
    rejected.for_each(|(origin, reason)| give(origin, Content::Rejected(reason)));
    number
}
