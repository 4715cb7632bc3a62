//! What is told while the work is done.

use crate::codec::{AtLeast, Flag, LocalPath, Megabytes, OneOf, Optional, Seconds, Texts, choice};
use crate::section::{recipe_default, section};

section! {
    /// The event log. Monitoring, reports and resume stay right without it.
    pub struct EventSettings {
        /// Whether events are logged.
        enabled: bool as Flag { "event_logging.enabled", Value("true"), Run, Now }
        /// The least level that is logged.
        log_level: LogLevel as OneOf { "event_logging.log_level", Value("INFO"), Run, Now }
        /// The size in MB of 1,048,576 bytes at which a new log file is begun.
        max_log_size_bytes: u64 as Megabytes<false> { "event_logging.max_log_size_mb", Value("100"), Run, Now }
        /// Old log files that are kept, compressed; 0 = all.
        backup_count: u32 as AtLeast<0> { "event_logging.backup_count", Value("5"), Run, Now }
        /// Seconds between two samples of processor and memory use; 0 = none.
        resource_sample_seconds: f64 as Seconds { "resource_sample_seconds", Value("5"), Run, Now }
        /// A file that gets the job's counts in Prometheus' text form while it runs and when it ends, such as `….prom` in the folder of node_exporter's textfile collector.
        metrics_path: Option<String> as Optional<LocalPath> { "metrics_path", Derived("none"), Run, Now }
        /// Write a page about the job to `report.html` in the job's directory when the job ends.
        page_at_end: bool as Flag { "report", Value("true"), Run, Now }
    }
}

section! {
    /// Traces of single records.
    pub struct TraceSettings {
        /// Whether a sample of the records that each operator changes and drops is written to the folder `trace` of the job.
        enabled: bool as Flag { "open_tracer", Value("false"), Run, Now }
        /// The most records that are shown for each operator, at most 5000; 0 = no trace.
        samples: u64 as AtLeast<0> { "trace_num", Value("10"), Run, Now }
        /// The names of the operators that are traced; none given: all.
        op_names: Vec<String> as Texts { "op_list_to_trace", Value("[]"), Run, Now }
        /// Fields that are shown besides the texts, for records that an operator changed. A dotted name reaches into objects.
        keys: Vec<String> as Texts { "trace_keys", Value("[]"), Run, Now }
    }
}

recipe_default!(EventSettings, TraceSettings);

choice! {
    /// How much an event matters.
    pub enum LogLevel {
        /// For developers.
        Debug = "DEBUG",
        /// What happens.
        Info = "INFO",
        /// What may need a look.
        Warning = "WARNING" | "WARN",
        /// What failed.
        Error = "ERROR",
        /// What stops the job.
        Critical = "CRITICAL" | "FATAL",
    }
}
