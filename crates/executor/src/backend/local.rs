//! Workers as threads of this process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use coldpress_storage::spawn;
use coldpress_worker::{Attempt, JobSpec, Progress, Watch, Worker, WorkerContext, work_off};
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{Backend, Finished, Running, WorkerId, tell};

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
    let answered = work_off(worker, queue, watch, |answers| {
        let mut answers = answers.into_iter();
        answers.try_for_each(|answer| tell(finished, Finished::of(answer, id)))
    });
    // There is nobody to tell that the driver is gone.
    let _ = answered;
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
