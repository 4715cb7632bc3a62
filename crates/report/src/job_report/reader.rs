//! Looking at a job repeatedly.

use coldpress_events::{EventFilter, EventReader, read_events};
use coldpress_job::{JournalFollower, Layout};

use super::log_pass::LogPass;
use super::{JobReport, ReportOptions, report_with};
use crate::error::Result;

/// Looks at a job repeatedly. It reads each event and each record of the journal only once, so another look at a job with a long
/// log costs only as much as was added.
#[derive(Debug)]
pub struct JobReader {
    layout: Layout,
    journal: JournalFollower,
    log: Option<Log>,
}

/// The events so far, and the place of the next ones.
struct Log {
    events: EventReader,
    pass: LogPass,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl JobReader {
    /// Prepares to look at a job. Nothing is read yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self {
            journal: JournalFollower::new(&layout),
            layout,
            log: None,
        }
    }

    /// Returns the job's layout.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Looks at the job like [`job_report`](super::job_report()). The limits of the first call apply to the events.
    ///
    /// # Errors
    /// Those of [`job_report`](super::job_report()).
    pub fn report(&mut self, options: &ReportOptions<'_>) -> Result<JobReport> {
        let pass = self.read_events(options);
        report_with(&mut self.journal, &self.layout, options, pass)
    }

    fn read_events(&mut self, options: &ReportOptions<'_>) -> LogPass {
        let log = match self.log.take() {
            Some(log) => Ok(log),
            None => {
                read_events(self.layout.event_log_dir(), EventFilter::new()).map(|events| Log {
                    events,
                    pass: LogPass::new(&options.limits),
                })
            }
        };
        match log {
            Ok(log) => self.read_on(log),
            Err(error) => {
                let mut pass = LogPass::new(&options.limits);
                pass.history.remark = Some(not_complete(&error));
                pass
            }
        }
    }

    fn read_on(&mut self, mut log: Log) -> LogPass {
        let failure = loop {
            match log.events.poll() {
                Ok(Some(event)) => log.pass.take(&event),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let damaged = log.events.damaged_lines();
        log.pass.history.remark = (damaged > 0).then(|| {
            let lines = crate::quantity::counted(damaged, "line");
            format!("{lines} of the event log cannot be read")
        });
        let mut pass = log.pass.clone();
        match failure {
            None => self.log = Some(log),
            // The next look starts from the beginning, because the file may be a different one by then.
            Some(error) => pass.history.remark = Some(not_complete(&error)),
        }
        pass
    }
}

fn not_complete(error: &coldpress_events::Error) -> String {
    format!("the event log is not complete: {error}")
}
