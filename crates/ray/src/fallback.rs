//! Workers on this machine, because there is no cluster.

use std::sync::Arc;

use coldpress_executor::Running;
use coldpress_partition::Task;
use coldpress_worker::{Attempt, Progress};

/// Workers that do what a cluster was asked for, and a warning that says so.
pub(crate) struct Fallback {
    pub(crate) running: Box<dyn Running>,
    pub(crate) warning: String,
}

impl Running for Fallback {
    fn submit(&mut self, attempt: Attempt) {
        self.running.submit(attempt);
    }

    fn stop(&mut self) {
        self.running.stop();
    }

    fn cancel(&mut self, task: Task, number: u32) {
        self.running.cancel(task, number);
    }

    fn speculates(&self) -> bool {
        self.running.speculates()
    }

    fn packs(&self) -> bool {
        self.running.packs()
    }

    fn progress(&self) -> Arc<Progress> {
        self.running.progress()
    }

    fn workers(&self) -> Option<usize> {
        self.running.workers()
    }

    fn warnings(&self) -> Vec<String> {
        let own = std::iter::once(self.warning.clone());
        own.chain(self.running.warnings()).collect()
    }

    fn processes(&self) -> Vec<u32> {
        self.running.processes()
    }
}
