use std::fs;

use crate::allocated::peak_of;
use crate::damaged::{MOST_BYTES, read_some, without_panic_messages};
use crate::tables::testdata;

/// A small generator of numbers, so that failures can be reproduced.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// The number of changed files that are read for each good one.
const ROUNDS: u64 = 100;

#[test]
fn changed_bytes_are_errors_or_other_rows() {
    without_panic_messages();
    let folder = tempfile::tempdir().unwrap();
    let mut readable = 0;
    for name in [
        "all_types.parquet",
        "all_types.plain.parquet",
        "many_pages.delta.parquet",
        "many_pages.delta_length.parquet",
        "records.gzip.parquet",
        "records.brotli.parquet",
        "records.lz4.parquet",
        "records.zstd.parquet",
        "all_types.arrow",
        "arrow_types.arrows",
        "views.arrows",
        "records.lz4.arrow",
        "records.zstd.arrows",
        "words.changing.arrows",
    ] {
        let good = fs::read(testdata().join(name)).unwrap();
        for seed in 1..=ROUNDS {
            let path = folder.path().join(name);
            fs::write(&path, changed(good.clone(), seed)).unwrap();
            let (result, peak) = peak_of(|| read_some(&path));
            assert!(peak < MOST_BYTES, "{name}, seed {seed}, took {peak} bytes");
            readable += u64::from(result.is_ok());
        }
    }
    assert!((1..14 * ROUNDS).contains(&readable), "{readable}");
}

/// Flips bits, sets bytes, copies or removes a part, or cuts off the end.
fn changed(mut bytes: Vec<u8>, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for _ in 0..1 + numbers.below(4) {
        // Half of the changes are near the end, where Parquet and Arrow files have their footers.
        let length = bytes.len();
        let at = match numbers.below(2) {
            0 => numbers.below(length),
            _ => length - 1 - numbers.below(length.min(2000)),
        };
        match numbers.below(8) {
            0..4 => bytes[at] ^= 1 << numbers.below(8),
            4 | 5 => bytes[at] = [0, 0x7f, 0x80, 0xff][numbers.below(4)],
            6 => {
                let end = (at + 1 + numbers.below(16)).min(length);
                bytes.drain(at..end);
            }
            _ if numbers.below(4) == 0 => bytes.truncate(at + 1),
            _ => {
                let from = numbers.below(length);
                let count = 8.min(length - at.max(from));
                bytes.copy_within(from..from + count, at);
            }
        }
    }
    bytes
}
