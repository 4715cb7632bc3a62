//! Beginning a job where another job over the same input ended.
//!
//! The new job takes over the other's journal, and with it everything that is true about the other: its plan, its results, its
//! checkpoints. The files that the journal cites are linked, or copied if they cannot be linked, so that neither job depends on the
//! other from then on. What follows is an ordinary resume, which reuses whatever the two recipes have in common.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use coldpress_storage::{
    ObjectKey, ObjectReader, Place, StoreSchemes, StoreSpec, Stores, crash_point,
    create_dir_all_durable, sync_dir,
};

use crate::Result;
use crate::id::{InvalidJobId, JobId};
use crate::journal::Journal;
use crate::layout::Layout;
use crate::lock::JobLock;
use crate::stores::open_stores;

/// The job to begin from, and how far: `JOB`, or `JOB@N` for no more than its first `N` operators.
///
/// ```
/// use coldpress_job::AdoptFrom;
///
/// let from: AdoptFrom = "crawl-3@4".parse()?;
/// assert_eq!((from.job_id.as_str(), from.operations), ("crawl-3", Some(4)));
/// # Ok::<(), coldpress_job::InvalidJobId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptFrom {
    /// The other job.
    pub job_id: JobId,
    /// The most operators whose work is adopted; none means all.
    pub operations: Option<u32>,
}

impl FromStr for AdoptFrom {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let (job_id, operations) = match text.split_once('@') {
            None => (text, None),
            Some((job_id, number)) => {
                let number = number.parse().map_err(|_| InvalidJobId {
                    text: text.to_owned(),
                    reason: "what follows the `@` is not a number of operators",
                })?;
                (job_id, Some(number))
            }
        };
        Ok(Self {
            job_id: job_id.parse()?,
            operations,
        })
    }
}

/// The files that were taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The number of files that the new job now has too.
    pub files: u64,
    /// Files that are cited but gone or damaged. Their content is made again.
    pub lost: Vec<ObjectKey>,
}

/// Gives the job that `lock` holds, which has no journal yet, the past of another job. `stores` are those of the new job. The
/// inputs that the other's results cite are looked up in `inputs`, which has their places for this job by their numbers in the
/// plan.
///
/// A crash leaves either no journal or the whole journal.
///
/// # Errors
///
/// Those of [`Journal::read`] for the other's journal, those of [`open_stores`] for its stores, and
/// [`Error::Storage`](crate::Error::Storage).
pub fn adopt(
    from: &Layout,
    into: (&Layout, &Stores),
    lock: &JobLock,
    inputs: &[PathBuf],
    operations: Option<u32>,
    schemes: &StoreSchemes,
) -> Result<Adopted> {
    from.prove()?;
    let state = Journal::read(from)?;
    let (sources, (into, stores)) = (open_stores(from, &state, schemes)?, into);
    for (number, place) in (0..).zip(inputs) {
        sources.move_input(number, place);
    }
    let mut adopted = Adopted {
        files: 0,
        lost: Vec::new(),
    };
    let mut given = HashSet::new();
    for file in state.kept_files() {
        match sources.verify(file) {
            Ok(()) => {
                match file.name().packed() {
                    None => give(&file.key, &sources, stores)?,
                    // A pack is copied whole, with everything else in it.
                    Some((pack, _)) => {
                        let pack = ObjectKey::new(file.place(), pack);
                        if !given.contains(&pack) {
                            give(&pack, &sources, stores)?;
                            given.insert(pack);
                        }
                    }
                }
                adopted.files += 1;
            }
            Err(_) => adopted.lost.push(file.key.clone()),
        }
    }
    // Files can be linked without a sync, so the folders are synced here once.
    for place in Place::ALL {
        if let StoreSpec::Folder(folder) = stores.specs().of(place)
            && folder.is_dir()
        {
            sync_dir(folder)?;
        }
    }
    crash_point!("adopt_before_journal");
    Journal::inherit(from, into, lock, operations, stores.specs())?;
    Ok(adopted)
}

/// Copies a file from one job to another as it is stored: as a link if both are files on one disk, or else byte by byte.
fn give(key: &ObjectKey, from: &Stores, into: &Stores) -> Result<()> {
    let (source, target) = (from.stored(key.place), into.stored(key.place));
    let is_taken = match target.get(&key.name) {
        Err(error) if error.is_not_found() => false,
        // An earlier try that a crash ended may have left any part of it.
        _ => true,
    };
    if is_taken {
        into.delete(key)?;
    }
    if let (Some(file), Some(place)) = (source.path_of(&key.name), target.path_of(&key.name)) {
        if let Some(folder) = place.parent() {
            create_dir_all_durable(folder)?;
        }
        if fs::hard_link(file, place).is_ok() {
            return Ok(());
        }
    }
    let mut copy = target.put_new(&key.name)?;
    io::copy(&mut ObjectReader::new(source.get(&key.name)?), &mut copy)
        .map_err(|error| coldpress_storage::Error::io("copy", key.name.as_str(), error))?;
    copy.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_another_job() {
        let parsed = |text: &str| text.parse::<AdoptFrom>();
        let job_id: JobId = "j-1".parse().unwrap();
        for (text, operations) in [("j-1", None), ("j-1@0", Some(0)), ("j-1@12", Some(12))] {
            let expected = AdoptFrom {
                job_id: job_id.clone(),
                operations,
            };
            assert_eq!(parsed(text).unwrap(), expected);
        }
        for text in [
            "",
            "@3",
            "j@",
            "j@x",
            "j@-1",
            "../j",
            "a/b@2",
            "j@4294967296",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
