//! How long to wait before an attempt is made again, and when to give up.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ErrorClass;

/// How the delay grows from one failed attempt to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Doubles each time: 1, 2, 4, 8 … times the first delay.
    #[default]
    Exponential,
    /// Grows by the first delay each time: 1, 2, 3, 4 … times.
    Linear,
    /// Stays the same.
    Fixed,
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Exponential => "exponential",
            Self::Linear => "linear",
            Self::Fixed => "fixed",
        })
    }
}

/// When an attempt is made again, and after how long.
///
/// ```
/// use coldpress_failure::RetryPolicy;
///
/// let policy = RetryPolicy::default();
/// assert_eq!((policy.max_retries, policy.delay_seconds), (3, 1.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How many times an attempt is made again; there are one more attempts than retries.
    pub max_retries: u32,
    /// How the delay grows.
    pub backoff: Backoff,
    /// The delay after the first failure, in seconds. Negative, and not a number, is 0.
    pub delay_seconds: f64,
    /// The longest delay, in seconds; jitter does not go beyond it.
    pub max_delay_seconds: f64,
}

impl RetryPolicy {
    /// A policy that never tries again.
    #[must_use]
    pub fn never() -> Self {
        Self {
            max_retries: 0,
            ..Self::default()
        }
    }

    /// The time to wait after a failure of this class, `None` to give up.
    ///
    /// `failed_attempts` counts all attempts that have failed, the last one included, so it is at
    /// least 1 (0 is taken as 1). The delay varies by ±25 % so that what failed together does not
    /// come back together; how much is decided by `seed` and `failed_attempts` alone.
    #[must_use]
    pub fn delay_after(
        &self,
        class: ErrorClass,
        failed_attempts: u32,
        seed: u64,
    ) -> Option<Duration> {
        let failed_attempts = failed_attempts.max(1);
        if !class.may_pass() || failed_attempts > self.max_retries {
            return None;
        }
        let factor = match self.backoff {
            // Beyond 2^63 any delay is over the cap or 0.
            Backoff::Exponential => f64::from(2_u32).powi(exponent(failed_attempts)),
            Backoff::Linear => f64::from(failed_attempts),
            Backoff::Fixed => 1.0,
        };
        let longest = at_least_zero(self.max_delay_seconds);
        let plain = (at_least_zero(self.delay_seconds) * factor).min(longest);
        let delay = (plain * jitter(seed, failed_attempts)).min(longest);
        Some(Duration::try_from_secs_f64(delay).unwrap_or(Duration::MAX))
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            backoff: Backoff::Exponential,
            delay_seconds: 1.0,
            max_delay_seconds: 60.0,
        }
    }
}

fn exponent(failed_attempts: u32) -> i32 {
    i32::try_from(failed_attempts - 1).map_or(63, |exponent| exponent.min(63))
}

/// `NaN` is 0 as well, because `max` gives the operand that is a number.
fn at_least_zero(seconds: f64) -> f64 {
    seconds.max(0.0)
}

/// A factor from 0.75 to 1.25.
fn jitter(seed: u64, failed_attempts: u32) -> f64 {
    let mixed = split_mix(seed ^ split_mix(u64::from(failed_attempts)));
    // 53 bits are what a double holds exactly.
    let unit = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    0.75 + unit / 2.0
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(backoff: Backoff, delay_seconds: f64, max_delay_seconds: f64) -> RetryPolicy {
        RetryPolicy {
            max_retries: 5,
            backoff,
            delay_seconds,
            max_delay_seconds,
        }
    }

    #[track_caller]
    fn check(policy: &RetryPolicy, plain_seconds: [f64; 5]) {
        for (failed, plain) in (1..).zip(plain_seconds) {
            for seed in 0..50 {
                let delay = policy
                    .delay_after(ErrorClass::System, failed, seed)
                    .unwrap()
                    .as_secs_f64();
                let highest = (plain * 1.25).min(policy.max_delay_seconds);
                let range = plain * 0.75..=highest;
                assert!(range.contains(&delay), "{failed}: {delay} not in {range:?}");
            }
        }
        assert_eq!(policy.delay_after(ErrorClass::System, 6, 0), None);
    }

    #[test]
    fn delays_grow_as_named_and_are_capped() {
        check(
            &policy(Backoff::Exponential, 1.0, 60.0),
            [1.0, 2.0, 4.0, 8.0, 16.0],
        );
        check(
            &policy(Backoff::Exponential, 1.0, 5.0),
            [1.0, 2.0, 4.0, 5.0, 5.0],
        );
        check(
            &policy(Backoff::Linear, 2.0, 60.0),
            [2.0, 4.0, 6.0, 8.0, 10.0],
        );
        check(&policy(Backoff::Fixed, 0.5, 60.0), [0.5; 5]);
    }

    #[test]
    fn the_jitter_is_fixed_by_its_seed_and_spreads() {
        let policy = policy(Backoff::Fixed, 1.0, 60.0);
        let delay = |seed| policy.delay_after(ErrorClass::Network, 1, seed).unwrap();
        assert_eq!(delay(7), delay(7));
        let delays: Vec<f64> = (0..1000).map(|seed| delay(seed).as_secs_f64()).collect();
        let mean = delays.iter().sum::<f64>() / 1000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!(delays.iter().any(|delay| *delay < 0.78));
        assert!(delays.iter().any(|delay| *delay > 1.22));
    }

    #[test]
    fn no_retries_and_no_hope() {
        assert_eq!(
            RetryPolicy::never().delay_after(ErrorClass::Network, 1, 0),
            None
        );
        for class in ErrorClass::ALL {
            let delay = RetryPolicy::default().delay_after(class, 1, 0);
            assert_eq!(delay.is_some(), class.may_pass(), "{class}");
        }
    }

    #[test]
    fn names_are_those_of_the_recipe() {
        for (backoff, name) in [
            (Backoff::Exponential, "exponential"),
            (Backoff::Linear, "linear"),
            (Backoff::Fixed, "fixed"),
        ] {
            assert_eq!(backoff.to_string(), name);
            let json = serde_json::to_string(&backoff).unwrap();
            assert_eq!(json, format!("\"{name}\""));
        }
    }

    proptest! {
        #[test]
        fn no_policy_panics_or_goes_over_its_cap(
            max_retries in any::<u32>(),
            delay_seconds in any::<f64>(),
            max_delay_seconds in any::<f64>(),
            failed in any::<u32>(),
            seed in any::<u64>(),
            backoff in prop_oneof![
                Just(Backoff::Exponential), Just(Backoff::Linear), Just(Backoff::Fixed)
            ],
        ) {
            let policy = RetryPolicy { max_retries, backoff, delay_seconds, max_delay_seconds };
            let delay = policy.delay_after(ErrorClass::Memory, failed, seed);
            prop_assert_eq!(delay.is_some(), failed.max(1) <= max_retries);
            if let Some(delay) = delay.filter(|delay| *delay != Duration::MAX) {
                prop_assert!(delay.as_secs_f64() <= max_delay_seconds.max(0.0) + 1e-6);
            }
        }
    }
}
