//! `job_summary.json`: a view of the job for people and programs.

use coldpress_storage::{read_small, replace, replace_unsynced};
use serde::{Deserialize, Serialize};

use crate::civil::seconds_of;
use crate::driver::DriverIdentity;
use crate::layout::Layout;
use crate::status::{Phase, Status};
use crate::totals::Totals;
use crate::{Error, Result};

/// The schema version of `job_summary.json` that this release writes.
pub const SUMMARY_SCHEMA: u32 = 1;

/// A view of the job; the journal is the truth.
///
/// Times are seconds since 1970, and paths are absolute. The fields up to `metadata_dir`, and `end_time`, `duration` and
/// `error_message`, are Data-Juicer's, with the same meaning, so that its tools can read the file. Files that Data-Juicer wrote can
/// be read too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobSummary {
    /// The schema version; 0 in files of Data-Juicer.
    pub schema_version: u32,
    /// The id of the job.
    pub job_id: String,
    /// The start of the job, or of its first run if it was resumed.
    pub start_time: f64,
    /// The end of the last run.
    pub end_time: Option<f64>,
    /// The seconds from its start to its end, including the time between its runs.
    pub duration: Option<f64>,
    /// The number of runs that worked on it; 0 in files of earlier releases and of Data-Juicer.
    pub runs: u32,
    /// The start of the newest run; 0 if `runs` is 0.
    pub run_start_time: f64,
    /// The seconds that were spent on it in all runs, at the time of writing.
    pub seconds_at_work: f64,
    /// The part of them before the newest run.
    pub earlier_seconds: f64,
    /// The status of the job.
    pub status: Status,
    /// The current phase, or the last one if the job ended.
    pub phase: Phase,
    /// The folder of all jobs.
    pub work_dir: String,
    /// The folder of the job.
    pub job_dir: String,
    /// The recipe file as it was given.
    pub config_file: Option<String>,
    /// The executor: `default` and so on, as in the recipe.
    pub executor_type: String,
    /// The command that resumes the job.
    pub resumption_command: String,
    /// The event log, if there is one.
    pub event_log_file: Option<String>,
    /// The folder of the event log.
    pub event_log_dir: String,
    /// The URL that the event log is copied to, if the recipe names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_log_url: Option<String>,
    /// The folder of the checkpoints.
    pub checkpoint_dir: String,
    /// The folder of the mapping files.
    pub metadata_dir: String,
    /// The dataset, as the recipe names it.
    pub dataset_path: String,
    /// The path of the export.
    pub export_path: String,
    /// The process id of the driver.
    pub pid: u32,
    /// The host of the driver.
    pub host: String,
    /// The boot of that host.
    pub boot_id: String,
    /// The start time of the driver's process, in clock ticks since the boot.
    pub process_start_time: u64,
    /// The counts.
    pub totals: Totals,
    /// The reason why the job failed.
    pub error_message: Option<String>,
    /// The operators at work at the time of writing, while the job runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_work: Vec<OperatorAtWork>,
}

/// An operator at work on a partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperatorAtWork {
    /// The partition.
    pub partition_id: u32,
    /// The number of the attempt.
    pub attempt: u32,
    /// The address of its machine, if that may differ from the driver's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The operator's name.
    pub operation_name: String,
    /// Its place in the recipe, from 0.
    pub operation_idx: u32,
    /// The time when it began on the partition, in seconds since 1970; none before it has.
    pub start_time: Option<f64>,
    /// The number of records of the partition that were read so far.
    pub records_read: u64,
}

/// The largest summary. It names the dataset's paths, which may be many.
const MAX_SUMMARY_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    schema_version: u32,
}

impl JobSummary {
    /// Creates the summary of a job that this driver begins to work on. The caller fills in the rest.
    #[must_use]
    pub fn begun(layout: &Layout, driver: &DriverIdentity) -> Self {
        let text = |path: &std::path::Path| layout.shown_path(path).display().to_string();
        Self {
            schema_version: SUMMARY_SCHEMA,
            job_id: layout.job_id().to_string(),
            start_time: seconds_of(driver.started_at_millis),
            runs: 1,
            run_start_time: seconds_of(driver.started_at_millis),
            work_dir: layout.shown_base(),
            job_dir: text(layout.job_dir()),
            event_log_file: Some(text(&layout.events())),
            event_log_dir: text(layout.event_log_dir()),
            checkpoint_dir: text(layout.checkpoint_dir()),
            metadata_dir: text(&layout.metadata_dir()),
            pid: driver.pid,
            host: driver.host.clone(),
            boot_id: driver.boot_id.clone(),
            process_start_time: driver.start_time_ticks,
            ..Self::default()
        }
    }

    /// Makes this the summary of another run of the same job as `earlier`.
    pub fn follow(&mut self, earlier: &Self) {
        let is_known = earlier.start_time > 0.0;
        let start = Some(earlier.start_time).filter(|_| is_known);
        self.start_time = start.unwrap_or(self.start_time);
        self.runs = earlier.runs.max(1).saturating_add(1);
        self.earlier_seconds = match earlier.runs {
            0 => earlier.duration.unwrap_or(0.0),
            _ => earlier.seconds_at_work,
        };
    }

    /// Takes the times of another summary, which is of the last run that changed anything.
    pub fn keep_times_of(&mut self, earlier: &Self) {
        self.start_time = earlier.start_time;
        self.end_time = earlier.end_time;
        self.runs = earlier.runs;
        self.run_start_time = earlier.run_start_time;
        self.seconds_at_work = earlier.seconds_at_work;
        self.earlier_seconds = earlier.earlier_seconds;
    }

    /// Returns when the newest run began, even for a summary without that field.
    #[must_use]
    pub fn newest_start(&self) -> f64 {
        match self.runs {
            0 => self.start_time,
            _ => self.run_start_time,
        }
    }

    /// Returns whether this driver wrote it.
    #[must_use]
    pub fn is_of(&self, driver: &DriverIdentity) -> bool {
        (self.pid, self.process_start_time) == (driver.pid, driver.start_time_ticks)
            && self.host == driver.host
            && self.boot_id == driver.boot_id
    }

    /// Reads the summary of a job; none if it has none.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableSummary`] if the file is invalid, which costs only the view; [`Error::NewerSchema`]; [`Error::Storage`]
    /// if it cannot be read.
    pub fn read(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.summary();
        let bytes = match read_small(&path, MAX_SUMMARY_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error @ coldpress_storage::Error::Io { .. }) => return Err(error.into()),
            Err(error) => {
                let reason = error.to_string();
                return Err(Error::UnreadableSummary { path, reason });
            }
        };
        let unreadable = |error: serde_json::Error| Error::UnreadableSummary {
            path: path.clone(),
            reason: error.to_string(),
        };
        // A list would pass for a struct, so the form is checked first.
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&bytes).map_err(unreadable)?;
        let fields = serde_json::Value::Object(fields);
        let version = Version::deserialize(&fields).map_err(unreadable)?;
        if version.schema_version > SUMMARY_SCHEMA {
            return Err(Error::NewerSchema {
                path,
                found: version.schema_version,
                supported: SUMMARY_SCHEMA,
            });
        }
        Self::deserialize(&fields).map(Some).map_err(unreadable)
    }

    /// Writes the summary atomically: a reader finds the old one or this one.
    ///
    /// # Errors
    ///
    /// [`Error::NewerSchema`] if the existing file is a newer release's, which is then kept; [`Error::Storage`].
    pub fn write(&self, layout: &Layout) -> Result<()> {
        if let Err(error @ Error::NewerSchema { .. }) = Self::read(layout) {
            return Err(error);
        }
        let path = layout.summary();
        let mut json =
            serde_json::to_vec_pretty(self).map_err(|source| coldpress_storage::Error::Encode {
                path: path.clone(),
                source,
            })?;
        json.push(b'\n');
        // While the job runs it is written again and again, and these versions need not survive a power cut.
        match self.status.is_terminal() {
            true => replace(&path, &json)?,
            false => replace_unsynced(&path, &json)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn layout(dir: &Path) -> Layout {
        let layout = Layout::in_dir(dir, "job".parse().unwrap()).unwrap();
        fs::create_dir_all(layout.job_dir()).unwrap();
        layout
    }

    #[test]
    fn written_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        assert_eq!(JobSummary::read(&layout).unwrap(), None);
        let driver = DriverIdentity::current();
        let mut summary = JobSummary::begun(&layout, &driver);
        assert!(summary.is_of(&driver));
        summary.write(&layout).unwrap();
        summary.status = Status::CompletedWithFailures;
        summary.totals.exported = 7;
        summary.write(&layout).unwrap();
        assert_eq!(JobSummary::read(&layout).unwrap(), Some(summary));
    }

    proptest::proptest! {
        /// A job that is run again writes the times that it read, so they must not drift.
        #[test]
        fn times_are_read_back_to_the_last_bit(start_time in 1.7e9..2.1e9, duration in 0.0..1e7) {
            let summary = JobSummary {
                start_time,
                end_time: Some(start_time + duration),
                duration: Some(duration),
                ..JobSummary::default()
            };
            let json = serde_json::to_string(&summary).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<JobSummary>(&json).unwrap(), summary);
        }
    }

    #[test]
    fn a_summary_of_data_juicer_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let text = r#"{"job_id": "job", "start_time": 1753718117.2, "status": "completed",
            "work_dir": "w", "job_dir": "w/job", "config_file": "c.yaml", "executor_type": "ray_partitioned",
            "resumption_command": "dj-process", "end_time": 1753718217.7, "duration": 100.5, "odd": [1]}"#;
        fs::write(layout.summary(), text).unwrap();
        let summary = JobSummary::read(&layout).unwrap().unwrap();
        assert_eq!(summary.status, Status::Completed);
        assert_eq!(summary.duration, Some(100.5));
        assert_eq!(summary.schema_version, 0);
    }

    #[test]
    fn a_broken_summary_is_told_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        for text in ["", "{", "[]", "nonsense", r#"{"status": "odd"}"#] {
            fs::write(layout.summary(), text).unwrap();
            let error = JobSummary::read(&layout).unwrap_err();
            assert!(matches!(error, Error::UnreadableSummary { .. }), "{text}");
            let summary = JobSummary::begun(&layout, &DriverIdentity::current());
            summary.write(&layout).unwrap();
            assert_eq!(JobSummary::read(&layout).unwrap(), Some(summary));
        }
    }

    #[test]
    fn a_newer_summary_is_refused_by_both_versions_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let text = r#"{"schema_version": 9, "status": "resting"}"#;
        fs::write(layout.summary(), text).unwrap();
        let message = JobSummary::read(&layout).unwrap_err().to_string();
        assert!(message.contains("version 9") && message.contains("version 1"));
        let summary = JobSummary::begun(&layout, &DriverIdentity::current());
        assert!(matches!(
            summary.write(&layout),
            Err(Error::NewerSchema { .. })
        ));
        assert_eq!(fs::read_to_string(layout.summary()).unwrap(), text);
    }
}
