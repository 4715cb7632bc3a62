//! Checkpoint formats and compressions, measured: bytes on disk, time to write, time to read.
//!
//!     cargo bench --bench storage_formats               the dataset in the repository
//!     COLDPRESS_BENCH_DATA=big.jsonl cargo bench --bench storage_formats
//!
//! Full checkpoints of the records as they are, on one thread. Each case is written and read five times, and the rows have
//! the medians: writing includes encoding and syncing, reading the check of the file's digest, decoding, and taking all
//! lines. MB are 10^6 bytes of the input's JSONL. The table is Markdown, as in docs/storage-formats.md.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use coldpress::checkpoint::{
    Compression, Format, Manifest, RowBlock, RowsOptions, RowsReader, RowsWriter,
};
use coldpress::record::{Batch, DeclaredFields, FieldsSeen, Ledger, Lines};
use coldpress::storage::{Digest, FileStamp, LocalStore, ObjectName, ObjectStore};

const RUNS: usize = 5;

/// What a batch of the engine holds.
const BATCH_BYTES: usize = 256 << 10;

const CASES: [(Format, Compression); 15] = [
    (Format::Jsonl, Compression::None),
    (Format::Jsonl, Compression::Gzip),
    (Format::Jsonl, Compression::Zstd),
    (Format::Arrow, Compression::None),
    (Format::Arrow, Compression::Lz4),
    (Format::Arrow, Compression::Zstd),
    (Format::Arrow, Compression::Auto),
    (Format::Parquet, Compression::None),
    (Format::Parquet, Compression::Snappy),
    (Format::Parquet, Compression::Lz4),
    (Format::Parquet, Compression::Gzip),
    (Format::Parquet, Compression::Zstd),
    (Format::Parquet, Compression::Auto),
    // Again, so that a drift of the machine shows.
    (Format::Jsonl, Compression::None),
    (Format::Parquet, Compression::Snappy),
];

/// What a case took, in bytes and seconds.
struct Measured {
    bytes: u64,
    write: f64,
    read: f64,
}

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("COLDPRESS_BENCH_DATA").map_or_else(
        || root.join("examples/data/webtext-mini.jsonl"),
        PathBuf::from,
    );
    let input = std::fs::read(&data)?;
    let batches = batches(&input);
    let rows: usize = batches.iter().map(|batch| batch.selection().len()).sum();
    println!(
        "{}: {rows} records, {:.1} MB\n",
        data.file_name().unwrap_or_default().display(),
        input.len() as f64 / 1e6
    );
    println!("| format | compression | MB | of plain JSONL | smaller | write MB/s | read MB/s |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    let folder = tempfile::tempdir()?;
    let store = LocalStore::new(folder.path());
    let mut plain = None;
    for (number, (format, compression)) in CASES.iter().enumerate() {
        let options = RowsOptions {
            format: *format,
            compression: *compression,
            ..RowsOptions::default()
        };
        let measured = measure(&store, number, &batches, &options, rows as u64)?;
        let plain = *plain.get_or_insert(measured.bytes);
        let rate = |seconds: f64| input.len() as f64 / 1e6 / seconds;
        println!(
            "| {format} | {compression} | {:.2} | {:.1} % | {:.2} x | {:.0} | {:.0} |",
            measured.bytes as f64 / 1e6,
            100.0 * measured.bytes as f64 / plain as f64,
            plain as f64 / measured.bytes as f64,
            rate(measured.write),
            rate(measured.read),
        );
    }
    Ok(())
}

fn measure(
    store: &LocalStore,
    number: usize,
    batches: &[Batch],
    options: &RowsOptions<'_>,
    rows: u64,
) -> anyhow::Result<Measured> {
    let (mut writes, mut reads, mut bytes) = (Vec::new(), Vec::new(), 0);
    for run in 0..RUNS {
        let name = ObjectName::new(format!("case_{number}_{run}"))?;
        let begun = Instant::now();
        let stamp = write(store, &name, batches, options)?;
        writes.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let found = read(store, &name, &stamp)?;
        reads.push(begun.elapsed().as_secs_f64());
        anyhow::ensure!(found == rows, "{found} of {rows} rows came back");
        bytes = stamp.length;
        store.delete(&name)?;
    }
    Ok(Measured {
        bytes,
        write: median(writes),
        read: median(reads),
    })
}

fn write(
    store: &LocalStore,
    name: &ObjectName,
    batches: &[Batch],
    options: &RowsOptions<'_>,
) -> anyhow::Result<FileStamp> {
    let fields = DeclaredFields::new(["text"]);
    let mut writer = RowsWriter::create(store.put_new(name)?, options)?;
    for batch in batches {
        writer.write(batch, &fields)?;
    }
    let manifest = Manifest {
        trace: None,
        partition: 0,
        operation: 0,
        chain: String::new(),
        slice: Digest::of(b""),
        ledger: Ledger::default(),
        rows: writer.rows(),
        error_marks: Vec::new(),
        unreadable: Vec::new(),
        quarantine: Vec::new(),
        seen: FieldsSeen::default(),
        types: None,
        dropped: None,
    };
    Ok(writer.finish(&manifest)?)
}

fn read(store: &LocalStore, name: &ObjectName, stamp: &FileStamp) -> anyhow::Result<u64> {
    let mut reader = RowsReader::open(store.get(name)?, stamp)?;
    let (mut block, mut rows) = (RowBlock::default(), 0);
    while reader.next(&mut block)? {
        rows += block.lines.records.len() as u64;
    }
    Ok(rows)
}

/// The lines of the input, in batches of the size that the engine has.
fn batches(input: &[u8]) -> Vec<Batch> {
    let fields = DeclaredFields::new(["text"]);
    let (mut batches, mut lines) = (Vec::new(), Lines::new(0));
    let mut position = 0_u64;
    let mut end = |lines: &mut Lines| {
        if !lines.records.is_empty() {
            let mut batch = Batch::default();
            batch.fill(lines, &fields, &mut Vec::new());
            batches.push(batch);
        }
        *lines = Lines::new(0);
    };
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let record = line.trim_ascii();
        if !record.is_empty() {
            lines.push(position, record);
        }
        position += line.len() as u64;
        if lines.bytes.len() >= BATCH_BYTES {
            end(&mut lines);
        }
    }
    end(&mut lines);
    batches
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
