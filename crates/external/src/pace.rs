//! Limits on how often a program is asked, and how many times at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Delays calls of all threads of a process, so that no more of them are active, or begin in a minute, than allowed.
#[derive(Debug)]
pub struct Pace {
    at_once: Option<u64>,
    interval: Option<Duration>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    under_way: u64,
    /// The time when the next call may begin.
    next: Instant,
}

/// A call that is active until this is dropped.
#[derive(Debug)]
pub struct Turn<'p>(&'p Pace);

impl Pace {
    /// Allows at most this many calls at once, and this many that begin in a minute.
    pub fn new(at_once: Option<u64>, per_minute: Option<u64>) -> Self {
        Self {
            at_once,
            interval: per_minute.map(|calls| Duration::from_secs(60).div_f64(calls.max(1) as f64)),
            state: Mutex::new(State {
                under_way: 0,
                next: Instant::now(),
            }),
            freed: Condvar::new(),
        }
    }

    /// Returns whether calls are counted, so that each should have one record.
    pub fn counts_calls(&self) -> bool {
        self.interval.is_some()
    }

    /// Waits until another call may begin.
    pub fn turn(&self) -> Turn<'_> {
        let mut state = self.lock();
        while self.at_once.is_some_and(|most| state.under_way >= most) {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.under_way += 1;
        if let Some(interval) = self.interval {
            let now = Instant::now();
            let start = state.next.max(now);
            state.next = start + interval;
            drop(state);
            std::thread::sleep(start - now);
        }
        Turn(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_calls_are_under_way_than_allowed() {
        let (pace, now, most) = (
            Pace::new(Some(2), None),
            AtomicU64::new(0),
            AtomicU64::new(0),
        );
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let _turn = pace.turn();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
    }

    #[test]
    fn calls_begin_at_the_rate_that_is_allowed() {
        let (pace, begun) = (Pace::new(None, Some(1200)), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| drop(pace.turn()));
            }
        });
        assert!(
            begun.elapsed() >= Duration::from_millis(200),
            "{:?}",
            begun.elapsed()
        );
    }
}
