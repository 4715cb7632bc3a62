//! The counts of jobs in the text form of Prometheus, for node_exporter's textfile collector and for scraping.
//!
//! The form is that of <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::{Display, Write as _};

use coldpress_job::{JobSummary, Phase, Totals};

use crate::report::OperatorPerformance;

/// The counts of a job for Prometheus.
#[derive(Clone, Debug)]
pub struct JobMetrics<'a> {
    /// The job's id, the label `job_id` of all its samples.
    pub job_id: &'a str,
    /// Whether a driver works on the job.
    pub is_running: bool,
    /// The status as people see it.
    pub status: &'a str,
    /// The phase that the job is in, while a driver works on it.
    pub phase: Option<Phase>,
    /// When the newest driver began, in seconds since 1970.
    pub start_time: Option<f64>,
    /// When it ended, in seconds since 1970.
    pub end_time: Option<f64>,
    /// The counts of records and partitions.
    pub totals: Totals,
    /// The work of each operator; empty where it is not known.
    pub operators: Vec<OperatorPerformance>,
}

impl<'a> JobMetrics<'a> {
    /// Takes the counts of a job from the summary that its driver keeps.
    #[must_use]
    pub fn of_summary(summary: &'a JobSummary, operators: Vec<OperatorPerformance>) -> Self {
        Self {
            job_id: &summary.job_id,
            is_running: !summary.status.is_terminal(),
            status: summary.status.name(),
            phase: (!summary.status.is_terminal()).then_some(summary.phase),
            start_time: Some(summary.newest_start()),
            end_time: summary.end_time,
            totals: summary.totals,
            operators,
        }
    }
}

/// Returns the counts of jobs as Prometheus reads them. Every sample has the job's id as its label `job_id`.
#[must_use]
pub fn prometheus_text(jobs: &[JobMetrics<'_>]) -> String {
    let mut text = Text { out: String::new() };
    text.of_each(
        jobs,
        "coldpress_job_running",
        "Whether a driver works on the job.",
        |job| Some(f64::from(u8::from(job.is_running))),
    );
    text.statuses(jobs);
    text.of_each(
        jobs,
        "coldpress_job_start_time_seconds",
        "When the job began, in seconds since 1970.",
        |job| job.start_time,
    );
    text.of_each(
        jobs,
        "coldpress_job_end_time_seconds",
        "When the job ended, in seconds since 1970.",
        |job| job.end_time,
    );
    text.states(
        jobs,
        "coldpress_partitions",
        "Partitions of the stage at work.",
        |totals| {
            vec![
                ("planned", totals.partitions.into()),
                ("completed", totals.completed.into()),
                ("failed", totals.failed.into()),
            ]
        },
    );
    text.states(
        jobs,
        "coldpress_records",
        "Records by outcome, in the stage at work.",
        |totals| {
            vec![
                ("planned", totals.records),
                ("processed", totals.processed),
                ("kept", totals.exported),
                ("dropped", totals.dropped),
                ("quarantined", totals.quarantined),
                ("absorbed", totals.absorbed),
                ("made", totals.made),
                ("not_drawn", totals.not_sampled),
                ("in_failed_partitions", totals.records_in_failed),
            ]
        },
    );
    text.operators(jobs);
    text.out
}

struct Text {
    out: String,
}

/// All samples of a family follow its declaration, so each of these goes over all jobs.
impl Text {
    /// A family with a sample for each job that has a value.
    fn of_each(
        &mut self,
        jobs: &[JobMetrics<'_>],
        name: &str,
        help: &str,
        value: fn(&JobMetrics<'_>) -> Option<f64>,
    ) {
        if jobs.iter().all(|job| value(job).is_none()) {
            return;
        }
        self.family(name, "gauge", help);
        for job in jobs {
            if let Some(value) = value(job) {
                self.sample(name, job, &[], value);
            }
        }
    }

    fn statuses(&mut self, jobs: &[JobMetrics<'_>]) {
        let name = "coldpress_job_status";
        let help = "1, with the status and the phase of the job as labels.";
        self.family(name, "gauge", help);
        for job in jobs {
            let phase = job.phase.map(|phase| phase.to_string());
            let labels = [
                ("status", job.status.to_owned()),
                ("phase", phase.unwrap_or_default()),
            ];
            self.sample(name, job, &labels, 1);
        }
    }

    /// A family with a sample for each state of each job.
    fn states(
        &mut self,
        jobs: &[JobMetrics<'_>],
        name: &str,
        help: &str,
        counts: fn(&Totals) -> Vec<(&'static str, u64)>,
    ) {
        self.family(name, "gauge", help);
        for job in jobs {
            for (state, count) in counts(&job.totals) {
                self.sample(name, job, &[("state", state.to_owned())], count);
            }
        }
    }

    fn operators(&mut self, jobs: &[JobMetrics<'_>]) {
        type Value = fn(&OperatorPerformance) -> f64;
        let families: [(&str, &str, Value); 3] = [
            (
                "coldpress_operator_records_in",
                "Records that reached the operator.",
                |one| one.records_in as f64,
            ),
            (
                "coldpress_operator_records_out",
                "Records that left the operator.",
                |one| one.records_out as f64,
            ),
            (
                "coldpress_operator_seconds",
                "Seconds of work of the operator, over all workers.",
                |one| one.seconds,
            ),
        ];
        for (name, help, value) in families {
            self.family(name, "gauge", help);
            for (job, one) in jobs
                .iter()
                .flat_map(|job| job.operators.iter().map(move |one| (job, one)))
            {
                let labels = [
                    ("operator", one.name.clone()),
                    ("index", one.index.to_string()),
                ];
                self.sample(name, job, &labels, value(one));
            }
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(
        &mut self,
        name: &str,
        job: &JobMetrics<'_>,
        labels: &[(&str, String)],
        value: impl Display,
    ) {
        let _ = write!(self.out, "{name}{{job_id=\"{}\"", escaped(job.job_id));
        for (label, text) in labels {
            let _ = write!(self.out, ",{label}=\"{}\"", escaped(text));
        }
        let _ = writeln!(self.out, "}} {value}");
    }
}

/// A label's value: backslashes, quotes and line breaks have escapes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use coldpress_job::Status;

    use super::*;

    #[test]
    fn counts_are_told_in_the_form_of_prometheus() {
        let summary = JobSummary {
            job_id: "web".to_owned(),
            start_time: 1.5,
            totals: Totals {
                not_sampled: 242,
                ..Totals::default()
            },
            ..JobSummary::default()
        };
        let operator = OperatorPerformance {
            index: 3,
            name: "odd \"\\\n_filter".to_owned(),
            records_in: 10,
            records_out: 7,
            seconds: 0.25,
            throughput: 40.0,
            reduction_ratio: 0.3,
        };
        let other = JobSummary {
            job_id: "other".to_owned(),
            status: Status::Completed,
            end_time: Some(9.0),
            ..JobSummary::default()
        };
        let text = prometheus_text(&[
            JobMetrics::of_summary(&summary, vec![operator]),
            JobMetrics::of_summary(&other, Vec::new()),
        ]);
        for line in [
            "# TYPE coldpress_records gauge",
            "coldpress_job_running{job_id=\"web\"} 1",
            "coldpress_job_running{job_id=\"other\"} 0",
            "coldpress_job_end_time_seconds{job_id=\"other\"} 9",
            "coldpress_job_start_time_seconds{job_id=\"web\"} 1.5",
            "coldpress_records{job_id=\"web\",state=\"kept\"} 0",
            "coldpress_records{job_id=\"web\",state=\"not_drawn\"} 242",
            "coldpress_operator_records_out{job_id=\"web\",operator=\"odd \\\"\\\\\\n_filter\",index=\"3\"} 7",
            "coldpress_operator_seconds{job_id=\"web\",operator=\"odd \\\"\\\\\\n_filter\",index=\"3\"} 0.25",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        // Each family is declared once, and its samples follow it in one piece.
        let mut family = "";
        let mut declared = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap();
                assert!(!declared.contains(&family), "{family} twice");
                declared.push(family);
            } else if !line.starts_with('#') {
                assert!(line.starts_with(&format!("{family}{{")), "{line}");
            }
        }
        assert!(text.ends_with('\n'));
    }
}
