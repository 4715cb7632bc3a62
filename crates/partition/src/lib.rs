//! How the dataset is cut into partitions.

mod plan;

pub use plan::{PlannedPartition, Slice};
