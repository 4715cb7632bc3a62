//! Naming the damaged object of a journal instead of its local copy, which nobody can repair.

use std::collections::BTreeMap;
use std::path::Path;

use super::{AT_A_TIME, FOLDER, by_epoch, fetch, last};
use crate::bucket::Bucket;
use crate::journal::files;
use crate::layout::Layout;
use crate::{Error, Result};

const ADVICE: &str = "an earlier version of the object, if the bucket keeps them, may be whole";

/// Returns damage of a journal copy as damage of the object from which the line came, and any other result unchanged.
pub(in crate::journal) fn naming_object<T>(layout: &Layout, read: Result<T>) -> Result<T> {
    let (Some(bucket), Err(Error::Damaged { path, line, reason })) = (layout.bucket(), &read)
    else {
        return read;
    };
    let found = match *line {
        0 => None,
        line => epoch_of(path).and_then(|epoch| find(bucket, epoch, line)),
    };
    let (name, line) = match found {
        Some((number, line)) => (format!("{FOLDER}{number:010}.jsonl"), line),
        // The whole journal is meant.
        None => (FOLDER.trim_end_matches('/').to_owned(), 0),
    };
    Err(Error::Damaged {
        path: bucket.shown(&name),
        line,
        reason: format!("{reason}; {ADVICE}"),
    })
}

fn epoch_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    files::epoch_of(name)
}

/// Finds the object with this line of the copy of an epoch, and the number of the line in the object.
fn find(bucket: &Bucket, epoch: u64, line: u64) -> Option<(u64, u64)> {
    let last = last(bucket, 0).ok()?;
    let mut copied: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut newest, mut number) = (1, 0);
    while number < last {
        let numbers = number + 1..=last.min(number + AT_A_TIME);
        for bytes in fetch(bucket, numbers).ok()? {
            number += 1;
            let mut before = 0;
            for (of, lines) in by_epoch(&bytes) {
                // As in the copy: unreadable lines belong to the epoch before them.
                newest = of.unwrap_or(newest);
                let count = lines.split_inclusive(|byte| *byte == b'\n').count() as u64;
                let known = copied.entry(newest).or_default();
                if newest == epoch && *known + count >= line {
                    return Some((number, before + line - *known));
                }
                *known += count;
                before += count;
            }
        }
    }
    None
}
