//! Findings about a job, in sentences that a person can act on.

mod waits;

use std::path::Path;

use serde::Serialize;

use super::JobReport;
use crate::quantity::{counted, grouped, plain};

/// Something notable about a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error`, `warning` or `info`.
    pub level: &'static str,
    /// The finding.
    pub text: String,
    /// Advice.
    pub advice: Option<String>,
}

impl Finding {
    fn new(level: &'static str, text: String, advice: impl Into<Option<String>>) -> Self {
        Self {
            level,
            text,
            advice: advice.into(),
        }
    }
}

/// The most findings of a kind that are listed one by one.
const LISTED: usize = 5;

/// Lists the findings, the gravest first.
pub(super) fn findings(report: &JobReport) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(ending(report));
    findings.extend(failures(report));
    findings.extend(losses(report));
    findings.extend(quarantine(report));
    findings.extend(slow_operator(report));
    findings.extend(waits::waits(report));
    findings.extend(stragglers(report));
    findings.extend(mixed_fields(report));
    findings
}

/// Returns the finding that the journal is damaged, with its `damage`.
pub(super) fn damage(damage: &str) -> Finding {
    let text =
        format!("{damage}. What is shown comes from the job summary and the event log alone");
    Finding::new("error", text, None)
}

fn ending(report: &JobReport) -> Option<Finding> {
    let overview = &report.overview;
    let resume = overview
        .resumption_command
        .as_ref()
        .map(|command| format!("go on with: {command}"));
    match overview.status.as_str() {
        "interrupted" => Some(Finding::new(
            "error",
            "the process that drove the job is gone and has not said how it ended".to_owned(),
            resume,
        )),
        "failed" => {
            let error = overview.error.as_deref().unwrap_or("the job failed");
            Some(Finding::new("error", error.to_owned(), resume))
        }
        "stopped" => Some(Finding::new(
            "warning",
            "the job was stopped on request; what is finished is kept".to_owned(),
            resume,
        )),
        _ => None,
    }
}

fn failures(report: &JobReport) -> Vec<Finding> {
    let errors = &report.errors;
    let mut findings = Vec::new();
    if errors.failed_total > 0 {
        let partitions = counted(errors.failed_total, "partition");
        let records = counted(report.overview.samples_in_failed, "record");
        let first = errors.failed_partitions.first();
        findings.push(Finding::new(
            "error",
            match (errors.failed_total, report.overview.samples_in_failed) {
                (1, 1) => format!("{partitions} failed; its record is not in the output"),
                (1, _) => format!("{partitions} failed; its {records} are not in the output"),
                _ => format!("{partitions} failed; their {records} are not in the output"),
            },
            first.and_then(|failed| failed.advice).map(str::to_owned),
        ));
    }
    for group in errors.groups.iter().take(LISTED) {
        let place = group
            .operator
            .as_ref()
            .map_or(String::new(), |operator| format!(" in {operator}"));
        let attempts = counted(group.attempts, "attempt");
        findings.push(Finding::new(
            "warning",
            format!(
                "{attempts} failed{place} ({}): {}",
                group.class, group.message
            ),
            group.advice.map(str::to_owned),
        ));
    }
    if errors.unreadable_total > 0 {
        let parts = counted(errors.unreadable_total, "part");
        findings.push(Finding::new(
            "warning",
            format!("{parts} of the input cannot be read"),
            "fetch or make these files again; start a job over changed files again with --fresh"
                .to_owned(),
        ));
    }
    findings
}

fn losses(report: &JobReport) -> Vec<Finding> {
    let losses = report.losses.iter().take(LISTED);
    losses
        .map(|loss| Finding::new("warning", loss.to_string(), None))
        .collect()
}

fn quarantine(report: &JobReport) -> Option<Finding> {
    let quarantine = &report.quarantine;
    let reason = quarantine.reasons.first().map(|reason| {
        let operator = reason.operator.as_deref().unwrap_or("reading");
        format!("; most often {operator}: {}", reason.error)
    });
    (quarantine.total > 0).then(|| {
        let is = if quarantine.total == 1 { "is" } else { "are" };
        Finding::new(
            "warning",
            format!(
                "{} {is} in quarantine{}",
                counted(quarantine.total, "record"),
                reason.unwrap_or_default()
            ),
            Some(format!(
                "`coldpress quarantine show {}{}` prints them",
                report.overview.job_id,
                base_dir(&report.overview.job_dir)
            )),
        )
    })
}

/// Returns the option for the folder of all jobs, if the job is not in the default one.
pub(super) fn base_dir(job_dir: &str) -> String {
    const DEFAULT: &str = "outputs/partition-checkpoint-eventlog";
    let folder = Path::new(job_dir).parent().unwrap_or(Path::new("."));
    match folder == Path::new(DEFAULT) {
        true => String::new(),
        false => format!(" --base-dir {}", plain(&folder.display().to_string())),
    }
}

/// Finds an operator that takes a third of the time or more, unless the job is too short to matter.
fn slow_operator(report: &JobReport) -> Option<Finding> {
    const LEAST_SHARE: f64 = 1.0 / 3.0;
    const LEAST_SECONDS: f64 = 1.0;
    let operators = report.operators.iter();
    let slowest = operators
        .filter(|row| row.seconds.is_some_and(|seconds| seconds >= LEAST_SECONDS))
        .max_by(|a, b| {
            a.share_of_time
                .partial_cmp(&b.share_of_time)
                .unwrap_or(std::cmp::Ordering::Equal)
        })?;
    let share = slowest
        .share_of_time
        .filter(|share| *share >= LEAST_SHARE)?;
    let drops_later = report
        .operators
        .iter()
        .skip(slowest.index as usize + 1)
        .any(|row| row.counts.dropped * 5 > row.counts.records_in.max(1) && !row.is_barrier);
    let advice = "put filters that are fast and drop much before it".to_owned();
    Some(Finding::new(
        "info",
        format!(
            "{} takes {:.0} % of the operators' time",
            slowest.name,
            100.0 * share
        ),
        drops_later.then_some(advice),
    ))
}

fn stragglers(report: &JobReport) -> Vec<Finding> {
    let listed = report.stragglers.iter().take(LISTED);
    listed
        .map(|straggler| {
            let operator = straggler.operator.as_deref();
            let mut text = format!(
                "partition {} took {:.1} × the median",
                straggler.partition, straggler.times_median
            );
            text.push_str(
                &operator.map_or(String::new(), |name| format!(", most of it in {name}")),
            );
            if !straggler.reasons.is_empty() {
                text.push_str(&format!("; {}", straggler.reasons.join(", ")));
            }
            Finding::new("info", text, None)
        })
        .collect()
}

fn mixed_fields(report: &JobReport) -> Vec<Finding> {
    let fields = report.fields.iter().flat_map(|view| &view.fields);
    let mixed = fields.filter_map(|field| {
        let odd = field.odd.as_ref()?;
        Some(Finding::new(
            "info",
            format!(
                "field {} holds values of several types: the first {} is in the record at {} {} of {}",
                plain(&field.name),
                odd.kind,
                odd.unit(),
                grouped(odd.position),
                odd.path
            ),
            None,
        ))
    });
    mixed.take(LISTED).collect()
}
