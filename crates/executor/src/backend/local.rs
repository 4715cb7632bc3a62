//! Workers as threads of this process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coldpress_storage::spawn;
use coldpress_worker::{Attempt, JobSpec, Progress, Watch, Worker, WorkerContext};
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{Backend, Finished, Running, WorkerId};

/// Threads of this process: no start-up, no copies; an operator that aborts takes the process with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalBackend;

impl fmt::Display for LocalBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("local threads")
    }
}

impl Backend for LocalBackend {
    fn start(
        &self,
        workers: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> std::io::Result<Box<dyn Running>> {
        let (attempts, queue) = unbounded::<Attempt>();
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Progress::default());
        let mut threads = LocalThreads {
            attempts: Some(attempts),
            stop,
            progress,
            threads: Vec::new(),
        };
        for number in 0..workers.max(1) {
            let worker = Worker::new(Arc::clone(&spec), context.clone());
            let (queue, finished) = (queue.clone(), finished.clone());
            let (stop, progress) = (Arc::clone(&threads.stop), Arc::clone(&threads.progress));
            let name = format!("coldpress-worker-{number}");
            let thread = spawn(name, move || {
                let id = WorkerId {
                    number: number as u32,
                    process: None,
                    node: None,
                };
                serve(id, worker, &queue, &finished, &stop, &progress);
            })
            .map_err(std::io::Error::other)?;
            threads.threads.push(thread);
        }
        Ok(Box::new(threads))
    }
}

/// Packed attempts that wait to become durable together, at most.
const UNSETTLED: usize = 1024;
/// The bytes of their results, at most.
const UNSETTLED_BYTES: usize = 4 << 20;
/// How long one of them waits at most for others, while there are others.
const UNSETTLED_FOR: Duration = Duration::from_millis(200);

fn serve(
    id: WorkerId,
    worker: Worker,
    queue: &Receiver<Attempt>,
    finished: &Sender<Finished>,
    stop: &AtomicBool,
    progress: &Progress,
) {
    let watch = Watch {
        stop,
        progress,
        in_hand: None,
    };
    let mut thread = WorkerThread {
        id,
        worker,
        unsettled: Vec::new(),
        since: Instant::now(),
    };
    // The driver may be gone.
    let _ = thread.serve(queue, finished, watch);
}

/// A worker, and what it has finished and not yet made durable.
struct WorkerThread {
    id: WorkerId,
    worker: Worker,
    unsettled: Vec<Finished>,
    /// Since when the first of them waits.
    since: Instant,
}

impl WorkerThread {
    fn serve(
        &mut self,
        queue: &Receiver<Attempt>,
        finished: &Sender<Finished>,
        watch: Watch<'_>,
    ) -> Option<()> {
        loop {
            if self.is_full() {
                self.settle(finished)?;
            }
            let attempt = match queue.try_recv() {
                Ok(attempt) => attempt,
                Err(_) => {
                    // Nothing more can come together, so nobody waits longer.
                    self.settle(finished)?;
                    let Ok(attempt) = queue.recv() else {
                        return Some(());
                    };
                    attempt
                }
            };
            if !attempt.packed {
                // It may take long.
                self.settle(finished)?;
            }
            let ended = self.run(&attempt, watch);
            if attempt.packed && ended.result.is_ok() {
                if self.unsettled.is_empty() {
                    self.since = Instant::now();
                }
                self.unsettled.push(ended);
            } else {
                finished.send(ended).ok()?;
            }
        }
    }

    fn run(&mut self, attempt: &Attempt, watch: Watch<'_>) -> Finished {
        let started = Instant::now();
        let result = self.worker.run(attempt, watch);
        Finished {
            task: attempt.task,
            number: attempt.number,
            seconds: started.elapsed().as_secs_f64(),
            worker: self.id,
            result,
        }
    }

    fn is_full(&self) -> bool {
        !self.unsettled.is_empty()
            && (self.unsettled.len() >= UNSETTLED
                || self.worker.unsettled_bytes() >= UNSETTLED_BYTES
                || self.since.elapsed() >= UNSETTLED_FOR)
    }

    /// Makes what is finished durable, and only then says so. None once the driver is gone, as for [`serve`](Self::serve).
    fn settle(&mut self, finished: &Sender<Finished>) -> Option<()> {
        if self.unsettled.is_empty() {
            return Some(());
        }
        let settled = self.worker.settle();
        for ended in self.unsettled.drain(..) {
            let result = match &settled {
                Ok(()) => ended.result,
                Err(error) => Err(error.clone()),
            };
            finished.send(Finished { result, ..ended }).ok()?;
        }
        Some(())
    }
}

struct LocalThreads {
    attempts: Option<Sender<Attempt>>,
    stop: Arc<AtomicBool>,
    progress: Arc<Progress>,
    threads: Vec<JoinHandle<()>>,
}

impl Running for LocalThreads {
    fn submit(&mut self, attempt: Attempt) {
        if let Some(attempts) = &self.attempts {
            // The workers hold the other end until this one is dropped.
            let _ = attempts.send(attempt);
        }
    }

    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn packs(&self) -> bool {
        true
    }

    fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

impl Drop for LocalThreads {
    fn drop(&mut self) {
        self.stop();
        self.attempts = None;
        for thread in self.threads.drain(..) {
            // A worker catches its panics; there is nothing to learn from one that did not.
            let _ = thread.join();
        }
    }
}
