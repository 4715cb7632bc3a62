//! How the dataset is cut.

use crate::codec::{AtLeast, AutoOrManual, Megabytes, OneOf, OrAuto, choice};
use crate::section::{recipe_default, section};

section! {
    /// How the dataset is cut into partitions.
    pub struct PartitionSettings {
        /// Records per partition.
        size: u64 as AtLeast<1> { "partition.size" | "partition_size", Value("10000"), Plan, Now }
        /// The greatest size of a partition in MB of 1,048,576 bytes; it ends at whichever comes first, this or its number of records.
        max_size_bytes: u64 as Megabytes<false> {
            "partition.max_size_mb" | "max_partition_size_mb", Value("128"), Plan, Now
        }
        /// Choose sizes from a sample of the input; `size` and `max_size_mb` are then ignored.
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
        /// Partitions that are worked on at a time; none given: one per worker.
        max_concurrent_partitions: Option<u32> as OrAuto<AtLeast<1>> {
            "partition.max_concurrent_partitions", Derived("`np`"), Run, Now
        }
        /// Whether slices of the input are copied into `partitions/`. `auto`: where reading them again would cost too much; `always`; `never`.
        materialize: Materialize as OneOf { "partition.materialize", Value("auto"), Plan, Now }
    }
}

recipe_default!(PartitionSettings);

choice! {
    /// Whether slices of the input are copied.
    pub enum Materialize {
        /// Where reading them again would cost too much.
        Auto = "auto",
        /// All of them.
        Always = "always",
        /// None.
        Never = "never",
    }
}
