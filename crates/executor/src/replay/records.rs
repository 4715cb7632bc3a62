//! The records in quarantine, written to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use coldpress_job::Layout;
use coldpress_record::Origin;
use coldpress_worker::QuarantineEntry;

use super::ReplayOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::follow::{FollowOptions, OpenedJob, QuarantineFiles, records_at};

/// The records for which the reason of their quarantine is kept.
pub(super) const MOST_KNOWN: usize = 2_000;

/// What was gathered.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) found: u64,
    pub(super) written: u64,
    pub(super) from_input: u64,
    /// The first ones that were written, in order.
    pub(super) known: Vec<Known>,
    pub(super) remarks: Vec<String>,
}

/// A record that was written.
pub(super) struct Known {
    pub(super) source: String,
    pub(super) origin: Origin,
    /// Its place in the file of the job's input.
    pub(super) place: String,
    pub(super) operator: Option<String>,
    pub(super) error: String,
}

impl Gathered {
    /// Writes the records in quarantine to a file, a line each, in the order of the partitions.
    pub(super) fn write(layout: &Layout, options: &ReplayOptions<'_>, path: &Path) -> Result<Self> {
        let quarantine = QuarantineFiles::of(layout, options.schemes)?;
        let mut gathered = Self::default();
        let follow = FollowOptions {
            registry: options.registry,
            schemes: options.schemes,
            asset_folders: options.asset_folders.clone(),
            most: 0,
        };
        let opened = match OpenedJob::open(layout, &follow) {
            Ok(opened) => Some(opened),
            Err(error) => {
                gathered.remarks.push(format!(
                    "the job's input cannot be used, so records are replayed as they reached the operator that failed on \
                     them: {}",
                    error.full_message()
                ));
                None
            }
        };
        let unwritable = |error: std::io::Error| {
            let message = format!("cannot write `{}`", path.display());
            Error::because(ErrorKind::Failed, message, error)
        };
        let mut out = BufWriter::new(File::create_new(path).map_err(unwritable)?);
        for partition in 0..quarantine.partitions() {
            let originals = match &opened {
                Some(opened) => originals(opened, &quarantine, partition)?,
                None => BTreeMap::new(),
            };
            quarantine.each(partition, |entry| {
                let place = quarantine.place_of(&entry.origin);
                gathered
                    .put(entry, place, &originals, &mut out)
                    .map_err(unwritable)
            })?;
        }
        out.flush().map_err(unwritable)?;
        if gathered.found > gathered.written {
            let rest = gathered.found - gathered.written;
            gathered.remarks.push(format!(
                "{rest} of the records are too long to be kept in quarantine, and are not replayed"
            ));
        }
        Ok(gathered)
    }

    fn put(
        &mut self,
        entry: QuarantineEntry,
        place: String,
        originals: &BTreeMap<Origin, String>,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        self.found += 1;
        let original = originals.get(&entry.origin);
        let line = match original {
            Some(original) => Some(original.clone().into_bytes()),
            None => entry.record.map(String::into_bytes).or_else(|| {
                let hex = entry.record_hex.as_deref()?;
                Some(bytes_of(hex))
            }),
        };
        let Some(mut line) = line else {
            return Ok(());
        };
        // A record is a line, and an empty line is none.
        let ends = line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r'));
        ends.for_each(|byte| *byte = b' ');
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        line.push(b'\n');
        out.write_all(&line)?;
        self.written += 1;
        self.from_input += u64::from(original.is_some());
        if self.known.len() < MOST_KNOWN {
            self.known.push(Known {
                source: entry.path,
                origin: entry.origin,
                place,
                operator: entry.operator,
                error: entry.error,
            });
        }
        Ok(())
    }
}

/// The records of a partition's quarantine as they were read. A piece that a splitter made has none, and neither has a record
/// that could not be read.
fn originals(
    opened: &OpenedJob,
    quarantine: &QuarantineFiles,
    partition: u32,
) -> Result<BTreeMap<Origin, String>> {
    let mut origins: BTreeMap<u32, BTreeSet<Origin>> = BTreeMap::new();
    quarantine.each(partition, |entry| {
        if entry.operator.is_some() && entry.origin.piece.is_whole() {
            // Where records were moved, they are from the slices of other partitions.
            if let Some(home) = opened.partition_of(&entry.origin) {
                origins.entry(home).or_default().insert(entry.origin);
            }
        }
        Ok(())
    })?;
    let mut originals = BTreeMap::new();
    for (home, origins) in origins {
        for found in records_at(opened, home, &origins)? {
            originals.extend(found.record.map(|record| (found.origin, record)));
        }
    }
    Ok(originals)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let pairs = hex.as_bytes().as_chunks::<2>().0.iter();
    pairs
        .map(|[high, low]| digit(*high) * 16 + digit(*low))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_hexadecimal() {
        assert_eq!(bytes_of("00ff1a"), [0, 0xff, 0x1a]);
        assert!(bytes_of("").is_empty());
    }
}
