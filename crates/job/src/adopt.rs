//! Beginning a job where another one over the same input stands.
//!
//! The new job takes the other's journal over, and with it all that is true about the other: its plan, its results, its
//! checkpoints. What that cites is linked, or copied where it cannot be linked, so that neither job depends on the other
//! from then on. What follows is a resume like any other: what the recipe has in common with the other's is reused.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use coldpress_storage::{
    FileRef, NewFile, crash_point, create_dir_all_durable, open_file, sync_dir, verify,
};

use crate::id::JobId;
use crate::journal::{JobState, Journal};
use crate::layout::Layout;
use crate::lock::JobLock;
use crate::{Error, Result};

/// Which job to begin from, and how far: `JOB`, or `JOB@N` for no more than its first `N` operators.
///
/// ```
/// use coldpress_job::AdoptFrom;
///
/// let from: AdoptFrom = "crawl-3@4".parse()?;
/// assert_eq!((from.job_id.as_str(), from.operations), ("crawl-3", Some(4)));
/// # Ok::<(), coldpress_job::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptFrom {
    /// The other job.
    pub job_id: JobId,
    /// Of how many operators the work is adopted at most; none = of all.
    pub operations: Option<u32>,
}

impl FromStr for AdoptFrom {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (job_id, operations) = match text.split_once('@') {
            None => (text, None),
            Some((job_id, number)) => {
                let number = number.parse().map_err(|_| Error::InvalidJobId {
                    text: text.to_owned(),
                    reason: "behind the `@` stands no number of operators",
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

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Files that the new job now has too.
    pub files: u64,
    /// Files that were cited and are gone or damaged, as they were cited: what they held is made again.
    pub lost: Vec<String>,
}

/// Gives the job behind `lock`, which has no journal yet, the past of another.
///
/// A crash leaves either no journal, or all of it.
///
/// # Errors
///
/// [`Error::OutsideJob`] if the other job keeps copies of its input outside of its folder; those of [`Journal::read`] for
/// the other's journal; [`Error::Storage`].
pub fn adopt(
    from: &Layout,
    into: &Layout,
    lock: &JobLock,
    operations: Option<u32>,
) -> Result<Adopted> {
    from.prove()?;
    let state = Journal::read(from)?;
    let mut adopted = Adopted {
        files: 0,
        lost: Vec::new(),
    };
    for file in kept_files(&state) {
        let (source, place) = (locate(from, file)?, locate(into, file)?);
        match verify(&source, &file.stamp()) {
            Ok(()) => {
                link_or_copy(&source, &place)?;
                adopted.files += 1;
            }
            Err(_) => adopted.lost.push(file.path.clone()),
        }
    }
    for folder in [
        into.results_dir(),
        into.quarantine_dir(),
        into.partition_dir().to_owned(),
        into.checkpoint_dir().to_owned(),
    ] {
        sync_dir(folder)?;
    }
    crash_point!("adopt_before_journal");
    Journal::inherit(from, into, lock, operations)?;
    Ok(adopted)
}

/// The files that still count, each once.
fn kept_files(state: &JobState) -> Vec<&FileRef> {
    let copies = state.partitions();
    let copies = copies.filter_map(|planned| planned.slice.copy.as_ref());
    let cited = state.cited_files().chain(copies);
    let mut files: Vec<&FileRef> = cited
        .filter(|file| !state.is_forgotten(&file.path))
        .collect();
    files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    files.dedup_by(|one, other| one.path == other.path);
    files
}

/// Where a cited file is: names without a folder are checkpoints'.
fn locate(layout: &Layout, file: &FileRef) -> Result<PathBuf> {
    if Path::new(&file.path).is_absolute() {
        // The other's folder, which the new job would depend on.
        return Err(Error::OutsideJob {
            path: file.path.clone(),
        });
    }
    match file.path.contains('/') {
        true => layout.locate(file),
        false => Ok(layout.checkpoint_dir().join(&file.path)),
    }
}

fn link_or_copy(source: &Path, place: &Path) -> Result<()> {
    if let Some(folder) = place.parent() {
        create_dir_all_durable(folder)?;
    }
    match fs::remove_file(place) {
        // An earlier try that a crash ended.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("replace", place, error)),
    }
    if fs::hard_link(source, place).is_ok() {
        return Ok(());
    }
    let mut file = open_file(source)?;
    let mut copy = NewFile::create(place)?;
    io::copy(&mut file, &mut copy).map_err(|error| Error::io("copy to", place, error))?;
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
