//! Free disk space while a job is worked on: a stop before a disk is full, warnings before that.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use coldpress_partition::SampledRecords;

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::space::DiskEstimate;

/// How often free space is looked at, at most.
const EVERY: Duration = Duration::from_secs(1);

/// What is remembered of free space from one look to the next.
#[derive(Debug, Default)]
pub(super) struct SpaceWatch {
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

impl Driver<'_> {
    /// Looks at the free space of all disks that are written to, unless it was just done.
    ///
    /// # Errors
    /// When one has less than `min_free_disk_mb`.
    pub(super) fn watch_space(&mut self) -> Result<()> {
        let min_free = self.executor.prepared.recipe.limits.min_free_disk_bytes;
        let is_early = self.space.looked.is_some_and(|then| then.elapsed() < EVERY);
        if min_free == 0 || is_early {
            return Ok(());
        }
        self.space.looked = Some(Instant::now());
        for disk in self.executor.prepared.disks(&DiskEstimate::default()) {
            let (name, free) = (disk.name(), mebibytes(disk.free_bytes));
            let asked = mebibytes(min_free);
            match judge(disk.free_bytes, min_free) {
                Verdict::Enough => {}
                Verdict::Little => {
                    let first = disk.folders.into_iter().next().unwrap_or_default();
                    if !self.space.warned.contains(&first) {
                        self.space.warned.push(first);
                        self.warn(format!(
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
        Ok(())
    }

    /// Warns of disks that have less room than a job over so many decoded bytes may take.
    pub(super) fn compare_need(&mut self, need: &DiskEstimate) {
        if self.executor.prepared.recipe.limits.min_free_disk_bytes == 0 {
            return;
        }
        for disk in self.executor.prepared.disks(need) {
            if disk.needed_bytes > disk.free_bytes {
                self.warn(format!(
                    "the job may write up to {} MB to {}, which has {} MB free; `coldpress plan` shows what for",
                    disk.needed_bytes.div_ceil(1 << 20),
                    disk.name(),
                    mebibytes(disk.free_bytes)
                ));
            }
        }
    }

    /// What is still to be written of a job whose plan is complete.
    pub(super) fn need_of_the_rest(&self) -> DiskEstimate {
        let (mut all, mut open) = (0_u64, 0_u64);
        for partition in self.state.partitions() {
            let bytes = partition.slice.bytes();
            all += bytes;
            if self.usable_result(partition.index).is_none() {
                open += bytes;
            }
        }
        let points = self.executor.prepared.checkpoints.len() as u64;
        DiskEstimate {
            export: all,
            ..DiskEstimate::new(open, 0, points)
        }
    }

    /// What a job writes that is begun, as far as a sample of its input tells.
    pub(super) fn need_of_all(&self, seen: &SampledRecords) -> DiskEstimate {
        let prepared = &self.executor.prepared;
        let limit = prepared.recipe.limit.unwrap_or(u64::MAX);
        let records = seen.estimated_records.max(1);
        let counted = limit.min(records) as f64 / records as f64;
        let estimated_bytes = (seen.estimated_bytes as f64 * counted) as u64;
        let length = |copied_only: bool| {
            let counted = self.sources.iter();
            let counted = counted.filter(|source| !copied_only || prepared.is_copied(source));
            counted.map(|source| source.identity.length).sum::<u64>()
        };
        let share = length(true) as f64 / length(false).max(1) as f64;
        let copied = (estimated_bytes as f64 * share) as u64;
        DiskEstimate::new(estimated_bytes, copied, prepared.checkpoints.len() as u64)
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
}
