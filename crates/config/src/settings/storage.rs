//! How files inside a job are stored, and how long they stay.

use crate::codec::{AtLeast, Flag, OneOf, choice};
use crate::section::{recipe_default, section};

section! {
    /// How partitions, intermediate data and checkpoints are stored, and how long they stay.
    pub struct StorageSettings {
        /// The file format.
        format: StorageFormat as OneOf {
            "intermediate_storage.format" | "storage_format", Value("parquet"), Run, Now
        }
        /// The compression. `auto` chooses per column on a sample.
        compression: StorageCompression as OneOf {
            "intermediate_storage.compression", Value("snappy"), Run, Now
        }
        /// If false, all records of a partition go into one row group or record batch, however much memory that takes.
        use_arrow_batches: bool as Flag {
            "intermediate_storage.use_arrow_batches" | "use_arrow_batches" | "performance.use_arrow_batches", Value("true"), Run, Now
        }
        /// Records per row group or record batch, in intermediate data and in checkpoints with `mode: full`; fewer once they take 64 MiB.
        arrow_batch_size: u64 as AtLeast<1> {
            "intermediate_storage.arrow_batch_size" | "arrow_batch_size" | "performance.arrow_batch_size", Value("1000"), Run, Now
        }
        /// Map Arrow files into memory instead of reading them.
        arrow_memory_mapping: bool as Flag {
            "intermediate_storage.arrow_memory_mapping" | "arrow_memory_mapping" | "performance.memory_mapping",
            Value("false"), Run, Now
        }
        /// Keep the records after each operator, in a file per operator and partition.
        preserve_intermediate_data: bool as Flag {
            "intermediate_storage.preserve_intermediate_data" | "preserve_intermediate_data",
            Value("false"), Run, Now
        }
        /// Remove what dead attempts left.
        cleanup_temp_files: bool as Flag {
            "intermediate_storage.cleanup_temp_files", Value("true"), Run, Now
        }
        /// Remove copied partitions, intermediate data and checkpoints once the export is there; what failed partitions need stays.
        cleanup_on_success: bool as Flag {
            "intermediate_storage.cleanup_on_success", Value("false"), Run, Now
        }
        /// What is kept of results, checkpoints, copied partitions and intermediate data once the export is there: all; what failed partitions need; nothing. What is gone runs again when it is needed.
        retention_policy: RetentionPolicy as OneOf {
            "intermediate_storage.retention_policy", Value("keep_all"), Run, Now
        }
        /// The age in days from which a finished job keeps nothing of these, failed partitions included, unless its policy is `keep_all`. Looked at when another job of the same `work_dir` starts, and by `coldpress checkpoint clean`.
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
        /// A JSON object a line.
        Jsonl = "jsonl",
    }
}

choice! {
    /// How checkpoint and intermediate files are compressed.
    pub enum StorageCompression {
        /// Snappy.
        Snappy = "snappy",
        /// Gzip.
        Gzip = "gzip",
        /// Zstandard.
        Zstd = "zstd",
        /// LZ4.
        Lz4 = "lz4",
        /// None.
        None = "none",
        /// Chosen per column on a sample.
        Auto = "auto",
    }
}

choice! {
    /// What is kept of the files of a job whose export is there.
    pub enum RetentionPolicy {
        /// Everything.
        KeepAll = "keep_all",
        /// What failed partitions need.
        KeepFailedOnly = "keep_failed_only",
        /// Nothing.
        CleanupAll = "cleanup_all",
    }
}
