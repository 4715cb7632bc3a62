//! Workers as processes of the same executable.

mod child;
mod death;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use coldpress_partition::Task;
use coldpress_storage::{Waits, spawn};
use coldpress_worker::{Answer, Attempt, AttemptError, JobSpec, Progress, ToWorker, WorkerContext};
use crossbeam_channel::{Receiver, Sender, unbounded};

use self::child::{Child, Pipe};
use super::{Backend, DriverGone, Finished, Running, WorkerId, tell};

pub use self::death::{LastWords, ProcessEnd};

/// Processes of this executable, each with one thread that works: an operator that aborts, overflows its stack or takes
/// too much memory costs one attempt.
///
/// The executable must call [`serve_if_asked`](coldpress_worker::serve_if_asked) first in its `main`.
#[derive(Clone, Debug, Default)]
pub struct ProcessBackend {
    program: Option<PathBuf>,
}

impl ProcessBackend {
    /// Processes of the running executable.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses another executable.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }
}

impl fmt::Display for ProcessBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("worker processes")
    }
}

impl Backend for ProcessBackend {
    fn survives_deaths(&self) -> bool {
        true
    }

    fn start(
        &self,
        workers: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> std::io::Result<Box<dyn Running>> {
        let (attempts, queue) = unbounded::<Attempt>();
        let shared = Arc::new(Shared {
            program: self.program.clone(),
            begin: ToWorker::Begin {
                spec: Box::new(Arc::unwrap_or_clone(spec)),
                dies_with_parent: false,
                lease: None,
            },
            stop: AtomicBool::new(false),
            progress: Arc::new(Progress::default()),
            waits: context.waits,
            pipes: (0..workers.max(1)).map(|_| Mutex::default()).collect(),
        });
        let mut processes = Processes {
            attempts: Some(attempts),
            shared,
            threads: Vec::new(),
        };
        for number in 0..workers.max(1) {
            let attendant = Attendant {
                number,
                shared: Arc::clone(&processes.shared),
                child: None,
                process: None,
            };
            let (queue, finished) = (queue.clone(), finished.clone());
            let name = format!("coldpress-process-{number}");
            let thread = spawn(name, move || attendant.serve(&queue, &finished))
                .map_err(std::io::Error::other)?;
            processes.threads.push(thread);
        }
        Ok(Box::new(processes))
    }
}

/// The most attempts that a process is given at once. With so many, the cost of a message is small.
const TOGETHER: usize = 256;

/// What the threads that attend to the processes share with the driver.
struct Shared {
    program: Option<PathBuf>,
    /// What each process is told first.
    begin: ToWorker,
    stop: AtomicBool,
    progress: Arc<Progress>,
    /// Receives the reports of the processes about servers that they wait for.
    waits: Waits,
    /// The ways to the processes that live, by the number of the worker.
    pipes: Vec<Mutex<Option<Pipe>>>,
}

impl Shared {
    fn pipe(&self, number: usize) -> std::sync::MutexGuard<'_, Option<Pipe>> {
        self.pipes[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

struct Processes {
    attempts: Option<Sender<Attempt>>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Running for Processes {
    fn submit(&mut self, attempt: Attempt) {
        if let Some(attempts) = &self.attempts {
            // The threads hold the other end until this one is dropped.
            let _ = attempts.send(attempt);
        }
    }

    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for number in 0..self.shared.pipes.len() {
            if let Some(pipe) = &mut *self.shared.pipe(number) {
                // One that is dead has stopped.
                let _ = pipe.tell(&ToWorker::Stop);
            }
        }
    }

    fn packs(&self) -> bool {
        true
    }

    fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.shared.progress)
    }

    fn processes(&self) -> Vec<u32> {
        let pipes = (0..self.shared.pipes.len()).map(|number| self.shared.pipe(number));
        pipes
            .filter_map(|pipe| pipe.as_ref().map(Pipe::process))
            .collect()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop();
        self.attempts = None;
        for thread in self.threads.drain(..) {
            // One that panicked has sent what it could.
            let _ = thread.join();
        }
    }
}

/// The first attempt with a share of those that wait, if they may be packed: then the process has enough to do together, and
/// something is left for the others.
fn with_others(first: Attempt, queue: &Receiver<Attempt>, workers: usize) -> Vec<Attempt> {
    let share = (queue.len() / (2 * workers)).min(TOGETHER);
    let mut attempts = vec![first];
    while attempts.len() <= share
        && attempts.iter().all(|attempt| attempt.packed)
        && let Ok(next) = queue.try_recv()
    {
        attempts.push(next);
    }
    attempts
}

/// The thread that starts a process when there is work for it, and again when it died.
struct Attendant {
    number: usize,
    shared: Arc<Shared>,
    child: Option<Child>,
    /// The process that runs the attempts at hand, or ran the last ones.
    process: Option<u32>,
}

impl Attendant {
    fn serve(mut self, queue: &Receiver<Attempt>, finished: &Sender<Finished>) {
        while let Ok(first) = queue.recv() {
            let attempts = with_others(first, queue, self.shared.pipes.len());
            if let Err(DriverGone) = self.work_on(attempts, finished) {
                return;
            }
        }
    }

    /// Has the process run attempts, and passes on what becomes of them.
    fn work_on(
        &mut self,
        attempts: Vec<Attempt>,
        finished: &Sender<Finished>,
    ) -> Result<(), DriverGone> {
        let started = Instant::now();
        let all = attempts
            .iter()
            .map(|attempt| (attempt.task, attempt.number));
        let mut out: BTreeSet<(Task, u32)> = all.collect();
        let failure = match self.tell_to_run(attempts) {
            Err(error) => error,
            Ok(()) => loop {
                if out.is_empty() {
                    return Ok(());
                }
                match self.attend() {
                    Ok(answers) => {
                        let asked = answers
                            .into_iter()
                            .filter(|answer| out.remove(&(answer.task, answer.number)));
                        asked
                            .map(|answer| Finished::of(answer, self.id()))
                            .try_for_each(|ended| tell(finished, ended))?;
                    }
                    // Which of them it died of nobody knows.
                    Err(error) if out.len() > 1 => break error.in_company(out.len()),
                    Err(error) => break error,
                }
            },
        };
        let seconds = started.elapsed().as_secs_f64();
        out.into_iter().try_for_each(|(task, number)| {
            let ended = Finished {
                task,
                number,
                seconds,
                worker: self.id(),
                result: Err(failure.clone()),
            };
            tell(finished, ended)
        })
    }

    fn id(&self) -> WorkerId {
        WorkerId {
            number: self.number as u32,
            process: self.process,
            node: None,
        }
    }

    /// Tells the process to run attempts, and starts one if there is none.
    fn tell_to_run(&mut self, attempts: Vec<Attempt>) -> Result<(), AttemptError> {
        if self.shared.stop.load(Ordering::SeqCst) {
            return Err(AttemptError::stopped());
        }
        if self.child.is_none() {
            self.start()?;
        }
        if self.shared.stop.load(Ordering::SeqCst) {
            // It was not there yet when the others were told.
            self.tell(&ToWorker::Stop);
        }
        self.tell(&ToWorker::Run { attempts });
        Ok(())
    }

    /// Waits for answers; how the process ended, if it gives none.
    fn attend(&mut self) -> Result<Vec<Answer>, AttemptError> {
        let Shared {
            progress, waits, ..
        } = &*self.shared;
        let child = self.child.as_mut();
        let answers = child.and_then(|child| child.attend(progress, waits));
        answers.ok_or_else(|| {
            *self.shared.pipe(self.number) = None;
            match self.child.take() {
                Some(child) => child.end(),
                None => AttemptError::from_outside("there is no worker process"),
            }
        })
    }

    /// Says something to the process; that it is dead shows when it is listened to.
    fn tell(&self, message: &ToWorker) {
        if let Some(pipe) = &mut *self.shared.pipe(self.number) {
            let _ = pipe.tell(message);
        }
    }

    fn start(&mut self) -> Result<(), AttemptError> {
        self.process = None;
        let Shared { program, begin, .. } = &*self.shared;
        let (child, pipe) = Child::start(program.as_deref(), begin)?;
        self.process = Some(pipe.process());
        *self.shared.pipe(self.number) = Some(pipe);
        self.child = Some(child);
        Ok(())
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        // Its process goes when the way to it is closed.
        *self.shared.pipe(self.number) = None;
        if let Some(child) = self.child.take() {
            child.release();
        }
    }
}
