//! How often something is read anew.

use std::time::{Duration, Instant};

use coldpress_job::JobsDir;
use rustix::time::{ClockId, clock_gettime};

/// The shortest time between two readings.
const LEAST: Duration = Duration::from_secs(1);

/// The shortest time between two lists of the jobs at a URL.
const LEAST_OF_URL: Duration = Duration::from_secs(10);

/// What is read takes at most this part of a core, so that a job of very many partitions does not keep one busy.
const PART_OF_CORE: u32 = 10;

/// Decides when something is read anew.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    next: Option<Instant>,
    least: Duration,
}

/// A reading under way, on one thread.
#[derive(Debug)]
pub(crate) struct Begun {
    at: Instant,
    work: Duration,
}

impl Pace {
    /// Returns the pace for listing all jobs of a place. At a URL each job costs requests.
    pub(crate) fn of(dir: &JobsDir) -> Self {
        let least = match dir.url() {
            Some(_) => LEAST_OF_URL,
            None => Duration::ZERO,
        };
        Self { least, next: None }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.next.is_none_or(|next| Instant::now() >= next)
    }

    /// Notes that a reading begins on this thread.
    pub(crate) fn begin() -> Begun {
        Begun {
            at: Instant::now(),
            work: work_of_thread(),
        }
    }

    /// Notes that it has ended, on the same thread.
    pub(crate) fn end(&mut self, begun: &Begun) {
        let work = work_of_thread().saturating_sub(begun.work);
        let wait = wait_after(begun.at.elapsed(), work).max(self.least);
        self.next = Some(Instant::now() + wait);
    }
}

/// A reading that waits for others on a busy machine costs them nothing, so what counts is its work.
fn wait_after(time: Duration, work: Duration) -> Duration {
    LEAST.max(time).max(work * (PART_OF_CORE - 1))
}

/// Returns the processor time of this thread.
fn work_of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_read_seldom() {
        let (short, long) = (Duration::from_millis(3), Duration::from_secs(4));
        assert!(Pace::default().is_due());
        assert_eq!(wait_after(short, short), LEAST);
        assert_eq!(wait_after(long, long), Duration::from_secs(36));
        assert_eq!(wait_after(long, short), long);
        let mut pace = Pace::default();
        let begun = Pace::begin();
        while work_of_thread() == begun.work {
            std::hint::spin_loop();
        }
        pace.end(&begun);
        assert!(!pace.is_due());
    }
}
