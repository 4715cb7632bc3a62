//! Comparing the sorted entries of two exports in one pass.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use coldpress_barrier::{Arranged, ArrangedRecords, Arranger, Room};

use super::DiffOptions;
use super::entries::{Entries, Entry, Identity, unsortable};
use crate::error::{Error, ErrorKind, Result};

/// The result of a comparison.
pub(super) struct Outcome<'r> {
    pub(super) same: u64,
    pub(super) changed: u64,
    pub(super) lost: u64,
    pub(super) gained: u64,
    /// The rows of the first records that changed: in the first export, and in the second.
    pub(super) changed_rows: BTreeMap<u64, u64>,
    pub(super) lost_rows: Rows<'r>,
    pub(super) gained_rows: Rows<'r>,
}

/// Rows of one export that the other does not have.
pub(super) struct Rows<'r> {
    /// The first ones.
    pub(super) first: BTreeSet<u64>,
    /// All of them, rising, where they are to be written.
    pub(super) all: Option<ArrangedRecords<'r>>,
}

/// The most records with the same key, which are held in memory. A key that more records share does not identify them.
const MOST_ALIKE: usize = 100_000;

pub(super) fn compare<'r>(
    first: &mut Entries<'_>,
    second: &mut Entries<'_>,
    identity: Identity<'_>,
    options: &DiffOptions<'_>,
    room: &'r Room<'r>,
) -> Result<Outcome<'r>> {
    let mut sides = Sides {
        counts: [0; 2],
        changed_rows: BTreeMap::new(),
        lost: Gathering::new(room, options),
        gained: Gathering::new(room, options),
        samples: options.samples,
    };
    loop {
        let order = match (first.peek(), second.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            // Equal keys come together: they are sorted by the upper half, which others share only by rare chance.
            (Some(one), Some(other)) => (one.key >> 64).cmp(&(other.key >> 64)),
        };
        match (order, identity) {
            (Ordering::Less, _) => {
                if let Some(entry) = first.take()? {
                    sides.lost.push(entry.row)?;
                }
            }
            (Ordering::Greater, _) => {
                if let Some(entry) = second.take()? {
                    sides.gained.push(entry.row)?;
                }
            }
            // However many are the same, each pairs with the next of the other side.
            (Ordering::Equal, Identity::Content) => {
                first.take()?;
                second.take()?;
                sides.counts[0] += 1;
            }
            (Ordering::Equal, _) => {
                let alike = [alike(first, identity)?, alike(second, identity)?];
                sides.pair(alike)?;
            }
        }
    }
    let [same, changed] = sides.counts;
    let (lost, gained) = (sides.lost.count, sides.gained.count);
    Ok(Outcome {
        same,
        changed,
        lost,
        gained,
        changed_rows: sides.changed_rows,
        lost_rows: sides.lost.finish()?,
        gained_rows: sides.gained.finish()?,
    })
}

/// Takes all entries with the key of the next one.
fn alike(entries: &mut Entries<'_>, identity: Identity<'_>) -> Result<Vec<Entry>> {
    let Some(first) = entries.peek() else {
        return Ok(Vec::new());
    };
    let mut alike = Vec::new();
    while entries
        .peek()
        .is_some_and(|next| next.key >> 64 == first.key >> 64)
    {
        alike.extend(entries.take()?);
        if alike.len() > MOST_ALIKE {
            let message = match identity {
                Identity::Key(field) => format!(
                    "--key: more than {MOST_ALIKE} records have the same `{field}`, so it does not say which record is which; \
                     name another field"
                ),
                _ => format!("more than {MOST_ALIKE} records came from the same place"),
            };
            return Err(Error::new(ErrorKind::Recipe, message));
        }
    }
    Ok(alike)
}

struct Sides<'r> {
    /// Same and changed.
    counts: [u64; 2],
    changed_rows: BTreeMap<u64, u64>,
    lost: Gathering<'r>,
    gained: Gathering<'r>,
    samples: usize,
}

impl Sides<'_> {
    /// Pairs records with the same key: those that are the same first, then others in the order of their rows.
    fn pair(&mut self, [mut first, mut second]: [Vec<Entry>; 2]) -> Result<()> {
        first.sort_unstable();
        second.sort_unstable();
        let (mut one, mut other) = (first.into_iter().peekable(), second.into_iter().peekable());
        let (mut left, mut right) = (Vec::new(), Vec::new());
        loop {
            let place = |entry: &Entry| (entry.key, entry.content);
            let order = match (one.peek(), other.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => place(one).cmp(&place(other)),
            };
            match order {
                Ordering::Less => left.extend(one.next()),
                Ordering::Greater => right.extend(other.next()),
                Ordering::Equal => {
                    one.next();
                    other.next();
                    self.counts[0] += 1;
                }
            }
        }
        let by_key = |entries: Vec<Entry>| {
            let mut of_key: BTreeMap<u128, Vec<u64>> = BTreeMap::new();
            for entry in entries {
                of_key.entry(entry.key).or_default().push(entry.row);
            }
            of_key
                .values_mut()
                .for_each(|rows| rows.sort_unstable_by(|one, other| other.cmp(one)));
            of_key
        };
        let (left, mut right) = (by_key(left), by_key(right));
        for (key, mut rows) in left {
            let others = right.entry(key).or_default();
            while let (Some(row), Some(_)) = (rows.last(), others.last()) {
                let row = *row;
                rows.pop();
                if let Some(other) = others.pop() {
                    self.change(row, other);
                }
            }
            rows.into_iter().try_for_each(|row| self.lost.push(row))?;
        }
        let mut rest = right.into_values().flatten();
        rest.try_for_each(|row| self.gained.push(row))
    }

    fn change(&mut self, row: u64, other: u64) {
        self.counts[1] += 1;
        self.changed_rows.insert(row, other);
        if self.changed_rows.len() > self.samples {
            self.changed_rows.pop_last();
        }
    }
}

/// Rows that are counted, of which the first are known, and all where they are to be written.
struct Gathering<'r> {
    count: u64,
    first: BTreeSet<u64>,
    samples: usize,
    all: Option<Arranger<'r>>,
}

impl<'r> Gathering<'r> {
    fn new(room: &'r Room<'r>, options: &DiffOptions<'_>) -> Self {
        Self {
            count: 0,
            first: BTreeSet::new(),
            samples: options.samples,
            all: options.output.map(|_| Arranger::new(room)),
        }
    }

    fn push(&mut self, row: u64) -> Result<()> {
        self.count += 1;
        self.first.insert(row);
        if self.first.len() > self.samples {
            self.first.pop_last();
        }
        if let Some(all) = &mut self.all {
            let pushed = all.push(Arranged {
                position: row,
                ordinal: row,
                bytes: Box::default(),
            });
            pushed.map_err(unsortable)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Rows<'r>> {
        let all = self.all.map(Arranger::finish).transpose();
        Ok(Rows {
            first: self.first,
            all: all.map_err(unsortable)?,
        })
    }
}
