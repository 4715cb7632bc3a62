//! What all that reads and writes lines of a log must agree on.

/// The longest line of a log in bytes, line feed included: 64 MiB.
pub const MAX_LINE_BYTES: u64 = 64 << 20;

/// The sequence number of the first line of every log file.
pub const FIRST_SEQUENCE: u64 = 1;

/// The CRC of a line.
pub(crate) fn checksum(epoch: u64, sequence: u64, record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&epoch.to_le_bytes());
    hasher.update(&sequence.to_le_bytes());
    hasher.update(record);
    hasher.finalize()
}
