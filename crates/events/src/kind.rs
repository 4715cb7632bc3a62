//! The kinds of events, and all the ways to spell them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Level};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal $level:ident,)*) => {
        /// The kind of an event.
        ///
        /// On disk and in [`Display`](fmt::Display) a kind is its lower-case name. Parsing takes any case, words separated by `_`,
        /// `-`, a blank or nothing, and the other names for the same kind in Data-Juicer's documents:
        ///
        /// ```
        /// use coldpress_events::EventKind;
        ///
        /// for text in ["op_failed", "OP-FAILED", "OPERATION_ERROR", "EventType.OPERATION_ERROR"] {
        ///     assert_eq!(text.parse::<EventKind>()?, EventKind::OpFailed);
        /// }
        /// # Ok::<(), coldpress_events::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[doc(alias = "EventType")]
        pub enum EventKind {
            $($(#[$doc])* $variant,)*
            /// A kind that this release doesn't know, as it is in the file.
            Other(Box<str>),
        }

        impl EventKind {
            /// All kinds that have a name.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name on disk.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            /// Returns the level of an event of this kind without a level of its own.
            #[must_use]
            pub fn level(&self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                    Self::Other(_) => Level::Info,
                }
            }

            fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn name_of(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(_) => "",
                }
            }
        }
    };
}

kinds! {
    /// A driver started the job.
    JobStart "job_start" Info,
    /// The job is complete.
    JobComplete "job_complete" Info,
    /// The job failed.
    JobFailed "job_failed" Error,
    /// The job was stopped on request.
    JobStopped "job_stopped" Warning,
    /// Somebody asked the job to stop.
    StopRequested "stop_requested" Warning,
    /// The driver before this one died while it held the job.
    LockTakenOver "lock_taken_over" Warning,
    /// A driver resumed a job that was started earlier.
    JobRestart "job_restart" Info,
    /// Planning began.
    PlanStart "plan_start" Info,
    /// The plan of all partitions is saved.
    PlanComplete "plan_complete" Info,
    /// One partition was planned.
    PartitionPlanned "partition_planned" Debug,
    /// The creation of partitions began (Data-Juicer's monitor waits for this).
    PartitionCreationStart "partition_creation_start" Info,
    /// All partitions are created (Data-Juicer's monitor waits for this).
    PartitionCreationComplete "partition_creation_complete" Info,
    /// An attempt at a partition began.
    PartitionStart "partition_start" Info,
    /// A partition's result is published.
    PartitionComplete "partition_complete" Info,
    /// An attempt at a partition failed.
    PartitionFailed "partition_failed" Error,
    /// A partition continues from a checkpoint.
    PartitionResume "partition_resume" Info,
    /// An operator began on a partition.
    OpStart "op_start" Info,
    /// An operator finished a partition.
    OpComplete "op_complete" Info,
    /// An operator failed on a partition.
    OpFailed "op_failed" Error,
    /// A checkpoint was saved.
    CheckpointSave "checkpoint_save" Info,
    /// A checkpoint was loaded.
    CheckpointLoad "checkpoint_load" Info,
    /// Checkpoints were removed, according to the retention keys.
    CheckpointCleanup "checkpoint_cleanup" Info,
    /// A checkpoint did not verify and was set aside.
    CheckpointRejected "checkpoint_rejected" Warning,
    /// The pipeline's execution began.
    ProcessingStart "processing_start" Info,
    /// The pipeline's execution is complete.
    ProcessingComplete "processing_complete" Info,
    /// The pipeline's execution failed.
    ProcessingError "processing_error" Error,
    /// A barrier began to resolve the signatures of all partitions.
    BarrierStart "barrier_start" Info,
    /// A barrier's result is published.
    BarrierComplete "barrier_complete" Info,
    /// The merge of the results into the export began.
    MergeStart "merge_start" Info,
    /// All results are merged.
    MergeComplete "merge_complete" Info,
    /// The export is in place under its name.
    ExportCommitted "export_committed" Info,
    /// A failed attempt will be repeated.
    Retry "retry" Warning,
    /// A record was put in quarantine.
    RecordQuarantined "record_quarantined" Warning,
    /// The processes' use of the machine.
    ResourceUsage "resource_usage" Info,
    /// A measurement, such as the time that an operator took over the whole job.
    PerformanceMetric "performance_metric" Info,
    /// The number of records and bytes per second.
    Throughput "throughput" Info,
    /// A rule of the recipe was met.
    Alert "alert" Warning,
    /// Something that a person should know about.
    Warning "warning" Warning,
    /// Something that may be of interest.
    Info "info" Info,
    /// Details for debugging.
    Debug "debug" Debug,
    /// Data-Juicer began to build its graph of operators.
    DagBuildStart "dag_build_start" Info,
    /// Data-Juicer's graph of operators is built.
    DagBuildComplete "dag_build_complete" Info,
    /// A node of Data-Juicer's graph may run.
    DagNodeReady "dag_node_ready" Info,
    /// A node of Data-Juicer's graph began.
    DagNodeStart "dag_node_start" Info,
    /// A node of Data-Juicer's graph is complete.
    DagNodeComplete "dag_node_complete" Info,
    /// A node of Data-Juicer's graph failed.
    DagNodeFailed "dag_node_failed" Error,
    /// A group of nodes of Data-Juicer's graph began.
    DagParallelGroupStart "dag_parallel_group_start" Info,
    /// A group of nodes of Data-Juicer's graph is complete.
    DagParallelGroupComplete "dag_parallel_group_complete" Info,
    /// Data-Juicer saved its graph.
    DagExecutionPlanSaved "dag_execution_plan_saved" Info,
    /// Data-Juicer loaded its graph.
    DagExecutionPlanLoaded "dag_execution_plan_loaded" Info,
}

/// Other names of kinds, in lower case and without separators. `operation…` needs no entry here, because it is read as `op…`.
const OTHER_NAMES: &[(&str, EventKind)] = &[
    ("joberror", EventKind::JobFailed),
    ("jobstop", EventKind::JobStopped),
    ("jobresume", EventKind::JobRestart),
    ("partitionerror", EventKind::PartitionFailed),
    ("partitioncheckpoint", EventKind::CheckpointSave),
    ("partitionretry", EventKind::Retry),
    ("operror", EventKind::OpFailed),
    ("opperformance", EventKind::PerformanceMetric),
    ("processingfailed", EventKind::ProcessingError),
    ("resource", EventKind::ResourceUsage),
    ("performanceresource", EventKind::ResourceUsage),
    ("performance", EventKind::PerformanceMetric),
    ("metric", EventKind::PerformanceMetric),
    ("performancethroughput", EventKind::Throughput),
    ("systemwarning", EventKind::Warning),
    ("systeminfo", EventKind::Info),
    ("systemdebug", EventKind::Debug),
    ("planned", EventKind::PlanComplete),
    ("barrierresolved", EventKind::BarrierComplete),
    ("checkpointsetaside", EventKind::CheckpointRejected),
];

/// Endings with the same meaning as the ending of the name on disk.
const ENDINGS: &[(&str, &str)] = &[
    ("started", "start"),
    ("completed", "complete"),
    ("resumed", "resume"),
    ("restarted", "restart"),
    ("saved", "save"),
    ("loaded", "load"),
    ("metrics", "metric"),
];

impl EventKind {
    /// Returns the kind that a file names. An unknown one is kept as text.
    #[must_use]
    pub fn from_file(text: &str) -> Self {
        Self::of_name(text)
            .or_else(|| Self::of_spelling(text))
            .unwrap_or_else(|| Self::Other(text.into()))
    }

    fn of_spelling(text: &str) -> Option<Self> {
        let key = key_of(text);
        Self::of_key(&key).or_else(|| {
            ENDINGS.iter().find_map(|(ending, plain)| {
                Self::of_key(&format!("{}{plain}", key.strip_suffix(ending)?))
            })
        })
    }

    fn of_key(key: &str) -> Option<Self> {
        let other = OTHER_NAMES.iter().find(|(name, _)| *name == key);
        other.map(|(_, kind)| kind.clone()).or_else(|| {
            let named = Self::ALL.iter().find(|kind| key_of(kind.as_str()) == key);
            named.cloned()
        })
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::of_spelling(text).ok_or_else(|| Error::UnknownKind {
            text: text.to_owned(),
            nearest: nearest(text),
        })
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from_file(&text))
    }
}

/// Returns the spelling in lower case and without separators.
fn key_of(text: &str) -> String {
    let text = text.trim();
    let text = match text.get(..10) {
        Some(start) if start.eq_ignore_ascii_case("EventType.") => &text[10..],
        _ => text,
    };
    let mut key: String = text
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-' | ' ' | '.'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    if let Some(rest) = key.strip_prefix("operation") {
        key = format!("op{rest}");
    }
    key
}

/// Returns the known kind that is the fewest edits away, if the text may be a typo of it.
fn nearest(text: &str) -> Option<&'static str> {
    // Longer texts aren't typos, and must not cost time.
    let wanted: Vec<char> = key_of(text).chars().take(64).collect();
    let changes = |kind: &EventKind| changes(&wanted, &key_of(kind.as_str()));
    let nearest = EventKind::ALL.iter().min_by_key(|kind| changes(kind))?;
    (changes(nearest) <= 1 + wanted.len() / 4).then(|| nearest.name_of())
}

/// Returns the number of letters to insert, remove or replace to get from one text to the other.
fn changes(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, wanted) in to.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, found) in from.iter().enumerate() {
            let replaced = diagonal + usize::from(*found != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(kind: &EventKind, spellings: &[&str]) {
        for text in spellings {
            let lower = text.to_lowercase();
            let hyphens = text.replace('_', "-");
            let mixed = lower.replacen('o', "O", 1);
            for spelling in [*text, &lower, &hyphens, &mixed] {
                assert_eq!(spelling.parse::<EventKind>().unwrap(), *kind, "{spelling}");
                assert_eq!(EventKind::from_file(spelling), *kind, "{spelling}");
            }
        }
    }

    #[test]
    fn every_spelling_of_the_documents_is_read() {
        use EventKind as Kind;
        check(&Kind::ProcessingStart, &["PROCESSING_START"]);
        check(&Kind::ProcessingComplete, &["PROCESSING_COMPLETE"]);
        check(&Kind::ProcessingError, &["PROCESSING_ERROR"]);
        check(&Kind::PartitionStart, &["PARTITION_START"]);
        check(&Kind::PartitionComplete, &["PARTITION_COMPLETE"]);
        check(
            &Kind::PartitionFailed,
            &["PARTITION_ERROR", "PARTITION_FAILED"],
        );
        check(&Kind::PartitionResume, &["PARTITION_RESUME"]);
        check(&Kind::OpStart, &["OPERATION_START", "OP_START"]);
        check(&Kind::OpComplete, &["OPERATION_COMPLETE", "OP_COMPLETE"]);
        check(
            &Kind::OpFailed,
            &[
                "OPERATION_ERROR",
                "OP_FAILED",
                "OPERATION_FAILED",
                "OP_ERROR",
            ],
        );
        check(
            &Kind::CheckpointSave,
            &["CHECKPOINT_SAVE", "checkpoint_saved"],
        );
        check(&Kind::CheckpointLoad, &["CHECKPOINT_LOAD"]);
        check(&Kind::CheckpointCleanup, &["CHECKPOINT_CLEANUP"]);
        check(
            &Kind::PerformanceMetric,
            &["PERFORMANCE_METRIC", "performance_metrics"],
        );
        check(&Kind::ResourceUsage, &["RESOURCE_USAGE"]);
        check(
            &Kind::JobStart,
            &["JOB_START", "JobStart", "EventType.JOB_START"],
        );
        check(&Kind::JobComplete, &["JOB_COMPLETE", "job_completed"]);
        check(&Kind::JobFailed, &["JOB_FAILED"]);
        check(&Kind::JobRestart, &["JOB_RESTART"]);
        check(&Kind::Warning, &["WARNING"]);
        check(&Kind::Info, &["INFO"]);
        check(&Kind::Debug, &["DEBUG"]);
    }

    #[test]
    fn names_on_disk_are_lower_case_unique_and_come_back() {
        let mut seen = std::collections::HashSet::new();
        for kind in EventKind::ALL {
            let name = kind.as_str();
            assert!(seen.insert(name));
            assert!(
                name.bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_lowercase())
            );
            assert_eq!(name.parse::<EventKind>().unwrap(), *kind);
            assert_eq!(EventKind::from_file(name), *kind);
        }
        for (name, _) in OTHER_NAMES {
            assert_eq!(key_of(name), *name, "could never match");
            assert!(
                EventKind::ALL
                    .iter()
                    .all(|kind| key_of(kind.as_str()) != *name)
            );
        }
    }

    #[test]
    fn an_unknown_kind_is_kept_as_text_and_told_to_a_person() {
        let kind = EventKind::from_file("Quantum_Leap");
        assert_eq!(kind.as_str(), "Quantum_Leap");
        let error = "partition_strat".parse::<EventKind>().unwrap_err();
        let expected =
            "`partition_strat` is not a kind of event; the nearest known kind is `partition_start`";
        assert_eq!(error.to_string(), expected);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = text.parse::<EventKind>();
            let _ = EventKind::from_file(&text);
        }
    }
}
