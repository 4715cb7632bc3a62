//! A single worker process that is held up until it has many attempts.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use coldpress_executor::{Backend, Finished, ProcessBackend, Running};
use coldpress_worker::{Attempt, JobSpec, Progress, WorkerContext};
use crossbeam_channel::Sender;

/// One worker process. A file appears once so many attempts were handed to it.
#[derive(Clone, Debug)]
pub(crate) struct OneWorker {
    pub(crate) waits_for: usize,
    pub(crate) go: PathBuf,
}

struct Submitting {
    backend: OneWorker,
    running: Box<dyn Running>,
    submitted: usize,
}

impl fmt::Display for OneWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a worker process")
    }
}

impl Backend for OneWorker {
    fn survives_deaths(&self) -> bool {
        true
    }

    fn start(
        &self,
        _: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> io::Result<Box<dyn Running>> {
        Ok(Box::new(Submitting {
            backend: self.clone(),
            running: ProcessBackend::new().start(1, spec, context, finished)?,
            submitted: 0,
        }))
    }
}

impl Running for Submitting {
    fn submit(&mut self, attempt: Attempt) {
        self.running.submit(attempt);
        self.submitted += 1;
        if self.submitted == self.backend.waits_for {
            fs::write(&self.backend.go, "").unwrap();
        }
    }

    fn stop(&mut self) {
        self.running.stop();
    }

    fn packs(&self) -> bool {
        self.running.packs()
    }

    fn progress(&self) -> Arc<Progress> {
        self.running.progress()
    }
}
