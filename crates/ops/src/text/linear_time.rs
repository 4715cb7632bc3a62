//! What the tests ask of functions that read hostile texts: that their time grows with the text, not with its square.

use rustix::time::{ClockId, clock_gettime};

/// How often a text is read. The least of the times counts, because whatever else uses the machine's caches only adds to it.
const ROUNDS: usize = 2;

/// What may be added to a time by chance, in seconds.
const SLACK: f64 = 0.005;

/// Once a text takes so many seconds, a quadratic time could not have hidden in the slack.
const ENOUGH: f64 = 0.012;

/// How many times texts are made four times as long. Readers that give up soon never take long enough.
const STEPS: usize = 4;

/// Asserts that `read` takes a time that grows with the length of a text that consists of many of the same part.
///
/// The first text has the part `repeats` times; texts of four times the length follow until they take long enough. Each
/// would take sixteen times as long as the one before if the time were quadratic. Up to nine times is taken for linear,
/// because the longer text does not fit into all of the caches that the shorter one fits into.
#[track_caller]
pub(crate) fn assert_linear(part: &str, repeats: usize, mut read: impl FnMut(&str)) {
    let mut text = part.repeat(repeats);
    let mut short = least_time(&text, &mut read);
    for _ in 0..STEPS {
        text = text.repeat(4);
        let long = least_time(&text, &mut read);
        assert!(
            long < 9.0 * short + SLACK,
            "{part}: {short} seconds, and {long} for {} bytes",
            text.len()
        );
        if long > ENOUGH {
            return;
        }
        short = long;
    }
}

fn least_time(text: &str, read: &mut impl FnMut(&str)) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let begun = seconds_of_this_thread();
        read(text);
        seconds_of_this_thread() - begun
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Returns how long this thread has run. The clock stops while other threads and programs have the processor, so that a
/// time means the same on a busy machine.
#[expect(
    clippy::cast_precision_loss,
    reason = "a float counts the nanoseconds of months"
)]
fn seconds_of_this_thread() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[test]
#[should_panic(expected = "a: ")]
fn quadratic_time_is_told_from_linear() {
    assert_linear("a", 400, |text| {
        let sum = |end| {
            text.as_bytes()[..end]
                .iter()
                .map(|byte| u64::from(*byte))
                .sum::<u64>()
        };
        std::hint::black_box((0..text.len()).map(sum).sum::<u64>());
    });
}
