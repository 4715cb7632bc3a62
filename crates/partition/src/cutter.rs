//! Cutting the sources into partitions while they are read.

mod lines;
mod rows;

use coldpress_dataset::{Format, Result, Source};

use crate::fetched::Fetched;
use crate::settings::{CopyPlace, CutSettings};
use crate::slice::{MARK_RECORDS, PlannedPartition, Slice};
use lines::OpenLines;
pub(crate) use rows::GroupDigests;
use rows::OpenRows;

/// Reads the sources in order and yields each partition as soon as it is complete.
pub struct Cutter {
    sources: Vec<Source>,
    settings: CutSettings,
    place: CopyPlace,
    fetched: Option<Fetched>,
    next_index: u32,
    /// The number of records in the dataset before the next slice.
    first_record: u64,
    next_source: usize,
    resume_at: u64,
    open: Option<Open>,
    /// The number of partitions that were made of the open source.
    made: u64,
}

/// The next result of the cutter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A partition.
    Partition(PlannedPartition),
    /// The rest of a source cannot be read.
    Damage {
        /// The index of the source.
        source: u32,
        /// The position in its text, or the row, after which nothing can be read.
        position: u64,
        /// The reason.
        reason: String,
    },
}

/// The source being cut.
enum Open {
    Lines(Box<OpenLines>),
    Rows(Box<OpenRows>),
    Damaged { source: u32, reason: String },
}

/// The next part of a source.
enum Found {
    Slice(Slice),
    /// Nothing can be read from here on.
    Damage {
        position: u64,
        reason: String,
    },
    End,
}

/// The bounds of a slice: the settings, and what was cut before it.
struct Bounds<'a> {
    settings: &'a CutSettings,
    place: &'a CopyPlace,
    fetched: Option<&'a Fetched>,
    /// The number of the partition that the slice becomes.
    index: u32,
    /// The number of records in the dataset before the slice.
    first_record: u64,
    /// The number of records that it may have because of the dataset's limit.
    limit_left: u64,
    /// The most records of a partition.
    max_records: u64,
    /// The most bytes of a partition.
    max_bytes: u64,
}

impl Bounds<'_> {
    /// Returns whether the record with this number in the dataset, counted from 0, gets a mark.
    fn is_marked(number: u64) -> bool {
        number > 0 && number.is_multiple_of(MARK_RECORDS)
    }

    /// Returns the most records that a slice may have.
    fn max_records(&self) -> u64 {
        self.max_records.max(1).min(self.limit_left)
    }
}

impl Cutter {
    /// Creates a cutter that begins with the first source.
    pub fn new(sources: Vec<Source>, settings: CutSettings, place: CopyPlace) -> Self {
        let (next_index, first_record, next_source, resume_at) = (0, 0, 0, 0);
        Self {
            sources,
            settings,
            place,
            fetched: None,
            next_index,
            first_record,
            next_source,
            resume_at,
            open: None,
            made: 0,
        }
    }

    /// Leaves the slices of sources at URLs here for the worker that reads them next.
    #[must_use]
    pub fn leaving(mut self, fetched: Fetched) -> Self {
        self.fetched = Some(fetched);
        self
    }

    /// Continues after the last partition of an unfinished plan, in which `made` partitions are of the same source.
    pub fn resume_after(&mut self, last: &PlannedPartition, made: u64) {
        self.made = made;
        self.next_index = last.index + 1;
        self.first_record = last.first_record + last.slice.records;
        self.next_source = last.slice.source as usize;
        self.resume_at = last.slice.end;
    }

    /// Skips the rest of a source, which is known to be damaged.
    pub fn skip_source(&mut self, source: u32) {
        if self.next_source <= source as usize {
            self.next_source = source as usize + 1;
            self.resume_at = 0;
        }
    }

    /// Returns the next partition or damage; `None` at the end of the dataset.
    ///
    /// # Errors
    /// Fails when a source cannot be read or a copy cannot be written.
    pub fn next_cut(&mut self) -> Result<Option<Cut>> {
        loop {
            let limit = self.settings.limit.unwrap_or(u64::MAX);
            let limit_left = limit.saturating_sub(self.first_record);
            if limit_left == 0 || (self.open.is_none() && !self.open_next()?) {
                return Ok(None);
            }
            let (max_records, max_bytes) = self.limits();
            let bounds = Bounds {
                max_records,
                max_bytes,
                settings: &self.settings,
                place: &self.place,
                fetched: self.fetched.as_ref(),
                index: self.next_index,
                first_record: self.first_record,
                limit_left,
            };
            let (source, found) = match &mut self.open {
                Some(Open::Lines(open)) => (open.source(), open.next_slice(&bounds)?),
                Some(Open::Rows(open)) => (open.source(), open.next_slice(&bounds)?),
                Some(Open::Damaged { source, reason }) => {
                    let reason = std::mem::take(reason);
                    (
                        *source,
                        Found::Damage {
                            position: 0,
                            reason,
                        },
                    )
                }
                None => return Ok(None),
            };
            match found {
                Found::Slice(slice) => return Ok(Some(Cut::Partition(self.partition(slice)))),
                Found::Damage { position, reason } => {
                    self.open = None;
                    return Ok(Some(Cut::Damage {
                        source,
                        position,
                        reason,
                    }));
                }
                Found::End => self.open = None,
            }
        }
    }

    /// Returns the most records and bytes that the next partition may have.
    fn limits(&self) -> (u64, u64) {
        let (settings, made) = (&self.settings, self.made);
        let share = |source: u32| settings.shares.get(source as usize);
        match &self.open {
            Some(Open::Lines(open)) => share(open.source())
                .map_or((settings.max_records, settings.max_bytes), |share| {
                    (u64::MAX, share.next(made, open.position()))
                }),
            Some(Open::Rows(open)) => share(open.source())
                .map_or((settings.max_records, settings.max_bytes), |share| {
                    (share.next(made, open.position()), u64::MAX)
                }),
            _ => (settings.max_records, settings.max_bytes),
        }
    }

    fn open_next(&mut self) -> Result<bool> {
        let Some(source) = self.sources.get(self.next_source) else {
            return Ok(false);
        };
        let start = std::mem::take(&mut self.resume_at);
        if start == 0 {
            self.made = 0;
        }
        let index = self.next_source as u32;
        self.open = Some(match &source.format {
            Format::Damaged(reason) => Open::Damaged {
                source: index,
                reason: reason.clone(),
            },
            _ if source.is_columnar() => match OpenRows::open(source, index, start) {
                Ok(rows) => Open::Rows(Box::new(rows)),
                Err(
                    coldpress_dataset::Error::DamagedTable { place, reason, .. }
                    | coldpress_dataset::Error::TooLarge { place, reason, .. },
                ) => Open::Damaged {
                    source: index,
                    reason: format!("{place}: {reason}"),
                },
                Err(error) => return Err(error),
            },
            _ => Open::Lines(Box::new(OpenLines::open(
                source,
                index,
                start,
                &self.settings,
            )?)),
        });
        self.next_source += 1;
        Ok(true)
    }

    fn partition(&mut self, slice: Slice) -> PlannedPartition {
        let (index, first_record) = (self.next_index, self.first_record);
        self.next_index += 1;
        self.made += 1;
        self.first_record += slice.records;
        PlannedPartition {
            index,
            first_record,
            slice,
        }
    }
}

#[cfg(test)]
mod tests;
