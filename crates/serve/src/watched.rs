//! A job that is watched: it is read once for all clients.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coldpress_job::{Error as JobError, JobId, JobStamp, Layout};
use coldpress_report::{JobReader, JobReport, Limits, ReportOptions};

use crate::ServeOptions;
use crate::pace::Pace;
use crate::version::Version;

/// Why a job cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is no such job.
    Unknown(String),
    /// It has written nothing down yet.
    NotYet(String),
    /// It cannot be read.
    Unreadable(String),
}

impl Trouble {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Unknown(text) | Self::NotYet(text) | Self::Unreadable(text) => text,
        }
    }
}

pub(crate) type Latest = Result<Arc<Version>, Trouble>;

/// A job that is looked at.
#[derive(Debug)]
pub(crate) struct WatchedJob {
    job_id: JobId,
    /// What everyone gets who asks before it is time to read again.
    current: Mutex<Current>,
    /// Held by the thread that reads the job.
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Current {
    latest: Option<Latest>,
    pace: Pace,
}

#[derive(Debug, Default)]
struct Reading {
    reader: Option<JobReader>,
    /// The copy of a job at a URL, which is kept up to date.
    brought: Option<Layout>,
    /// What the latest view was made from.
    stamp: Option<JobStamp>,
}

impl WatchedJob {
    pub(crate) fn new(job_id: JobId) -> Self {
        Self {
            job_id,
            current: Mutex::default(),
            reading: Mutex::default(),
        }
    }

    /// Returns the latest view of the job. `one_at_a_time` is held while it is read.
    pub(crate) fn latest(&self, options: &ServeOptions, one_at_a_time: &Mutex<()>) -> Latest {
        if let Some(latest) = self.fresh() {
            return latest;
        }
        let mut reading = match self.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) => {
                // Somebody is reading it. Callers without a view wait; the others get the latest one.
                if let Some(latest) = self.current().latest.clone() {
                    return latest;
                }
                let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(latest) = self.fresh() {
                    return latest;
                }
                reading
            }
        };
        let turn = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Pace::begin();
        let previous = self.current().latest.clone();
        let latest = reading.look(&self.job_id, options, previous.as_ref());
        drop(turn);
        let mut current = self.current();
        current.pace.end(&begun);
        current.latest = Some(latest.clone());
        latest
    }

    /// Returns what there is, unless it is time to read again.
    fn fresh(&self) -> Option<Latest> {
        let current = self.current();
        current.latest.clone().filter(|_| !current.pace.is_due())
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    fn look(
        &mut self,
        job_id: &JobId,
        options: &ServeOptions,
        previous: Option<&Latest>,
    ) -> Latest {
        let layout = self.find(job_id, options).map_err(|error| {
            *self = Self::default();
            trouble(&error, false)
        })?;
        let stamp = JobStamp::of(&layout);
        if let (Some(Ok(previous)), true) = (previous, self.stamp.as_ref() == Some(&stamp)) {
            return Ok(Arc::clone(previous));
        }
        let before = self.stamp.replace(stamp.clone());
        let is_same = before.is_some_and(|before| before.is_of_same_folder(&stamp));
        let reader = match self.reader.take() {
            Some(reader) if is_same && *reader.layout() == layout => reader,
            _ => JobReader::new(layout),
        };
        let reader = self.reader.insert(reader);
        let report = read(reader, options, stamp.is_alive())?;
        if !report.overview.is_running {
            // It holds all that is true about the job, for the next look. There is none before another driver begins.
            self.reader = None;
        }
        let previous = previous.and_then(|previous| previous.as_ref().ok());
        let unwritable = |error: serde_json::Error| Trouble::Unreadable(error.to_string());
        let json = serde_json::to_string(&report).map_err(unwritable)?;
        let over = (!report.overview.is_running).then(|| {
            let status = report.overview.status.replace('_', " ");
            format!("the job is not running: {status}")
        });
        let previous_version = previous.map(Arc::as_ref);
        let next = Version::after(previous_version, json, over).map_err(unwritable)?;
        Ok(match (next, previous) {
            (None, Some(previous)) => Arc::clone(previous),
            (Some(next), _) => Arc::new(next),
            (None, None) => return Err(Trouble::Unreadable("there is no report".to_owned())),
        })
    }
}

impl Reading {
    fn find(&mut self, job_id: &JobId, options: &ServeOptions) -> Result<Layout, JobError> {
        if let Some(layout) = &self.brought {
            return Ok(layout.clone());
        }
        let layout = options.jobs().find(job_id.clone())?;
        if layout.url().is_some() {
            layout.keep_fresh()?;
            self.brought = Some(layout.clone());
        }
        Ok(layout)
    }
}

/// Reads a job: with less detail while it runs, and as `coldpress report` does once it has ended.
fn read(
    reader: &mut JobReader,
    options: &ServeOptions,
    is_alive: bool,
) -> Result<JobReport, Trouble> {
    let mut report = |limits: Limits| {
        let options = ReportOptions {
            registry: &options.registry,
            schemes: &options.schemes,
            limits,
        };
        reader.report(&options).map_err(|error| match error {
            coldpress_report::Error::Job(error) => trouble(&error, is_alive),
            error => Trouble::Unreadable(error.to_string()),
        })
    };
    let short = report(Limits::live())?;
    if short.overview.is_running {
        return Ok(short);
    }
    report(Limits::default())
}

fn trouble(error: &JobError, is_alive: bool) -> Trouble {
    let text = error.to_string();
    match error {
        JobError::UnknownJob { .. } => Trouble::Unknown(text),
        JobError::NeverStarted { .. } => Trouble::NotYet(text),
        JobError::NothingToResume { .. } if is_alive => {
            Trouble::NotYet("its driver has written nothing down yet".to_owned())
        }
        _ => Trouble::Unreadable(text),
    }
}
