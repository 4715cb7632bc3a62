//! Backends: who runs the attempts.

mod local;
pub(crate) mod process;

use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::sync::Arc;

use coldpress_partition::Task;
use coldpress_worker::{Answer, Attempt, AttemptError, JobSpec, Outcome, Progress, WorkerContext};
use crossbeam_channel::Sender;

pub use local::LocalBackend;
pub use process::{LastWords, ProcessBackend, ProcessEnd};

/// Runs attempts somewhere: on threads of this process, or elsewhere.
///
/// # Contract
/// - Every submitted attempt is answered by exactly one [`Finished`], also after [`Running::stop`] and when the
///   attempt panics or its worker dies.
/// - An attempt runs at most once per submission, and publishes nothing.
/// - Dropping a [`Running`] waits for what is still running.
pub trait Backend: Debug + Display + Send + Sync + 'static {
    /// Returns whether an operator that kills its process does not take this one with it.
    fn survives_deaths(&self) -> bool {
        false
    }

    /// Starts `workers` workers for a job, which send what becomes of each attempt to `finished`.
    ///
    /// # Errors
    /// When the workers cannot be started.
    fn start(
        &self,
        workers: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> std::io::Result<Box<dyn Running>>;
}

/// Workers at work.
pub trait Running: Send {
    /// Hands out an attempt; it begins when a worker is free.
    fn submit(&mut self, attempt: Attempt);

    /// Tells the workers to leave their attempts at the next batch, and those that wait.
    fn stop(&mut self);

    /// Ends an attempt whose outcome is of no use any more. It is answered as every other one.
    fn cancel(&mut self, _task: Task, _number: u32) {}

    /// Returns whether a second attempt at a task may be faster than the first, because the workers are on several machines. Two
    /// attempts at a task may be out at once then, and [`cancel`](Self::cancel) ends one of them.
    fn speculates(&self) -> bool {
        false
    }

    /// Returns whether attempts may be [packed](Attempt::packed): then many small ones are handed out at once, and end together.
    fn packs(&self) -> bool {
        false
    }

    /// Returns how many attempts run at a time, where that is not what was asked for.
    fn workers(&self) -> Option<usize> {
        None
    }

    /// Returns what the user must know about how the workers were started.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Counts to watch.
    fn progress(&self) -> Arc<Progress>;

    /// The ids of processes of this machine that work besides this one: what they use counts as the job's.
    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// The worker that ran an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerId {
    /// The number of the worker, from 0. It stays the same when its process is replaced by another.
    pub number: u32,
    /// The id of its process, if it is not that of the driver.
    pub process: Option<u32>,
    /// The address of its machine, if it may be on another one than the driver.
    pub node: Option<IpAddr>,
}

/// What became of an attempt.
#[derive(Debug)]
pub struct Finished {
    /// What was worked on.
    pub task: Task,
    /// The number of the attempt.
    pub number: u32,
    /// Seconds that it took.
    pub seconds: f64,
    /// The worker that ran it.
    pub worker: WorkerId,
    /// What it made, or why it failed.
    pub result: Result<Outcome, AttemptError>,
}

/// The driver takes no answers any more.
struct DriverGone;

/// Tells the driver what became of an attempt.
fn tell(finished: &Sender<Finished>, ended: Finished) -> Result<(), DriverGone> {
    finished.send(ended).map_err(|_| DriverGone)
}

impl Finished {
    /// Makes it of what a worker answered.
    pub fn of(answer: Answer, worker: WorkerId) -> Self {
        let Answer {
            task,
            number,
            seconds,
            result,
        } = answer;
        Self {
            task,
            number,
            seconds,
            worker,
            result,
        }
    }
}
