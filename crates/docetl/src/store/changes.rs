//! Finds the changes that an operation made to its input, and applies them again.

use std::collections::{HashMap, VecDeque};

use xxhash_rust::xxh3::xxh3_64;

use super::batches::Batches;
use crate::json::{Style, write_record};
use crate::{Record, Result, Value};

/// The column with the distance from the last row of the base that a record was found in to the row of this record; 0 is the same
/// row again. Null means that the record was not found in the base and is stored whole.
pub(super) const ROWS_ON: &str = "__rows_on__";
/// The keys of the base's record that the record does not have.
pub(super) const WITHOUT: &str = "__without__";

/// The number of rows over which a record is searched after others that were not found.
const MAX_MISSED: u64 = 32_768;

/// Finds the changes from the records of a base to those of an operation that got them as input.
///
/// Operations keep the order of records: a map makes one from each, a filter leaves some out, an unnest makes several from one. So
/// a record comes from the row after the last one, or from the last one, or is identical to that of a later row. A record that
/// isn't found this way is kept whole, which only costs space.
pub(super) struct Differ {
    base: Box<dyn Batches>,
    /// Records of the base, starting at the last row.
    window: VecDeque<Record>,
    /// The row of the window's first record.
    first: u64,
    /// Rows of the window by the digests of their records.
    rows: HashMap<u64, u64>,
    last: Option<u64>,
    /// The number of consecutive records that were not found anywhere.
    missed: u64,
    is_at_end: bool,
    scratch: Vec<u8>,
}

impl Differ {
    pub(super) fn new(base: Box<dyn Batches>) -> Self {
        Self {
            base,
            window: VecDeque::new(),
            first: 0,
            rows: HashMap::new(),
            last: None,
            missed: 0,
            is_at_end: false,
            scratch: Vec::new(),
        }
    }

    /// Returns the change to a record; `None` if it has a key that changes use themselves.
    pub(super) fn change(&mut self, record: &Record) -> Result<Option<Record>> {
        if record.get(ROWS_ON).is_some() || record.get(WITHOUT).is_some() {
            return Ok(None);
        }
        self.fill()?;
        let digest = self.digest(record);
        let least = self.last.unwrap_or_default();
        let exact = self.rows.get(&digest).copied().filter(|row| *row >= least);
        let next = self.last.map_or(0, |last| last + 1);
        // A map continues at its own pace, even after records that were not found.
        let after_missed = next + self.missed;
        let candidates = exact
            .into_iter()
            .chain([after_missed, next])
            .chain(self.last);
        let mut best: Option<(usize, u64, Record)> = None;
        for row in candidates {
            let Some(base) = self.record(row) else {
                continue;
            };
            if let Some((own, change)) = difference(base, record)
                && best.as_ref().is_none_or(|(least, ..)| own < *least)
            {
                best = Some((own, row, change));
            }
        }
        let (rows_on, change) = match best {
            Some((_, row, change)) => {
                let rows_on = row - self.last.map_or(0, |last| last);
                // The distance of the very first row is counted from the start.
                self.last = Some(row);
                self.missed = 0;
                (Value::Int(rows_on as i64), change)
            }
            None => {
                // At most one batch ahead, so that no more than that is in memory.
                self.missed = (self.missed + 1).min(MAX_MISSED);
                let whole = [(WITHOUT, Value::Null)].into_iter().chain(fields(record));
                (Value::Null, whole.collect())
            }
        };
        Ok(Some(
            [(ROWS_ON, rows_on)]
                .into_iter()
                .chain(fields(&change))
                .collect(),
        ))
    }

    fn record(&self, row: u64) -> Option<&Record> {
        self.window
            .get(usize::try_from(row.checked_sub(self.first)?).ok()?)
    }

    /// Reads until a batch lies ahead of the last row, and drops the rows before it.
    fn fill(&mut self) -> Result<()> {
        let next = self.last.map_or(0, |last| last + 1) + self.missed;
        while !self.is_at_end && next >= self.first + self.window.len() as u64 {
            let keep = self.last.unwrap_or_default();
            while self.first < keep && self.window.pop_front().is_some() {
                self.first += 1;
            }
            self.rows.retain(|_, row| *row >= keep);
            let Some(batch) = self.base.next()? else {
                self.is_at_end = true;
                break;
            };
            for record in batch {
                let row = self.first + self.window.len() as u64;
                let digest = self.digest(&record);
                self.rows.entry(digest).or_insert(row);
                self.window.push_back(record);
            }
        }
        Ok(())
    }

    fn digest(&mut self, record: &Record) -> u64 {
        self.scratch.clear();
        write_record(record, Style::COMPACT, &mut self.scratch);
        xxh3_64(&self.scratch)
    }
}

fn fields(record: &Record) -> impl Iterator<Item = (&str, Value)> {
    record.iter().map(|(key, value)| (key, value.clone()))
}

/// Returns the number of fields that differ from the base, and the change; `None` if too little is the same, or the keys have
/// another order.
fn difference(base: &Record, record: &Record) -> Option<(usize, Record)> {
    let without: Vec<Value> = base
        .keys()
        .filter(|key| record.get(key).is_none())
        .map(Value::from)
        .collect();
    let own = record
        .iter()
        .filter(|(key, value)| base.get(key) != Some(*value));
    let own: Vec<(&str, Value)> = own.map(|(key, value)| (key, value.clone())).collect();
    let same = record.len() - own.len();
    if same * 2 < base.len() {
        return None;
    }
    let count = own.len() + without.len();
    let without = if without.is_empty() {
        Value::Null
    } else {
        Value::List(without)
    };
    let change: Record = [(WITHOUT, without)].into_iter().chain(own).collect();
    (apply(base, &change, 1)? == *record).then_some((count, change))
}

/// Makes a record from the base's record and a change. The first keys of the change are not fields of the record.
fn apply(base: &Record, change: &Record, first_field: usize) -> Option<Record> {
    let mut record = match change.get(WITHOUT)? {
        Value::Null => base.clone(),
        Value::List(without) => {
            let is_kept = |key: &&str| !without.iter().any(|gone| gone.as_str() == Some(*key));
            fields(base).filter(|(key, _)| is_kept(key)).collect()
        }
        _ => return None,
    };
    for (key, value) in change.iter().skip(first_field) {
        record.insert(key, value.clone());
    }
    Some(record)
}

/// The records of an operation, restored from a base and its changes.
pub(super) struct Changed {
    changes: Box<dyn Batches>,
    base: Box<dyn Batches>,
    batch: std::vec::IntoIter<Record>,
    current: Option<Record>,
    /// The number of records of the base that were read.
    read: u64,
    /// The row of the last record.
    last: u64,
}

impl Changed {
    pub(super) fn new(changes: Box<dyn Batches>, base: Box<dyn Batches>) -> Self {
        Self {
            changes,
            base,
            batch: Vec::new().into_iter(),
            current: None,
            read: 0,
            last: 0,
        }
    }

    /// Reads the next records; `None` at the end. A change that does not fit the base gives `None` in its place.
    pub(super) fn next(&mut self) -> Result<Option<Option<Vec<Record>>>> {
        let Some(changes) = self.changes.next()? else {
            return Ok(None);
        };
        let mut records = Vec::with_capacity(changes.len());
        for change in changes {
            match self.record(&change)? {
                Some(record) => records.push(record),
                None => return Ok(Some(None)),
            }
        }
        Ok(Some(Some(records)))
    }

    /// Verifies both files.
    pub(super) fn verify(&self) -> Result<()> {
        self.changes.verify()?;
        self.base.verify()
    }

    fn record(&mut self, change: &Record) -> Result<Option<Record>> {
        match change.get(ROWS_ON) {
            Some(Value::Null) => Ok(Some(fields(change).skip(2).collect())),
            Some(Value::Int(rows_on)) => {
                let Ok(rows_on) = u64::try_from(*rows_on) else {
                    return Ok(None);
                };
                self.last = self.last.saturating_add(rows_on);
                self.read_to(self.last)?;
                Ok(self
                    .current
                    .as_ref()
                    .and_then(|base| apply(base, change, 2)))
            }
            _ => Ok(None),
        }
    }

    /// Reads the base up to a row.
    fn read_to(&mut self, row: u64) -> Result<()> {
        while self.read <= row {
            self.current = self.batch.next();
            if self.current.is_none() {
                match self.base.next()? {
                    Some(batch) => self.batch = batch.into_iter(),
                    None => return Ok(()),
                }
                continue;
            }
            self.read += 1;
        }
        Ok(())
    }
}
