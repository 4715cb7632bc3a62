//! Running a job.

use crate::driver::Driver;
use crate::error::Result;
use crate::executor::Executor;
use crate::report::Report;

impl Executor {
    /// Runs the job to its end, or resumes it if it was begun before.
    ///
    /// # Errors
    /// [`Error`](crate::Error); its kind says what can be done. What was published stays good, and running again goes on from it.
    #[doc(alias = "dj-process")]
    pub fn run(&self) -> Result<Report> {
        if !self.shared.is_stopped() {
            // An earlier run may have ended in haste.
            self.schemes.waits().take_time();
        }
        let report = self.check_places().and_then(|()| Driver::open(self));
        let report = report.and_then(Driver::run);
        self.shared.end_events();
        report
    }
}
