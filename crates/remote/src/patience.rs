//! When a request that failed is made again, and after how long a pause.

use std::io::ErrorKind;
use std::time::{Duration, Instant, SystemTime};

use chrono::DateTime;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

use crate::failure::{Failure, Kind};
use crate::waiters::Waiters;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often and how long a request is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How many times after the first.
    pub(crate) retries: u32,
    /// How long after the first no new try begins.
    pub(crate) limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retries: 10,
            // Signatures are good for five minutes and more, and a request is signed once.
            limit: Duration::from_secs(120),
        }
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(crate) struct Tries {
    patience: Patience,
    begun: Instant,
    failed: u32,
}

impl Tries {
    pub(crate) fn new(patience: Patience) -> Self {
        Self {
            patience,
            begun: Instant::now(),
            failed: 0,
        }
    }

    /// Counts a failure, and gives the pause before the next try unless this was the last one. `asked` is how long the
    /// server wants to be left alone.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.failed += 1;
        if self.failed > self.patience.retries {
            return None;
        }
        let pause = jittered(backoff(self.failed - 1)).max(asked.unwrap_or_default());
        let is_in_time = self.begun.elapsed() + pause <= self.patience.limit;
        is_in_time.then_some(pause)
    }

    /// Waits before going on with an answer that broke off.
    ///
    /// # Errors
    /// When it broke off too often without any progress.
    pub(crate) async fn pause_after_break(
        &mut self,
        broke: &str,
        waiters: &Waiters,
    ) -> Result<(), Failure> {
        let Some(pause) = self.pause(None) else {
            let text = format!("the connection broke {} times: {broke}", self.failed);
            return Err(Failure::new(Kind::Other(ErrorKind::ConnectionReset), text));
        };
        waiters.pause(pause).await;
        Ok(())
    }

    /// Allows no more than this many tries in all.
    pub(crate) fn at_most(&mut self, tries: u32) {
        self.patience.retries = self.patience.retries.min(tries.saturating_sub(1));
    }

    /// Begins anew, as after progress.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.patience);
    }

    /// The number of tries that failed.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }
}

fn backoff(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << failures.min(16))
        .min(LONGEST_PAUSE)
}

/// Between half of a pause and all of it, so that many who failed at once do not come back at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..=1.0))
}

/// Whether the same request may well succeed later.
pub(crate) fn is_worth_retrying(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// How long a server asks to be left alone.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at: SystemTime = DateTime::parse_from_rfc2822(value).ok()?.into();
    // A time that is past asks for nothing.
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let mut tries = Tries::new(Patience::default());
        let pauses: Vec<Duration> = std::iter::from_fn(|| tries.pause(None)).collect();
        assert_eq!(pauses.len(), 10);
        for (failures, pause) in (0..).zip(pauses) {
            assert!(pause >= backoff(failures) / 2 && pause <= backoff(failures));
        }
        assert_eq!(backoff(40), LONGEST_PAUSE);
    }

    #[test]
    fn a_server_that_asks_for_too_much_is_not_waited_for() {
        let mut tries = Tries::new(Patience::default());
        let asked = Duration::from_secs(7);
        assert_eq!(tries.pause(Some(asked)), Some(asked));
        assert_eq!(tries.pause(Some(Duration::from_secs(3600))), None);
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let after = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers)
        };
        assert_eq!(after("3"), Some(Duration::from_secs(3)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(after("Sat, 06 Nov 2094 08:49:37 GMT").unwrap() > Duration::from_secs(1 << 30));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
    }
}
