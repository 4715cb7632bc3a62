//! Second attempts at slow tasks: whatever the slow one comes to, and however late, nothing of it shows in what comes out.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use coldpress_config::OperatorCall;
use coldpress_executor::{Backend, Finished, LocalBackend, Running};
use coldpress_job::Status;
use coldpress_partition::Task;
use coldpress_worker::{Attempt, JobSpec, Progress, WorkerContext};
use crossbeam_channel::Sender;

use crate::bench::Bench;
use crate::dataset::Dataset;
use crate::plan::Plan;

/// Threads, of which some attempts seem to be on a machine that is so slow that it does nothing before they are cancelled. Then
/// it does its work after all.
#[derive(Clone, Debug)]
struct SlowMachine {
    /// The tasks whose first attempt is there.
    slow: Vec<Task>,
    /// How many attempts came late.
    late: Arc<AtomicUsize>,
}

impl fmt::Display for SlowMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("threads and a slow machine")
    }
}

impl Backend for SlowMachine {
    fn start(
        &self,
        workers: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> io::Result<Box<dyn Running>> {
        Ok(Box::new(RunningSlow {
            threads: LocalBackend.start(workers, spec, context, finished)?,
            machine: self.clone(),
            held: Vec::new(),
        }))
    }
}

struct RunningSlow {
    threads: Box<dyn Running>,
    machine: SlowMachine,
    held: Vec<Attempt>,
}

impl Running for RunningSlow {
    fn submit(&mut self, attempt: Attempt) {
        let slow = &mut self.machine.slow;
        match slow.iter().position(|task| *task == attempt.task) {
            Some(place) => {
                slow.remove(place);
                self.held.push(attempt);
            }
            None => self.threads.submit(attempt),
        }
    }

    fn cancel(&mut self, task: Task, number: u32) {
        let is_it = |attempt: &Attempt| (attempt.task, attempt.number) == (task, number);
        let place = self.held.iter().position(is_it).unwrap();
        self.machine.late.fetch_add(1, Ordering::SeqCst);
        self.threads.submit(self.held.remove(place));
    }

    fn speculates(&self) -> bool {
        true
    }

    fn stop(&mut self) {
        self.threads.stop();
        let held = self.held.drain(..);
        held.for_each(|attempt| self.threads.submit(attempt));
    }

    fn progress(&self) -> Arc<Progress> {
        self.threads.progress()
    }
}

#[test]
fn the_slower_of_two_attempts_changes_nothing() {
    let texts = (0..80).map(|number| format!("text {}", number % 60));
    let dataset = Dataset::of_texts(texts);
    let process = ["stamp_mapper", "document_deduplicator", "mark_mapper"];
    let plan = Plan::new(process.map(OperatorCall::new).into(), 10).workers(2);
    let expected = Bench::new(&dataset);
    expected.run(&plan).unwrap();

    let bench = Bench::new(&dataset);
    let machine = SlowMachine {
        slow: vec![Task::new(0, 0), Task::new(1, 7)],
        late: Arc::default(),
    };
    let late = Arc::clone(&machine.late);
    let executor = bench.builder_of("job", &plan).backend(Arc::new(machine));
    let report = executor.build().unwrap().run().unwrap();
    assert_eq!(late.load(Ordering::SeqCst), 2);
    assert_eq!(report.status, Status::Completed);
    report.ledger.check().unwrap();
    assert_eq!(bench.export(plan.form), expected.export(plan.form));
    // The second attempt was no retry.
    let state = bench.state(&plan);
    assert!((0..8).all(|partition| state.retries(partition) == 0));
}
