//! Working off a queue of attempts. Those that may be packed become durable together, and are answered then.

use std::time::{Duration, Instant};

use coldpress_partition::Task;
use crossbeam_channel::Receiver;
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::error::AttemptError;
use crate::outcome::Outcome;
use crate::underway::Watch;
use crate::worker::Worker;

/// Packed attempts that wait to become durable together, at most.
const UNSETTLED: usize = 1024;
/// The bytes of their results, at most.
const UNSETTLED_BYTES: usize = 4 << 20;
/// How long one of them waits at most for others, while there are others.
const UNSETTLED_FOR: Duration = Duration::from_millis(200);

/// What became of an attempt. What it made is durable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What was worked on.
    pub task: Task,
    /// The number of the attempt.
    pub number: u32,
    /// Seconds that it took.
    pub seconds: f64,
    /// What it made, or why it failed.
    pub result: Result<Outcome, AttemptError>,
}

/// Works off a queue until it is closed. Each attempt is answered once; those that become durable together, together. Only
/// isolated attempts tell which record they have in hand.
///
/// # Errors
/// That of the first answers that could not be given.
pub fn work_off<E>(
    worker: Worker,
    queue: &Receiver<Attempt>,
    watch: Watch<'_>,
    answer: impl FnMut(Vec<Answer>) -> Result<(), E>,
) -> Result<(), E> {
    let mut at_work = AtQueue {
        worker,
        watch,
        answer,
        unsettled: Vec::new(),
        since: Instant::now(),
    };
    loop {
        if at_work.is_full() {
            at_work.settle()?;
        }
        let attempt = match queue.try_recv() {
            Ok(attempt) => attempt,
            Err(_) => {
                // Nothing more can come together, so nobody waits longer.
                at_work.settle()?;
                let Ok(attempt) = queue.recv() else {
                    return Ok(());
                };
                attempt
            }
        };
        at_work.run(&attempt)?;
    }
}

/// A worker at a queue, and what it has finished and not yet made durable.
struct AtQueue<'a, F> {
    worker: Worker,
    watch: Watch<'a>,
    answer: F,
    unsettled: Vec<Answer>,
    /// Since when the first of them waits.
    since: Instant,
}

impl<E, F: FnMut(Vec<Answer>) -> Result<(), E>> AtQueue<'_, F> {
    fn run(&mut self, attempt: &Attempt) -> Result<(), E> {
        if !attempt.packed {
            // It may take long.
            self.settle()?;
        }
        let started = Instant::now();
        let in_hand = self.watch.in_hand.filter(|_| attempt.isolated);
        let watch = Watch {
            in_hand,
            ..self.watch
        };
        let result = self.worker.run(attempt, watch);
        let ended = Answer {
            task: attempt.task,
            number: attempt.number,
            seconds: started.elapsed().as_secs_f64(),
            result,
        };
        if !attempt.packed || ended.result.is_err() {
            return (self.answer)(vec![ended]);
        }
        if self.unsettled.is_empty() {
            self.since = Instant::now();
        }
        self.unsettled.push(ended);
        Ok(())
    }

    fn is_full(&self) -> bool {
        !self.unsettled.is_empty()
            && (self.unsettled.len() >= UNSETTLED
                || self.worker.unsettled_bytes() >= UNSETTLED_BYTES
                || self.since.elapsed() >= UNSETTLED_FOR)
    }

    /// Makes what is finished durable, and only then says so.
    fn settle(&mut self) -> Result<(), E> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let mut answers = std::mem::take(&mut self.unsettled);
        if let Err(error) = self.worker.settle() {
            for answer in &mut answers {
                answer.result = Err(error.clone());
            }
        }
        (self.answer)(answers)
    }
}
