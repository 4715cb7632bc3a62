//! Measures how long it takes to find duplicates among many signatures, and whether the time grows faster than n log n.
//!
//! Run it with `cargo bench -p coldpress-barrier`. With numbers of signatures as arguments, only these are measured. Each kind is
//! measured with 1 GiB of memory, and again with 64 MiB, where runs are sorted on disk.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use coldpress_barrier::{Room, SignatureReader, SignatureWriter, find_duplicates};
use coldpress_operator::{Rule, Signature, SignatureForm};

/// One record in twenty is a duplicate of an earlier one.
const DUPLICATES: u64 = 20;
const PARTITION: u64 = 100_000;
/// The number of bands that 256 permutations have at a threshold of 0.7.
const BANDS: u32 = 25;

fn spread(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Returns the record that a record duplicates, which is mostly itself.
fn original(record: u64) -> u64 {
    match record % DUPLICATES {
        0 => spread(record) % (record + 1),
        _ => record,
    }
}

fn signatures(form: SignatureForm, records: u64) -> Vec<Vec<u8>> {
    let partitions = (0..records).step_by(PARTITION as usize);
    let partition = |start: u64| {
        let mut writer = SignatureWriter::new(form);
        for record in start..(start + PARTITION).min(records) {
            let of = original(record);
            let mut signature = Signature::default();
            match form {
                SignatureForm::Digest => signature
                    .digests
                    .push(u128::from(spread(of)) << 64 | u128::from(of)),
                // A near duplicate differs in three bits.
                SignatureForm::Keys(2) => {
                    let flips = if of == record {
                        0
                    } else {
                        1 << (record % 64) | 1 << (of % 64)
                    };
                    signature.keys.extend([spread(of) ^ flips, 0]);
                }
                SignatureForm::Keys(bands) => {
                    // A near duplicate shares one band in three.
                    let band = |band: u32| {
                        let shares = of == record || band.is_multiple_of(3);
                        spread((if shares { of } else { record }) * 64 + u64::from(band)) | 1
                    };
                    signature.keys.extend((0..bands).map(band));
                }
                _ => unreachable!("not measured"),
            }
            writer.push(Some(&signature));
        }
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
        bytes
    };
    partitions.map(partition).collect()
}

fn measure(name: &str, form: SignatureForm, rule: &Rule, records: u64, memory: u64) {
    let files = signatures(form, records);
    let readers: Vec<_> = files
        .iter()
        .map(|file| SignatureReader::open(&file[..]).unwrap())
        .collect();
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let room = Room::new(memory, folder.path(), &stop);
    let begun = Instant::now();
    let mut clusters = find_duplicates(&readers, rule, &room).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let kept = (0..records)
        .filter(|record| clusters.first_of(*record) == *record)
        .count();
    let n_log_n = records as f64 * (records as f64).log2();
    println!(
        "{name:8} {records:>11} records  {:>5} MiB  {seconds:>8.2} s  {:>6.2} ns / (n log n)  {kept} kept",
        memory >> 20,
        seconds * 1e9 / n_log_n,
    );
}

fn main() {
    let asked: Vec<u64> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let counts = if asked.is_empty() {
        vec![1_000_000, 4_000_000, 16_000_000]
    } else {
        asked
    };
    for records in counts {
        for memory in [1 << 30, 64 << 20] {
            measure(
                "exact",
                SignatureForm::Digest,
                &Rule::Equal,
                records,
                memory,
            );
            measure(
                "simhash",
                SignatureForm::Keys(2),
                &Rule::Near { distance: 4 },
                records,
                memory,
            );
            measure(
                "minhash",
                SignatureForm::Keys(BANDS),
                &Rule::Equal,
                records,
                memory,
            );
        }
    }
}
