use std::fs;
use std::panic;
use std::path::Path;
use std::time::{Duration, Instant};

use coldpress_dataset::{Error, TableFile};

use crate::allocated::peak_of;
use crate::tables::{source, testdata};

/// The most bytes that reading a small file may take.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// Reads the file whole, or its first hundred thousand rows.
pub(crate) fn read_some(path: &Path) -> Result<u64, Error> {
    let table = TableFile::open(&source(path))?;
    table.digest(0..table.groups().len())?;
    let rows = table.rows().min(100_000);
    let (mut stream, mut read) = (table.stream(0..rows)?, 0);
    while let Some(batch) = stream.next_rows()? {
        read += batch.num_rows() as u64;
    }
    assert_eq!(read, rows, "rows went missing without an error");
    Ok(read)
}

pub(crate) fn without_panic_messages() {
    panic::set_hook(Box::new(|info| {
        let is_test = info
            .location()
            .is_some_and(|location| location.file().contains("columnar"));
        if is_test {
            // The test itself failed.
            let message = format!("{info}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), message.as_bytes());
        }
    }));
}

/// The bad files that hold good rows nevertheless, or whose damage is in parts that are not read.
const READABLE: &[&str] = &[
    "arrow_schema_cut.parquet",
    "arrow_schema_damaged.parquet",
    "arrow_schema_no_base64.parquet",
    "chunks_of_another_column.parquet",
    "dictionary_run_huge.parquet",
    "dictionary_twice.arrows",
    "flipped_0012.arrows",
    "flipped_0030.parquet",
    "flipped_0244.arrows",
    "flipped_0250.parquet",
    "flipped_0266.arrows",
    "flipped_0578.arrows",
    "flipped_0708.parquet",
    "group_bytes_negative.parquet",
    "page_uncompressed_zero.parquet",
    "repeated_name.parquet",
    "repeated_text_bomb.parquet",
    "rows_without_columns.parquet",
    "text_half_a_character.parquet",
    "text_not_utf8.arrows",
    "text_not_utf8.parquet",
];

#[test]
fn files_that_lie_give_errors_or_rows_and_take_little_memory() {
    without_panic_messages();
    let (mut readable, mut count) = (Vec::new(), 0);
    for entry in fs::read_dir(testdata().join("bad")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let start = Instant::now();
        let (result, peak) = peak_of(|| read_some(&path));
        assert!(peak < MOST_BYTES, "{name} took {peak} bytes");
        assert!(start.elapsed() < Duration::from_secs(60), "{name}");
        count += 1;
        match result {
            Ok(_) => readable.push(name),
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(&name), "{name}: {message}");
                assert!(!message.ends_with('.'), "{name}: {message}");
            }
        }
    }
    assert!(count > 150, "{count} files");
    readable.sort();
    assert_eq!(readable, READABLE);
}
