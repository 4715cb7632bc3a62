//! What a form must do to be written unit by unit.

use super::unit::{Unit, UnitLimits};
use crate::error::Result;
use crate::output_file::{FinishedFile, OutputFile};

/// A form whose files are made of encoded units.
pub(super) trait UnitForm: Sync {
    /// A unit as threads make it.
    type Encoded: Send;
    /// A file that takes encoded units.
    type File: UnitFile<Self::Encoded>;

    /// Whether lines of a columnar source are weighed as the columns that they are of.
    const HAS_COLUMNS: bool;

    /// Returns where units end, if a file ends at so many bytes.
    fn limits(&self, file_bytes: u64) -> UnitLimits;

    /// Encodes a unit, on any thread. Depends on the unit alone.
    fn encode(&self, unit: Unit<'_>) -> Result<Self::Encoded>;

    /// Begins a file.
    fn create(&self, file: OutputFile) -> Result<Self::File>;
}

/// A file of encoded units.
pub(super) trait UnitFile<E> {
    /// Appends a unit.
    fn write(&mut self, unit: E) -> Result<()>;

    /// Returns what counts towards the limit of a shard, in bytes.
    fn size_bytes(&self) -> u64;

    /// Makes the file durable.
    fn finish(self) -> Result<FinishedFile>;
}
