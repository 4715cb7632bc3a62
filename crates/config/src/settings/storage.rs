//! The storage of files inside a job, and how long they are kept.

use crate::codec::{AtLeast, Flag, OneOf, choice};
use crate::section::{recipe_default, section};

section! {
    /// The storage of partitions, intermediate data and checkpoints, and how long they are kept.
    pub struct StorageSettings {
        /// The file format.
        format: StorageFormat as OneOf {
            "intermediate_storage.format" | "storage_format", Value("parquet"), Run, Now
        }
        /// The compression. `auto` chooses one per column from a sample.
        compression: StorageCompression as OneOf {
            "intermediate_storage.compression", Value("snappy"), Run, Now
        }
        /// If false, all records of a partition go into one row group or record batch, however much memory that takes.
        use_arrow_batches: bool as Flag {
            "intermediate_storage.use_arrow_batches" | "use_arrow_batches" | "performance.use_arrow_batches", Value("true"), Run, Now
        }
        /// The number of records per row group or record batch, in intermediate data and in checkpoints with `mode: full`; fewer if
        /// they take 64 MiB.
        arrow_batch_size: u64 as AtLeast<1> {
            "intermediate_storage.arrow_batch_size" | "arrow_batch_size" | "performance.arrow_batch_size", Value("1000"), Run, Now
        }
        /// If true, Arrow files are mapped into memory instead of being read.
        arrow_memory_mapping: bool as Flag {
            "intermediate_storage.arrow_memory_mapping" | "arrow_memory_mapping" | "performance.memory_mapping",
            Value("false"), Run, Now
        }
        /// If true, the records after each operator are kept, in one file per operator and partition.
        preserve_intermediate_data: bool as Flag {
            "intermediate_storage.preserve_intermediate_data" | "preserve_intermediate_data",
            Value("false"), Run, Now
        }
        /// If true, files that dead attempts left are removed.
        cleanup_temp_files: bool as Flag {
            "intermediate_storage.cleanup_temp_files", Value("true"), Run, Now
        }
        /// If true, copied partitions, intermediate data and checkpoints are removed once the export is complete; files that failed
        /// partitions need are kept.
        cleanup_on_success: bool as Flag {
            "intermediate_storage.cleanup_on_success", Value("false"), Run, Now
        }
        /// The results, checkpoints, copied partitions and intermediate data that are kept once the export is complete: all; those
        /// that failed partitions need; none. Removed work runs again when it is needed.
        retention_policy: RetentionPolicy as OneOf {
            "intermediate_storage.retention_policy", Value("keep_all"), Run, Now
        }
        /// The age in days from which a finished job keeps none of these files, even for failed partitions, unless its policy is
        /// `keep_all`. It is checked when another job of the same `work_dir` starts, and by `coldpress checkpoint clean`.
        max_retention_days: u32 as AtLeast<0> {
            "intermediate_storage.max_retention_days", Value("7"), Run, Now
        }
    }
}

recipe_default!(StorageSettings);

choice! {
    /// A file format.
    pub enum StorageFormat {
        /// Apache Parquet.
        Parquet = "parquet",
        /// Arrow IPC.
        Arrow = "arrow",
        /// JSON lines.
        Jsonl = "jsonl",
    }
}

choice! {
    /// The compression of checkpoint and intermediate files.
    pub enum StorageCompression {
        /// Snappy.
        Snappy = "snappy",
        /// Gzip.
        Gzip = "gzip",
        /// Zstandard.
        Zstd = "zstd",
        /// LZ4.
        Lz4 = "lz4",
        /// No compression.
        None = "none",
        /// Chosen per column from a sample.
        Auto = "auto",
    }
}

choice! {
    /// The files of a job that are kept once its export is complete.
    pub enum RetentionPolicy {
        /// Everything.
        KeepAll = "keep_all",
        /// Files that failed partitions need.
        KeepFailedOnly = "keep_failed_only",
        /// Nothing.
        CleanupAll = "cleanup_all",
    }
}
