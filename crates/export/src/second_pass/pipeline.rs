//! Processing units on several threads, with the results in the order of the units.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use coldpress_storage::spawn_scoped;

use crate::error::{Error, Result};

/// A unit, and the place for its result.
type Job<U, R> = (U, SyncSender<Result<R>>);

/// Passes each unit that `produce` makes to `work` on one of `threads` threads, and the result to `consume`, in the order of the
/// units and on the calling thread. At most `threads` + 1 units are in flight.
///
/// The first failure in the order of the units ends everything and is returned.
///
/// # Errors
/// Those of the three functions; [`Error::Abandoned`] soon after `abandoned` is set.
pub(super) fn in_order<U: Send, R: Send>(
    threads: usize,
    abandoned: &AtomicBool,
    mut produce: impl FnMut() -> Result<Option<U>> + Send,
    work: impl Fn(U) -> Result<R> + Sync,
    mut consume: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let threads = threads.max(1);
    let (jobs, job_queue) = channel::<Job<U, R>>();
    let job_queue = Mutex::new(job_queue);
    // The receivers of the results, in the order of the units. Each receives exactly one result.
    let (order, results) = channel::<Receiver<Result<R>>>();
    let (permit, permits) = channel::<()>();
    // The reader below takes them, and lives as long as they are needed.
    (0..=threads).for_each(|_| permit.send(()).unwrap_or_default());
    // Set after a failure, so that later units are not processed.
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ended = &ended;
        // These are moved in, so that the reader ends with the consumer, however that ends.
        let (results, permit) = (results, permit);
        spawn_scoped(scope, "coldpress-export-read", move || {
            // The loop ends when the consumer has ended, because there are no more permits then.
            while permits.recv().is_ok()
                && send_next(&mut produce, &[abandoned, ended], &jobs, &order)
            {}
        })?;
        let encode = || {
            while let Some((unit, result)) = next_job(&job_queue) {
                let worked = guarded(&[abandoned, ended], || work(unit));
                // If the consumer has ended, nobody needs the result.
                let _ = result.send(worked);
            }
        };
        for number in 0..threads {
            match spawn_scoped(scope, "coldpress-export-encode", encode) {
                Ok(_) => {}
                // With fewer threads it only takes longer.
                Err(_) if number > 0 => break,
                Err(error) => {
                    ended.store(true, Ordering::Relaxed);
                    return Err(error.into());
                }
            }
        }
        for result in &results {
            let consumed = result
                .recv()
                .unwrap_or_else(|_| Err(Error::encode("a thread of the export ended early")))
                .and_then(|result| check(abandoned).and_then(|()| consume(result)));
            ended.store(consumed.is_err(), Ordering::Relaxed);
            consumed?;
            // The reader may have ended already.
            let _ = permit.send(());
        }
        Ok(())
    })
}

/// Passes on the next unit, or a failure in its place. Returns false after the last.
fn send_next<U, R>(
    produce: &mut impl FnMut() -> Result<Option<U>>,
    ends: &[&AtomicBool],
    jobs: &Sender<Job<U, R>>,
    order: &Sender<Receiver<Result<R>>>,
) -> bool {
    let (sender, receiver) = sync_channel(1);
    let (told, goes_on) = match guarded(ends, produce) {
        Ok(None) => return false,
        Ok(Some(unit)) => (jobs.send((unit, sender)).is_ok(), true),
        Err(error) => (sender.send(Err(error)).is_ok(), false),
    };
    told && order.send(receiver).is_ok() && goes_on
}

fn next_job<J>(queue: &Mutex<Receiver<J>>) -> Option<J> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

/// Turns a panic of a library into an error. It would otherwise take down more than this output.
fn guarded<T>(ends: &[&AtomicBool], work: impl FnOnce() -> Result<T>) -> Result<T> {
    ends.iter().try_for_each(|end| check(end))?;
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::encode("a thread of the export panicked")))
}

/// Fails if nobody wants the output any more.
pub(super) fn check(abandoned: &AtomicBool) -> Result<()> {
    match abandoned.load(Ordering::Relaxed) {
        true => Err(Error::Abandoned),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn counter(until: usize) -> impl FnMut() -> Result<Option<usize>> + Send {
        let mut next = 0..until;
        move || Ok(next.next())
    }

    #[test]
    fn results_come_in_order_and_few_are_on_their_way() {
        for threads in [0, 1, 2, 5] {
            let (made, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut produce = counter(300);
            let mut seen = Vec::new();
            in_order(
                threads,
                &AtomicBool::new(false),
                || {
                    let unit = produce()?;
                    let ahead = made.fetch_add(1, Ordering::SeqCst) - taken.load(Ordering::SeqCst);
                    assert!(ahead <= threads.max(1), "{ahead} are on their way");
                    Ok(unit)
                },
                |unit| {
                    // Odd units take longer than those that follow them.
                    (0..unit % 2 * 20_000).for_each(|n| assert!(std::hint::black_box(n) < 20_000));
                    Ok(unit * 2)
                },
                |result| {
                    seen.push(result);
                    taken.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                },
            )
            .unwrap();
            assert!(seen.iter().copied().eq((0..300).map(|n| n * 2)));
        }
    }

    #[test]
    fn the_first_failure_in_order_is_told() {
        let failing_at = |reader: usize, worker: usize, writer: usize| {
            let mut produce = counter(100);
            let fail = |reason: &str| Error::encode(reason);
            let ended = in_order(
                3,
                &AtomicBool::new(false),
                || match produce()? {
                    Some(unit) if unit == reader => Err(fail("reader")),
                    unit => Ok(unit),
                },
                |unit| match unit {
                    unit if unit == worker => Err(fail("worker")),
                    unit if unit == worker + 1 => panic!("must be caught"),
                    unit => Ok(unit),
                },
                |unit| match unit {
                    unit if unit == writer => Err(fail("writer")),
                    _ => Ok(()),
                },
            );
            ended.unwrap_err().to_string()
        };
        for (failing, expected) in [
            ((5, 9, 9), "reader"),
            ((9, 5, 9), "worker"),
            ((9, 9, 5), "writer"),
            ((99, 0, 200), "worker"),
            ((200, 98, 200), "worker"),
        ] {
            let message = failing_at(failing.0, failing.1, failing.2);
            assert!(message.contains(expected), "{failing:?}: {message}");
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        let ended = in_order(
            2,
            &AtomicBool::new(false),
            counter(3),
            |unit| {
                assert!(unit != 1);
                Ok(unit)
            },
            |_| Ok(()),
        );
        assert!(ended.unwrap_err().to_string().contains("panicked"));
    }

    #[test]
    fn an_abandoned_output_ends() {
        let abandoned = AtomicBool::new(false);
        let ended = in_order(
            2,
            &abandoned,
            || Ok(Some(())),
            Ok,
            |()| {
                abandoned.store(true, Ordering::Relaxed);
                Ok(())
            },
        );
        assert!(matches!(ended, Err(Error::Abandoned)));
    }
}
