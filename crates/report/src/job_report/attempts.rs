//! The times of attempts: from the event log, or from the journal if there is none.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventKind};
use serde::Serialize;

use super::Source;

/// The times of attempts, column by column, ordered by their beginnings.
///
/// A lane holds the attempts of one worker. Attempts whose worker is not known, because they are at work or come from an earlier
/// release, are in additional lanes without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// The number of attempts that are known.
    pub total: u64,
    /// True if the log has no attempts, so that these come from the journal, which has only the last one at each partition.
    pub from_journal: bool,
    /// The number of lanes.
    pub lanes: u32,
    /// The worker of each lane, as `worker 3`; empty if it is not known.
    pub workers: Vec<String>,
    /// The partition of each attempt that is shown.
    pub partition: Vec<u32>,
    /// Its stage, from 0.
    pub stage: Vec<u32>,
    /// Its number, from 1.
    pub attempt: Vec<u32>,
    /// The time at which its worker began with it, in seconds since 1970; for one at work, the time at which it was given out.
    pub start: Vec<f64>,
    /// The time at which it ended.
    pub end: Vec<f64>,
    /// Its lane, from 0.
    pub lane: Vec<u32>,
    /// The id of its worker process; 0 if a thread of the driver ran it, or if it is not known.
    pub process: Vec<u32>,
    /// A letter for each attempt: `c` its result counts, `f` it failed, `o` its outcome is not known.
    pub outcome: String,
}

#[derive(Clone, Debug)]
struct Attempt {
    partition: u32,
    stage: u32,
    number: u32,
    start: f64,
    end: Option<f64>,
    outcome: char,
    worker: Option<Worker>,
}

/// The worker that ran an attempt.
#[derive(Clone, Debug)]
struct Worker {
    number: u32,
    /// The id of the process; 0 for a thread of the driver.
    process: u32,
    /// The address of its machine, if that may differ from the driver's.
    node: Option<String>,
}

impl Worker {
    fn of(event: &Event) -> Option<Self> {
        let metadata = event.metadata.as_ref()?;
        let number = |name: &str| u32::try_from(metadata.get(name)?.as_u64()?).ok();
        Some(Self {
            number: number("worker")?,
            process: number("worker_process").unwrap_or(0),
            node: text(event, "worker_node").map(str::to_owned),
        })
    }

    fn name(&self) -> String {
        match &self.node {
            Some(node) => format!("worker {} on {node}", self.number),
            None => format!("worker {}", self.number),
        }
    }
}

fn text<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    event.metadata.as_ref()?.get(name)?.as_str()
}

fn has(event: &Event, name: &str) -> bool {
    let metadata = event.metadata.as_ref();
    metadata.is_some_and(|metadata| metadata.get(name).is_some())
}

impl Attempt {
    fn seconds(&self) -> f64 {
        self.end.map_or(f64::INFINITY, |end| end - self.start)
    }
}

/// The attempts in the events.
#[derive(Clone)]
pub(super) struct AttemptLog {
    most: usize,
    total: u64,
    ended: Vec<Attempt>,
    /// The attempts at work, by partition, stage and number. A task may have two if the first is slow.
    open: BTreeMap<(u32, u32, u32), Attempt>,
    last_event: f64,
}

impl AttemptLog {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            total: 0,
            ended: Vec::new(),
            open: BTreeMap::new(),
            last_event: 0.0,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.most);
    }

    pub(super) fn take(&mut self, event: &Event) {
        if event.kind == EventKind::JobRestart {
            // The previous driver died. The best estimate of the end of its attempts is its last event.
            self.end_all();
        }
        self.last_event = event.timestamp;
        let partition = event.partition_id.and_then(|id| u32::try_from(id).ok());
        let Some(partition) = partition else {
            return;
        };
        let stage = u32::try_from(event.stage().unwrap_or(0)).unwrap_or(u32::MAX);
        let task = (partition, stage);
        let number = event.attempt.unwrap_or(0);
        match event.kind {
            EventKind::PartitionStart => self.begin(task, event),
            EventKind::PartitionComplete => self.end(task, number, event, 'c'),
            EventKind::OpFailed => self.end(task, number, event, 'f'),
            EventKind::PartitionFailed => self.end_others(task, event, 'f'),
            // This attempt has reached its gate.
            EventKind::Info if Worker::of(event).is_some() => self.end(task, number, event, 'c'),
            EventKind::Info if has(event, "overtaken_by") => self.end(task, number, event, 'o'),
            _ => {}
        }
    }

    fn begin(&mut self, task: (u32, u32), event: &Event) {
        if !has(event, "beside_slow_attempt") {
            // Earlier releases did not report the end of an attempt that reached its gate.
            self.end_others(task, event, 'c');
        }
        self.total += 1;
        let number = event.attempt.unwrap_or(0);
        let attempt = Attempt {
            partition: task.0,
            stage: task.1,
            number,
            start: event.timestamp,
            end: None,
            outcome: 'o',
            worker: None,
        };
        self.open.insert((task.0, task.1, number), attempt);
    }

    /// Ends all attempts at a task.
    fn end_others(&mut self, task: (u32, u32), event: &Event, outcome: char) {
        let all = (task.0, task.1, 0)..=(task.0, task.1, u32::MAX);
        let numbers: Vec<u32> = self.open.range(all).map(|(name, _)| name.2).collect();
        for number in numbers {
            self.end(task, number, event, outcome);
        }
    }

    fn end(&mut self, task: (u32, u32), number: u32, event: &Event, outcome: char) {
        if let Some(attempt) = self.open.remove(&(task.0, task.1, number)) {
            let (time, worker) = (event.timestamp, Worker::of(event));
            // The attempt was given out before the worker had finished its previous one.
            let begun = event.duration.filter(|_| worker.is_some());
            let begun = begun.map_or(attempt.start, |seconds| time - seconds);
            self.ended.push(Attempt {
                start: attempt.start.max(begun).min(time),
                end: Some(time),
                outcome,
                worker,
                ..attempt
            });
            // The list is thinned now and then, so that a log of any length takes no more memory than this.
            if self.ended.len() > 4 * self.most.max(1) {
                keep_most_telling(&mut self.ended, self.most);
            }
        }
    }

    fn end_all(&mut self) {
        let time = self.last_event;
        let open = std::mem::take(&mut self.open).into_values();
        self.ended.extend(open.map(|attempt| Attempt {
            end: Some(time.max(attempt.start)),
            ..attempt
        }));
    }

    pub(super) fn timeline(mut self, source: &Source<'_>) -> Timeline {
        let is_running = source.job.liveness.is_alive();
        if is_running {
            self.last_event = coldpress_events::time::now_seconds();
        }
        self.end_all();
        let from_journal = self.total == 0;
        let mut attempts = match from_journal {
            true => journal_attempts(source),
            false => self.ended,
        };
        let total = self.total.max(attempts.len() as u64);
        keep_most_telling(&mut attempts, self.most);
        attempts.sort_by(|a, b| a.start.total_cmp(&b.start));
        Timeline {
            total,
            from_journal: from_journal && !attempts.is_empty(),
            ..Timeline::of(&attempts)
        }
    }
}

impl Timeline {
    /// Lays out attempts that are ordered by their beginnings.
    fn of(attempts: &[Attempt]) -> Self {
        let known = attempts
            .iter()
            .filter_map(|attempt| attempt.worker.as_ref());
        let known: BTreeMap<u32, String> =
            known.map(|worker| (worker.number, worker.name())).collect();
        let mut timeline = Self {
            workers: known.values().cloned().collect(),
            ..Self::default()
        };
        let known: Vec<u32> = known.into_keys().collect();
        // The lanes after those of the workers, each with the end of its last attempt so far.
        let mut further: Vec<f64> = Vec::new();
        for attempt in attempts {
            let end = attempt.end.unwrap_or(attempt.start);
            let own = attempt.worker.as_ref().map(|worker| worker.number);
            let own = own.and_then(|number| known.binary_search(&number).ok());
            let lane = own.unwrap_or_else(|| {
                let free = further.iter().position(|until| *until <= attempt.start);
                let free = free.unwrap_or_else(|| {
                    further.push(end);
                    further.len() - 1
                });
                further[free] = end;
                known.len() + free
            });
            timeline.partition.push(attempt.partition);
            timeline.stage.push(attempt.stage);
            timeline.attempt.push(attempt.number);
            timeline.start.push(attempt.start);
            timeline.end.push(end);
            timeline.lane.push(lane as u32);
            let process = attempt.worker.as_ref();
            let process = process.map_or(0, |worker| worker.process);
            timeline.process.push(process);
            timeline.outcome.push(attempt.outcome);
        }
        let unknown = further.iter().map(|_| String::new());
        timeline.workers.extend(unknown);
        timeline.lanes = timeline.workers.len() as u32;
        timeline
    }
}

/// Keeps at most `most` attempts: the failed ones first, then the longest.
fn keep_most_telling(attempts: &mut Vec<Attempt>, most: usize) {
    if attempts.len() > most {
        let rank = |attempt: &Attempt| (attempt.outcome != 'f', -attempt.seconds());
        attempts.sort_by(|a, b| {
            let ((a_passed, a_time), (b_passed, b_time)) = (rank(a), rank(b));
            a_passed.cmp(&b_passed).then(a_time.total_cmp(&b_time))
        });
        attempts.truncate(most);
    }
}

fn journal_attempts(source: &Source<'_>) -> Vec<Attempt> {
    let state = source.state;
    let stage = state.stage_at_work();
    let attempt = |partition: u32| {
        let (begun, ended) = state.times(partition);
        let seconds = |millis: u64| millis as f64 / 1000.0;
        let start = begun.map(seconds)?;
        let has_failed = state.failure(partition).is_some();
        Some(Attempt {
            partition,
            stage,
            number: state.attempts(partition),
            start,
            end: Some(ended.map_or(start, seconds).max(start)),
            outcome: match ended {
                None => 'o',
                Some(_) if has_failed => 'f',
                Some(_) => 'c',
            },
            worker: None,
        })
    };
    (0..state.partition_count()).filter_map(attempt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, partition: u32, time: f64) -> Event {
        Event::new(kind, "").partition(partition).at(time)
    }

    #[test]
    fn attempts_lie_in_lanes_that_do_not_overlap() {
        use EventKind::{OpFailed, PartitionComplete, PartitionStart};
        let mut log = AttemptLog::new(10);
        for (kind, partition, time) in [
            (PartitionStart, 0, 1.0),
            (PartitionStart, 1, 1.0),
            (PartitionComplete, 0, 2.0),
            (PartitionStart, 2, 2.0),
            (OpFailed, 1, 3.0),
            (PartitionStart, 1, 3.5),
            (PartitionComplete, 2, 4.0),
        ] {
            log.take(&event(kind, partition, time));
        }
        log.end_all();
        log.ended.sort_by(|a, b| a.start.total_cmp(&b.start));
        let timeline = Timeline::of(&log.ended);
        assert_eq!(timeline.lanes, 2);
        assert_eq!(timeline.partition, [0, 1, 2, 1]);
        assert_eq!(timeline.lane, [0, 1, 0, 1]);
        assert_eq!(timeline.outcome, "cfco");
    }

    #[test]
    fn two_attempts_at_one_task_end_each_by_itself() {
        use EventKind::{Info, PartitionComplete, PartitionStart};
        let mut log = AttemptLog::new(10);
        log.take(&event(PartitionStart, 0, 1.0).attempt(1));
        let second = event(PartitionStart, 0, 5.0).attempt(2);
        log.take(&second.metadata("beside_slow_attempt", true));
        let overtaken = event(Info, 0, 6.0).attempt(1);
        log.take(&overtaken.metadata("overtaken_by", 2));
        let complete = event(PartitionComplete, 0, 6.0).attempt(2);
        let complete = complete.metadata("worker", 4);
        log.take(&complete.metadata("worker_node", "10.0.0.2"));
        assert!(log.open.is_empty());
        log.ended.sort_by(|a, b| a.start.total_cmp(&b.start));
        let timeline = Timeline::of(&log.ended);
        assert_eq!(timeline.attempt, [1, 2]);
        assert_eq!(timeline.outcome, "oc");
        assert_eq!(timeline.workers, ["worker 4 on 10.0.0.2", ""]);
    }

    #[test]
    fn attempts_of_one_worker_share_its_lane() {
        use EventKind::{Info, OpFailed, PartitionComplete, PartitionStart};
        let mut log = AttemptLog::new(10);
        for partition in 0..4 {
            log.take(&event(PartitionStart, partition, 1.0));
        }
        for (kind, partition, worker, time) in [
            (PartitionComplete, 0, 5_u32, 3.0),
            (Info, 1, 2, 4.0),
            (OpFailed, 2, 5, 5.0),
        ] {
            let ended = event(kind, partition, time).duration_seconds(2.0);
            let ended = ended.metadata("worker", worker);
            log.take(&ended.metadata("worker_process", 100 + worker));
        }
        log.end_all();
        log.ended.sort_by(|a, b| a.start.total_cmp(&b.start));
        let timeline = Timeline::of(&log.ended);
        assert_eq!(timeline.workers, ["worker 2", "worker 5", ""]);
        // The third attempt began only when its worker was done with the first.
        assert_eq!(timeline.start, [1.0, 1.0, 2.0, 3.0]);
        assert_eq!(timeline.partition, [0, 3, 1, 2]);
        assert_eq!(timeline.lane, [1, 2, 0, 1]);
        assert_eq!(timeline.process, [105, 0, 102, 105]);
        assert_eq!((timeline.lanes, timeline.outcome.as_str()), (3, "cocf"));
    }

    #[test]
    fn of_too_many_attempts_the_failed_and_the_longest_stay() {
        let mut log = AttemptLog::new(3);
        for partition in 0..100 {
            let start = f64::from(partition);
            log.take(&event(EventKind::PartitionStart, partition, start));
            let (kind, length) = match partition {
                50 => (EventKind::OpFailed, 0.1),
                70 => (EventKind::PartitionComplete, 0.9),
                _ => (EventKind::PartitionComplete, 0.5),
            };
            log.take(&event(kind, partition, start + length));
        }
        keep_most_telling(&mut log.ended, 3);
        let kept: Vec<u32> = log.ended.iter().map(|attempt| attempt.partition).collect();
        assert_eq!((log.total, kept.len()), (100, 3));
        assert!(kept.starts_with(&[50, 70]), "{kept:?}");
    }
}
