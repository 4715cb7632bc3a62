//! A job's counts in the text form of Prometheus, for node_exporter's textfile collector and for scraping.
//!
//! The form is that of <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::{Display, Write as _};

use coldpress_job::JobSummary;

use crate::report::OperatorPerformance;

/// Returns a job's counts as Prometheus reads them. Every sample has the job's id as its label `job_id`.
#[must_use]
pub fn prometheus_text(summary: &JobSummary, operators: &[OperatorPerformance]) -> String {
    let mut text = Text {
        out: String::new(),
        job_id: escaped(&summary.job_id),
    };
    let totals = &summary.totals;
    text.family(
        "coldpress_job_running",
        "gauge",
        "Whether a driver works on the job.",
    );
    text.sample(
        "coldpress_job_running",
        &[],
        u8::from(!summary.status.is_terminal()),
    );
    text.family(
        "coldpress_job_status",
        "gauge",
        "1, with the status of the job and what it is at as labels.",
    );
    let labels = [
        ("status", summary.status.to_string()),
        ("phase", summary.phase.to_string()),
    ];
    text.sample("coldpress_job_status", &labels, 1);
    text.family(
        "coldpress_job_start_time_seconds",
        "gauge",
        "When the job began, in seconds since 1970.",
    );
    text.sample("coldpress_job_start_time_seconds", &[], summary.start_time);
    if let Some(end) = summary.end_time {
        text.family(
            "coldpress_job_end_time_seconds",
            "gauge",
            "When the job ended, in seconds since 1970.",
        );
        text.sample("coldpress_job_end_time_seconds", &[], end);
    }
    text.states(
        "coldpress_partitions",
        "Partitions of the stage at work.",
        &[
            ("planned", totals.partitions.into()),
            ("completed", totals.completed.into()),
            ("failed", totals.failed.into()),
        ],
    );
    text.states(
        "coldpress_records",
        "Records by outcome, in the stage at work.",
        &[
            ("planned", totals.records),
            ("processed", totals.processed),
            ("kept", totals.exported),
            ("dropped", totals.dropped),
            ("quarantined", totals.quarantined),
            ("absorbed", totals.absorbed),
            ("made", totals.made),
            ("in_failed_partitions", totals.records_in_failed),
        ],
    );
    text.operators(operators);
    text.out
}

struct Text {
    out: String,
    job_id: String,
}

impl Text {
    /// A family with a sample for each state.
    fn states(&mut self, name: &str, help: &str, counts: &[(&str, u64)]) {
        self.family(name, "gauge", help);
        for (state, count) in counts {
            self.sample(name, &[("state", (*state).to_owned())], count);
        }
    }

    fn operators(&mut self, operators: &[OperatorPerformance]) {
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
            for one in operators {
                let labels = [
                    ("operator", one.name.clone()),
                    ("index", one.index.to_string()),
                ];
                self.sample(name, &labels, value(one));
            }
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, String)], value: impl Display) {
        let _ = write!(self.out, "{name}{{job_id=\"{}\"", self.job_id);
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
    use super::*;

    #[test]
    fn counts_are_told_in_the_form_of_prometheus() {
        let summary = JobSummary {
            job_id: "web".to_owned(),
            start_time: 1.5,
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
        let text = prometheus_text(&summary, &[operator]);
        for line in [
            "# TYPE coldpress_records gauge",
            "coldpress_job_running{job_id=\"web\"} 1",
            "coldpress_job_start_time_seconds{job_id=\"web\"} 1.5",
            "coldpress_records{job_id=\"web\",state=\"kept\"} 0",
            "coldpress_operator_records_out{job_id=\"web\",operator=\"odd \\\"\\\\\\n_filter\",index=\"3\"} 7",
            "coldpress_operator_seconds{job_id=\"web\",operator=\"odd \\\"\\\\\\n_filter\",index=\"3\"} 0.25",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        // Each family is declared once, before its samples.
        let helps = text
            .lines()
            .filter(|line| line.starts_with("# HELP coldpress_partitions "));
        assert_eq!(helps.count(), 1);
        assert!(text.ends_with('\n'));
    }
}
