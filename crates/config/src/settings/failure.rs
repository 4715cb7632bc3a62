//! The consequences of failures.

use crate::codec::{AtLeast, Flag, Megabytes, OneOf, Optional, Ratio, Seconds, choice};
use crate::section::{recipe_default, section};

section! {
    /// The retries of failed attempts.
    pub struct RetrySettings {
        /// The number of retries per partition and stage: attempts = 1 + this.
        max_retries: u32 as AtLeast<0> {
            "retry.max_retries" | "partition.max_retries" | "recovery.max_retries" | "max_retries", Value("3"), Run, Now
        }
        /// The growth of the delay.
        backoff: Backoff as OneOf {
            "retry.retry_backoff" | "partition.retry_backoff" | "retry_backoff", Value("exponential"), Run, Now
        }
        /// The first delay in seconds.
        delay_seconds: f64 as Seconds {
            "retry.retry_delay_seconds" | "recovery.retry_delay_seconds", Value("1"), Run, Now
        }
        /// The greatest delay in seconds.
        max_delay_seconds: f64 as Seconds { "retry.max_delay_seconds", Value("60"), Run, Now }
    }
}

section! {
    /// The consequences of permanent failures.
    pub struct FailureSettings {
        /// If false, there are no retries, and the first failed partition fails the job.
        fault_tolerance: bool as Flag {
            "enable_fault_tolerance" | "partition.enable_fault_tolerance" | "recovery.enabled", Value("true"), Run, Now
        }
        /// The consequence when retries are used up: `skip` the partition, or `fail` the job.
        on_partition_failure: Option<OnPartitionFailure> as Optional<OneOf> {
            "on_partition_failure", Derived("`skip`; `fail` where the recipe has a barrier"), Run, Now
        }
        /// If true, a record that an operator fails on goes to quarantine. If false, it fails its partition.
        skip_op_error: bool as Flag { "skip_op_error", Value("true"), Result, Now }
        /// The greatest share of failed records, checked at each 1,000th record in dataset order and at the end; at the end it is
        /// also the greatest share of bytes that could not be read. Beyond it, the job fails and exports nothing.
        max_error_ratio: f64 as Ratio { "max_error_ratio", Value("0.05"), Run, Now }
        /// The greatest number of failed records; if not given, there is no such limit.
        max_errors: Option<u64> as Optional<AtLeast<0>> { "max_errors", Value("null"), Run, Now }
        /// The length of the longest record, in MB of 1,048,576 bytes. Longer ones go to quarantine by place and length, and the
        /// job then ends with exit code 3 at best.
        max_record_bytes: u64 as Megabytes<false> { "max_record_mb", Value("64"), Result, Now }
        /// If false, a retry starts from the partition's input.
        use_checkpoints_for_recovery: bool as Flag {
            "recovery.use_checkpoints_for_recovery", Value("true"), Run, Now
        }
        /// If false, a partition whose checkpoints are all damaged or missing fails instead of starting over.
        restart_from_beginning: bool as Flag {
            "recovery.restart_from_beginning_if_no_checkpoint", Value("true"), Run, Now
        }
        /// If true, a record that kills its worker process is found and put in quarantine.
        isolate_poison: bool as Flag {
            "isolate_poison", Value("true"), Run, Now
        }
    }
}

recipe_default!(RetrySettings, FailureSettings);

choice! {
    /// The growth of the delay before a retry.
    pub enum Backoff {
        /// It doubles.
        Exponential = "exponential",
        /// It grows by the first delay.
        Linear = "linear",
        /// It stays the same.
        Fixed = "fixed",
    }
}

choice! {
    /// The consequence of a partition that has no retries left.
    pub enum OnPartitionFailure {
        /// The job continues without it.
        Skip = "skip",
        /// The job fails.
        Fail = "fail",
    }
}
