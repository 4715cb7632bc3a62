//! The journal of a job in an object store, as a sequence of numbered objects.
//!
//! Each object holds the bytes of one sync, and is created only if its number is free. The sequence is therefore linear: a driver
//! that appends either gets the next number or learns that another driver had it. A driver begins an epoch the way it appends
//! anything else: its first object follows the last one of the previous driver, which can append nothing any more. That is stronger
//! than a file for each epoch, where an earlier driver goes on writing after the seal and learns nothing. Here, a record that a
//! driver was told is durable is never outside the truth.

mod damage;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coldpress_storage::{Error as StorageError, LogSink, ObjectName, crash_point, spawn_scoped};

use super::files;
use crate::bucket::{Bucket, named, read_object};
use crate::{Error, Result};

pub(super) use damage::naming_object;

/// The number of objects that are fetched at a time.
pub(super) const AT_A_TIME: u64 = 16;

/// The number of times that an object is put whose fate is unknown.
const TRIES: u32 = 3;

/// The number of checks for an object to become complete, and the pause between them.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

const FOLDER: &str = "journal/";

fn name_of(number: u64) -> Result<ObjectName> {
    named(&format!("{FOLDER}{number:010}.jsonl"))
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(FOLDER)?.strip_suffix(".jsonl")?;
    let number = digits.parse().ok()?;
    (format!("{number:010}") == digits).then_some(number)
}

/// Returns the file of an epoch in the copy.
pub(super) fn copy_path(dir: &Path, epoch: u64) -> PathBuf {
    files::path_of(dir, epoch)
}

/// Returns the newest epoch that has a file in the copy; 1 if none has.
pub(super) fn newest_copied(dir: &Path) -> Result<u64> {
    Ok(files::list(dir)?.last().map_or(1, |file| file.epoch))
}

/// Returns the number of the last object; 0 if there is none. The first `known` are known to exist.
///
/// # Errors
///
/// [`Error::MissingObject`] if one before it is missing.
pub(super) fn last(bucket: &Bucket, known: u64) -> Result<u64> {
    let listed = bucket.store().list(FOLDER)?;
    let numbers = listed
        .iter()
        .filter_map(|object| number_of(object.name.as_str()));
    let mut last = 0;
    for number in numbers {
        if number != last + 1 {
            return Err(missing(bucket, last + 1));
        }
        last = number;
    }
    if last < known {
        return Err(missing(bucket, last + 1));
    }
    Ok(last)
}

fn missing(bucket: &Bucket, number: u64) -> Error {
    Error::MissingObject {
        url: bucket
            .shown(&format!("{FOLDER}{number:010}.jsonl"))
            .display()
            .to_string(),
    }
}

/// Returns the objects with these numbers, fetched concurrently.
pub(super) fn fetch(bucket: &Bucket, numbers: RangeInclusive<u64>) -> Result<Vec<Vec<u8>>> {
    let fetch_one = |number: u64| {
        let name = name_of(number)?;
        for look in 1.. {
            let bytes = read_object(&**bucket.store(), &name)?;
            let bytes = bytes.ok_or_else(|| missing(bucket, number))?;
            // Object stores show an object once it is complete. A folder shows it as it grows, and leaves it incomplete if its
            // writer died.
            if bytes.ends_with(b"\n") || look == LOOKS {
                return Ok(bytes);
            }
            std::thread::sleep(PAUSE);
        }
        Err(missing(bucket, number))
    };
    std::thread::scope(|scope| {
        let threads = numbers
            .map(|number| spawn_scoped(scope, "coldpress-journal", move || fetch_one(number)));
        let threads: Vec<_> = threads.collect();
        let fetched = threads.into_iter().map(|thread| match thread?.join() {
            Ok(fetched) => fetched,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        fetched.collect()
    })
}

/// Splits the bytes of an object into runs of lines of one epoch; the epoch is none for lines that do not say.
pub(super) fn by_epoch(bytes: &[u8]) -> Vec<(Option<u64>, &[u8])> {
    let mut runs: Vec<(Option<u64>, &[u8])> = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let epoch = epoch_of(line);
        match runs.last_mut() {
            Some((known, run)) if *known == epoch => *run = &bytes[begin..end + line.len()],
            _ => {
                begin = end;
                runs.push((epoch, line));
            }
        }
        end += line.len();
    }
    runs
}

/// Returns the epoch that a line of a log names.
fn epoch_of(line: &[u8]) -> Option<u64> {
    const BEFORE: &[u8] = br#"{"crc32":"00000000","epoch":"#;
    let rest = line.get(BEFORE.len()..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// Appends to the sequence, as long as nobody else does.
#[derive(Debug)]
pub(super) struct Segments {
    bucket: Arc<Bucket>,
    /// The number of the next object, which other threads can see.
    next: Arc<AtomicU64>,
}

impl Segments {
    pub(super) fn after(last: u64, bucket: &Arc<Bucket>) -> Self {
        Self {
            bucket: Arc::clone(bucket),
            next: Arc::new(AtomicU64::new(last + 1)),
        }
    }

    pub(super) fn next(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.next)
    }
}

impl LogSink for Segments {
    fn put(&mut self, bytes: &[u8]) -> coldpress_storage::Result<()> {
        let number = self.next.load(Ordering::Acquire);
        create(&self.bucket, number, bytes)?;
        // A crash here leaves a complete object, so its records are durable although nobody was told.
        crash_point!("journal_object_put");
        self.next.store(number + 1, Ordering::Release);
        Ok(())
    }
}

/// Creates the object with this number.
///
/// An answer may be lost, and a request that was sent again may be refused because of its own first attempt. The existing object is
/// therefore compared before the answer is trusted.
///
/// # Errors
///
/// [`StorageError::AlreadyExists`] if another driver has the number; otherwise the store's answer.
pub(super) fn create(bucket: &Bucket, number: u64, bytes: &[u8]) -> coldpress_storage::Result<()> {
    let store = &**bucket.store();
    let name = ObjectName::new(format!("{FOLDER}{number:010}.jsonl"))?;
    let put = || {
        let mut writer = store.put_new(&name)?;
        writer.put(bytes)?;
        writer.finish().map(drop)
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let Err(error) = put() else {
            return Ok(());
        };
        match read_object(store, &name) {
            Ok(Some(there)) if there == bytes => return Ok(()),
            Ok(Some(_)) => {
                return Err(StorageError::AlreadyExists {
                    store: store.to_string(),
                    name: name.to_string(),
                });
            }
            Ok(None) if tries < TRIES => {}
            _ => return Err(error),
        }
    }
}

/// Checks that no driver has the next number.
///
/// # Errors
///
/// [`Error::Superseded`] if another driver has; [`Error::Storage`] if this cannot be determined.
pub(super) fn check_next(bucket: &Bucket, next: u64, epoch: u64) -> Result<()> {
    match read_object(&**bucket.store(), &name_of(next)?)? {
        None => Ok(()),
        Some(bytes) => Err(superseded(&bytes, epoch)),
    }
}

/// Returns the error for a driver whose number another driver had.
pub(super) fn superseded_at(bucket: &Bucket, number: u64, epoch: u64) -> Error {
    let name = name_of(number).ok();
    let bytes = name.and_then(|name| read_object(&**bucket.store(), &name).ok().flatten());
    superseded(&bytes.unwrap_or_default(), epoch)
}

fn superseded(bytes: &[u8], epoch: u64) -> Error {
    let newer = by_epoch(bytes).first().and_then(|(epoch, _)| *epoch);
    Error::Superseded {
        epoch,
        newer: newer.unwrap_or(epoch + 1),
    }
}

#[cfg(test)]
mod tests;
