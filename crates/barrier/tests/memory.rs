//! Measures the memory that digests of lines take, from signing to the decision. It is the only test in its program, because it
//! measures the whole process.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs::File;
use std::io::{self, BufWriter};
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicBool;

use coldpress_barrier::{ReadAt, Room, SignatureReader, SignatureWriter, judge};
use coldpress_operator::{Rule, Signature, SignatureForm};

const RECORDS: u64 = 300;
const LINES: u64 = 10_000;
const DIGEST_BYTES: u64 = 16;
/// A line that all records have; all other lines differ.
const FREQUENT: u64 = 17;

struct OnDisk(File);

impl ReadAt for OnDisk {
    fn bytes(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

/// Returns the most memory that this process has had so far.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

fn digest(record: u64, line: u64) -> u128 {
    match line {
        FREQUENT => 1,
        line => u128::from(record * LINES + line)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
    }
}

/// A partition may have any number of lines, so their digests are neither kept in memory until all are known, nor sorted there.
#[test]
fn the_digests_of_lines_take_no_more_memory_than_they_may() {
    const MEMORY_BYTES: u64 = 8 << 20;
    /// The memory for the buffers of sorted runs, and for data that waits to be written.
    const BUFFERS_BYTES: u64 = 16 << 20;
    let before = peak_bytes();
    let mut out = BufWriter::new(tempfile::tempfile().unwrap());
    let mut writer = SignatureWriter::new(SignatureForm::Digests);
    for record in 0..RECORDS {
        let digests = (0..LINES).map(|line| digest(record, line)).collect();
        writer.push(Some(&Signature {
            digests,
            ..Signature::default()
        }));
        if writer.is_to_spill() {
            writer.spill(&mut out).unwrap();
        }
    }
    writer.finish(&mut out).unwrap();
    let file = OnDisk(out.into_inner().unwrap());
    assert!(file.bytes() > RECORDS * LINES * DIGEST_BYTES);
    let readers = [SignatureReader::open(&file).unwrap()];
    let (stop, folder) = (AtomicBool::new(false), tempfile::tempdir().unwrap());
    let room = Room::new(MEMORY_BYTES, folder.path(), &stop);
    let rule = Rule::FrequentParts { threshold: 1 };
    let verdict = judge(&readers, &rule, &room)
        .unwrap()
        .next_verdict()
        .unwrap()
        .unwrap();
    assert_eq!(verdict.decision.cuts().len() as u64, RECORDS);
    let taken = peak_bytes() - before;
    assert!(
        taken < MEMORY_BYTES + BUFFERS_BYTES,
        "{taken} bytes for {} of digests",
        file.bytes()
    );
}
