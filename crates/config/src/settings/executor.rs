//! The workers, and the limits on their use of the machine.

use crate::codec::{AtLeast, Flag, Megabytes, OneOf, Optional, OrAuto, Seconds, Text, choice};
use crate::section::{recipe_default, section};

section! {
    /// The workers.
    pub struct ExecutorSettings {
        /// `default`, `local` and `partitioned` are threads; `process` is worker processes; `ray` and `ray_partitioned` are workers
        /// on a Ray cluster.
        kind: ExecutorKind as OneOf {
            "executor_type", Value("default"), Run, Now
        }
        /// The number of workers; if not given, all cores of the machine or container.
        workers: Option<u32> as OrAuto<AtLeast<1>> { "np", Derived("all cores"), Run, Now }
        /// The Ray cluster: `host:port` or `ray://host:port`; `auto` for the one that runs on this machine, or worker processes if
        /// there is none; `local` for a new one on this machine, for this job alone.
        ray_address: String as Text {
            "ray_address", Value("auto"), Run, Now
        }
        /// Seconds without a sign of a worker on Ray after which its attempt is given up and another one begins elsewhere; 0: only Ray says that a worker is lost, which may take minutes.
        ray_lease_seconds: f64 as Seconds { "ray_lease_seconds", Value("30"), Run, Now }
        /// Near the end of a stage, begin an attempt that takes much longer than the others a second time on another machine; the first to end counts. It has an effect with Ray only, and not where an operator works outside of Coldpress.
        speculation: bool as Flag { "speculation", Value("true"), Run, Now }
    }
}

section! {
    /// The limits on the use of the machine.
    pub struct LimitSettings {
        /// The memory for the whole job, in MB of 1,048,576 bytes; if not given, that of the container or machine.
        /// `partition.auto_configure` respects it, and no further partition is started while more than 85 % of it is in use.
        memory_limit_bytes: Option<u64> as Optional<Megabytes<false>> {
            "memory_limit_mb", Derived("the container's or machine's"), Run, Now
        }
        /// The free disk space below which the job stops, in MB of 1,048,576 bytes, on each disk that it writes to; 0 = not
        /// checked.
        min_free_disk_bytes: u64 as Megabytes<true> {
            "min_free_disk_mb", Value("512"), Run, Now
        }
    }
}

recipe_default!(ExecutorSettings, LimitSettings);

choice! {
    /// The kind of workers.
    pub enum ExecutorKind {
        /// Threads of this process.
        Default = "default",
        /// The same as `Default`.
        Local = "local",
        /// The same as `Default`, under the name of Data-Juicer's executor over partitions.
        Partitioned = "partitioned",
        /// Worker processes on this machine.
        Process = "process",
        /// Worker processes on a Ray cluster.
        Ray = "ray",
        /// The same as `Ray`, under the name of Data-Juicer's executor over partitions.
        RayPartitioned = "ray_partitioned",
    }
}

impl ExecutorKind {
    /// Returns whether the work is done on a Ray cluster.
    pub fn is_ray(self) -> bool {
        matches!(self, Self::Ray | Self::RayPartitioned)
    }
}
