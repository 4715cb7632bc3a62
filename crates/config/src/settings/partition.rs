//! The partitioning of the dataset.

use crate::codec::{AtLeast, AutoOrManual, Megabytes, OneOf, OrAuto, choice};
use crate::section::{recipe_default, section};

section! {
    /// The partitioning of the dataset.
    pub struct PartitionSettings {
        /// The number of records per partition.
        size: u64 as AtLeast<1> { "partition.size" | "partition_size", Value("10000"), Plan, Now }
        /// The greatest size of a partition in MB of 1,048,576 bytes; a partition ends when it reaches this or its number of
        /// records, whichever comes first.
        max_size_bytes: u64 as Megabytes<false> {
            "partition.max_size_mb" | "max_partition_size_mb", Value("128"), Plan, Now
        }
        /// If true, sizes are chosen from a sample of the input; `size` and `max_size_mb` are then ignored.
        auto_configure: bool as AutoOrManual {
            "partition.auto_configure" | "partition.mode", Value("false"), Plan, Now
        }
        /// A number of partitions of about the same size, instead of a size; at least one for each file.
        num_of_partitions: Option<u64> as OrAuto<AtLeast<1>> {
            "partition.num_of_partitions" | "num_partitions", Derived("from the sizes"), Plan, Now
        }
        /// The size in MB that automatic configuration aims at.
        target_size_mb: u64 as AtLeast<1> {
            "partition.target_size_mb", Value("256"), Plan, Now
        }
        /// The number of partitions that are worked on at a time; if not given, one per worker.
        max_concurrent_partitions: Option<u32> as OrAuto<AtLeast<1>> {
            "partition.max_concurrent_partitions", Derived("`np`"), Run, Now
        }
        /// The rule for copying slices of the input into `partitions/`. `auto`: if reading them again would cost too much;
        /// `always`; `never`.
        materialize: Materialize as OneOf { "partition.materialize", Value("auto"), Plan, Now }
    }
}

recipe_default!(PartitionSettings);

choice! {
    /// The rule for copying slices of the input.
    pub enum Materialize {
        /// Slices are copied if reading them again would cost too much.
        Auto = "auto",
        /// All slices are copied.
        Always = "always",
        /// No slices are copied.
        Never = "never",
    }
}
