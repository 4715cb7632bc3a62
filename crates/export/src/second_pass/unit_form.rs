//! The requirements on a format that is written unit by unit.

use super::unit::{Unit, UnitLimits};
use crate::error::Result;
use crate::output_file::{FinishedFile, OutputFile};

/// A format whose files are made of encoded units.
pub(super) trait UnitForm: Sync {
    /// An encoded unit, as threads make it.
    type Encoded: Send;
    /// A file that takes encoded units.
    type File: UnitFile<Self::Encoded>;

    /// True if lines of a columnar source are weighed as columns.
    const HAS_COLUMNS: bool;

    /// Returns the limits of units, if a file ends at this many bytes.
    fn limits(&self, file_bytes: u64) -> UnitLimits;

    /// Encodes a unit, on any thread. The result depends only on the unit.
    fn encode(&self, unit: Unit<'_>) -> Result<Self::Encoded>;

    /// Begins a file.
    fn create(&self, file: OutputFile) -> Result<Self::File>;
}

/// A file of encoded units.
pub(super) trait UnitFile<E> {
    /// Appends a unit.
    fn write(&mut self, unit: E) -> Result<()>;

    /// Returns the bytes that count towards the limit of a shard.
    fn size_bytes(&self) -> u64;

    /// Makes the file durable.
    fn finish(self) -> Result<FinishedFile>;
}
