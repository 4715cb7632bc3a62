//! Settings for reports on the work while it is done.

use crate::codec::{AtLeast, Flag, LocalPath, Megabytes, OneOf, Optional, Seconds, Texts, choice};
use crate::section::{recipe_default, section};

section! {
    /// The event log. Monitoring, reports and resume work correctly without it.
    pub struct EventSettings {
        /// If true, events are logged.
        enabled: bool as Flag { "event_logging.enabled", Value("true"), Run, Now }
        /// The least level that is logged.
        log_level: LogLevel as OneOf { "event_logging.log_level", Value("INFO"), Run, Now }
        /// The size in MB of 1,048,576 bytes at which a new log file is started.
        max_log_size_bytes: u64 as Megabytes<false> { "event_logging.max_log_size_mb", Value("100"), Run, Now }
        /// The number of old log files that are kept, compressed; 0 = all.
        backup_count: u32 as AtLeast<0> { "event_logging.backup_count", Value("5"), Run, Now }
        /// The seconds between two samples of processor and memory use; 0 = none.
        resource_sample_seconds: f64 as Seconds { "resource_sample_seconds", Value("5"), Run, Now }
        /// A file for the job's counts in the Prometheus text format, written while the job runs and when it ends, such as a
        /// `….prom` file in the folder of node_exporter's textfile collector.
        metrics_path: Option<String> as Optional<LocalPath> { "metrics_path", Derived("none"), Run, Now }
        /// If true, a page about the job is written to `report.html` in the job's directory when the job ends.
        page_at_end: bool as Flag { "report", Value("true"), Run, Now }
    }
}

section! {
    /// Traces of single records.
    pub struct TraceSettings {
        /// If true, a sample of the records that each operator changes and drops is written to the job's folder `trace`.
        enabled: bool as Flag { "open_tracer", Value("false"), Run, Now }
        /// The number of records to show for each operator, at most 5000; 0 = no trace.
        samples: u64 as AtLeast<0> { "trace_num", Value("10"), Run, Now }
        /// The names of the operators to trace; if not given, all.
        op_names: Vec<String> as Texts { "op_list_to_trace", Value("[]"), Run, Now }
        /// The fields to show in addition to the texts, for records that an operator changed. A dotted name reaches into objects.
        keys: Vec<String> as Texts { "trace_keys", Value("[]"), Run, Now }
    }
}

recipe_default!(EventSettings, TraceSettings);

choice! {
    /// The importance of an event.
    pub enum LogLevel {
        /// For developers.
        Debug = "DEBUG",
        /// Normal events.
        Info = "INFO",
        /// Events that may need attention.
        Warning = "WARNING" | "WARN",
        /// Failures.
        Error = "ERROR",
        /// Events that stop the job.
        Critical = "CRITICAL" | "FATAL",
    }
}
