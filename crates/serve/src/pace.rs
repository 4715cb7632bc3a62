//! How often something is read anew.

use std::time::{Duration, Instant};

/// The shortest time between two readings.
const LEAST: Duration = Duration::from_secs(1);

/// What is read takes at most this part of the time, so that a job of very many partitions does not keep a core busy.
const PART_OF_TIME: u32 = 10;

/// Says when something is to be read anew.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    next: Option<Instant>,
}

impl Pace {
    pub(crate) fn is_due(&self) -> bool {
        self.next.is_none_or(|next| Instant::now() >= next)
    }

    /// Notes a reading that has just ended, and how long it took.
    pub(crate) fn took(&mut self, cost: Duration) {
        self.next = Some(Instant::now() + wait_after(cost));
    }
}

fn wait_after(cost: Duration) -> Duration {
    LEAST.max(cost * (PART_OF_TIME - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_read_seldom() {
        assert!(Pace::default().is_due());
        assert_eq!(wait_after(Duration::from_millis(3)), LEAST);
        assert_eq!(wait_after(Duration::from_secs(4)), Duration::from_secs(36));
    }
}
