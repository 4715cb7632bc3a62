//! Free disk space while a job is worked on: a stop before a disk is full, warnings before that.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::space::DiskSpace;

/// How often free space is looked at, at most.
const EVERY: Duration = Duration::from_secs(1);

/// What is remembered of free space from one look to the next.
#[derive(Debug)]
pub(crate) struct SpaceWatch {
    /// What must be left on each disk; 0 where nobody cares.
    min_free_bytes: u64,
    looked: Option<Instant>,
    /// The first folders of disks that were warned of.
    warned: Vec<PathBuf>,
}

/// What free space calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Enough,
    Little,
    TooLittle,
}

/// Judges what is free by what must be left.
fn judge(free_bytes: u64, min_free_bytes: u64) -> Verdict {
    if free_bytes < min_free_bytes {
        Verdict::TooLittle
    } else if free_bytes < min_free_bytes.saturating_mul(2) {
        Verdict::Little
    } else {
        Verdict::Enough
    }
}

impl SpaceWatch {
    pub(crate) fn new(min_free_bytes: u64) -> Self {
        Self {
            min_free_bytes,
            looked: None,
            warned: Vec::new(),
        }
    }

    /// Returns whether the disks are to be looked at again now; it counts as a look.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_early = self.looked.is_some_and(|then| then.elapsed() < EVERY);
        if self.min_free_bytes == 0 || is_early {
            return false;
        }
        self.looked = Some(Instant::now());
        true
    }

    /// Judges the disks that are written to, and gives what is to be warned of.
    ///
    /// # Errors
    /// When one has less than `min_free_disk_mb`.
    pub(crate) fn look(&mut self, disks: Vec<DiskSpace>) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        let asked = mebibytes(self.min_free_bytes);
        for disk in disks {
            let (name, free) = (disk.name(), mebibytes(disk.free_bytes));
            match judge(disk.free_bytes, self.min_free_bytes) {
                Verdict::Enough => {}
                Verdict::Little => {
                    let first = disk.folders.into_iter().next().unwrap_or_default();
                    if !self.warned.contains(&first) {
                        self.warned.push(first);
                        warnings.push(format!(
                            "{name} has {free} MB free; below {asked} MB (`min_free_disk_mb`) the job stops"
                        ));
                    }
                }
                Verdict::TooLittle => {
                    let message = format!(
                        "{name} has {free} MB free, and `min_free_disk_mb` asks for {asked} MB: free some space, or lower \
                         that, and run the same command again; what is finished stays"
                    );
                    return Err(Error::new(ErrorKind::Failed, message));
                }
            }
        }
        Ok(warnings)
    }

    /// Warnings about disks that have less room than the job may take.
    pub(crate) fn compare(&self, disks: &[DiskSpace]) -> Vec<String> {
        if self.min_free_bytes == 0 {
            return Vec::new();
        }
        let short = disks
            .iter()
            .filter(|disk| disk.needed_bytes > disk.free_bytes);
        let warning = |disk: &DiskSpace| {
            format!(
                "the job may write up to {} MB to {}, which has {} MB free; `coldpress plan` shows what for",
                disk.needed_bytes.div_ceil(1 << 20),
                disk.name(),
                mebibytes(disk.free_bytes)
            )
        };
        short.map(warning).collect()
    }
}

/// In the unit of the settings.
fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_judged_at_its_edges() {
        for (free, min_free, verdict) in [
            (0, 0, Verdict::Enough),
            (99, 100, Verdict::TooLittle),
            (100, 100, Verdict::Little),
            (199, 100, Verdict::Little),
            (200, 100, Verdict::Enough),
            (u64::MAX - 1, u64::MAX, Verdict::TooLittle),
        ] {
            assert_eq!(judge(free, min_free), verdict, "{free} of {min_free}");
        }
    }

    fn disk(folder: &str, free_mebibytes: u64, needed_mebibytes: u64) -> DiskSpace {
        DiskSpace {
            folders: vec![folder.into()],
            free_bytes: free_mebibytes << 20,
            needed_bytes: needed_mebibytes << 20,
        }
    }

    #[test]
    fn a_disk_is_warned_of_once_and_stops_the_job_when_it_is_too_full() {
        let mut watch = SpaceWatch::new(100 << 20);
        assert!(watch.is_due() && !watch.is_due());
        let disks = || vec![disk("a", 150, 0), disk("b", 500, 0)];
        let warnings = watch.look(disks()).unwrap();
        assert_eq!(
            warnings,
            ["the disk of `a` has 150 MB free; below 100 MB (`min_free_disk_mb`) the job stops"]
        );
        assert_eq!(watch.look(disks()).unwrap(), Vec::<String>::new());
        let error = watch.look(vec![disk("b", 99, 0)]).unwrap_err();
        assert!(error.to_string().contains("asks for 100 MB"), "{error}");
    }

    #[test]
    fn what_a_job_may_need_is_compared_with_what_is_free() {
        let disks = [disk("a", 10, 11), disk("b", 10, 10)];
        let warnings = SpaceWatch::new(1).compare(&disks);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].contains("up to 11 MB to the disk of `a`"),
            "{warnings:?}"
        );
        // Nobody cares.
        let mut careless = SpaceWatch::new(0);
        assert_eq!(careless.compare(&disks), Vec::<String>::new());
        assert!(!careless.is_due());
    }
}
