//! Checks that functions that read hostile texts take time in proportion to the text, not to its square.

use rustix::time::{ClockId, clock_gettime};

/// The number of times that a text is read. The least time counts, because other users of the machine's caches only ever add to it.
const ROUNDS: usize = 2;

/// The time in seconds that chance may add.
const SLACK: f64 = 0.005;

/// The time in seconds from which on a quadratic time could not hide in the slack.
const ENOUGH: f64 = 0.012;

/// The number of times that texts are made four times as long. Without a limit, readers that give up early would never take long
/// enough.
const STEPS: usize = 4;

/// Asserts that the time of `read` grows with the length of a text that consists of many copies of one part.
///
/// The first text has `repeats` copies. Each further text is four times as long, until one takes long enough. If the time were
/// quadratic, each would take sixteen times as long as the one before. Up to nine times counts as linear, because the longer text
/// doesn't fit into all of the caches that the shorter one fits into.
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

/// Returns the time that this thread has run. The clock stops while other threads and programs have the processor, so that a time
/// means the same on a busy machine.
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
