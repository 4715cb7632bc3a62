//! Partitions that are not what was published, and outputs that are abandoned.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use super::*;

const FORMS: [&str; 6] = ["a.jsonl", "a.json", "a.parquet", "a.arrow", "a.csv", "s/"];

fn rows(count: usize) -> String {
    (0..count)
        .map(|n| format!("{{\"n\": {n}, \"text\": \"row {n}\"}}\n"))
        .collect()
}

fn table(count: usize) -> (SchemaRef, RecordBatch) {
    let texts: StringArray = (0..count).map(|n| Some(format!("row {n}"))).collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).unwrap();
    (batch.schema(), batch)
}

/// Checks that every format refuses the partitions after `spoil` has changed the second, and leaves nothing behind.
#[track_caller]
fn check(bench: &Bench, forms: &[&str], spoil: impl Fn(&Path)) {
    let rows = &bench.partitions[1].rows;
    let path = &rows.path().unwrap();
    let intact = fs::read(path).unwrap();
    for form in forms {
        spoil(path);
        for threads in [1, 3] {
            let ended = bench.export(&bench.target(form, 100), threads);
            let damaged =
                matches!(&ended, Err(Error::DamagedRows { name, .. }) if name == rows.name());
            assert!(damaged, "{form}: {ended:?}");
            assert_eq!(
                fs::read_dir(bench.folder.path()).unwrap().count(),
                1,
                "{form}"
            );
        }
        fs::write(path, &intact).unwrap();
        bench.export(&bench.target(form, 100), 2).unwrap();
        let made = bench.target(form, 100);
        if made.is_directory() {
            fs::remove_dir_all(made.path().unwrap()).unwrap();
        } else {
            fs::remove_file(made.path().unwrap()).unwrap();
        }
    }
}

type Spoil = Box<dyn Fn(&Path)>;

/// Returns ways in which a file of rows can be damaged.
fn spoils() -> Vec<Spoil> {
    let changed = |change: fn(&mut Vec<u8>)| -> Spoil {
        Box::new(move |path| {
            let mut bytes = fs::read(path).unwrap();
            change(&mut bytes);
            fs::write(path, bytes).unwrap();
        })
    };
    vec![
        Box::new(|path| fs::remove_file(path).unwrap()),
        changed(Vec::clear),
        changed(|bytes| bytes.truncate(bytes.len() / 2)),
        changed(|bytes| bytes.truncate(bytes.len() - 1)),
        changed(|bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }),
        changed(|bytes| bytes[0] ^= 0x80),
        changed(|bytes| bytes.push(b'\n')),
        changed(|bytes| bytes.extend_from_within(..)),
    ]
}

#[test]
fn damaged_lines_are_told() {
    let mut bench = Bench::new();
    bench.plain(&rows(3)).plain(&rows(50)).plain(&rows(3));
    for spoil in spoils() {
        check(&bench, &FORMS, spoil);
    }
}

#[test]
fn damaged_tables_are_told() {
    let mut bench = Bench::new();
    let (schema, batch) = table(40);
    for _ in 0..3 {
        bench.table(&schema, std::slice::from_ref(&batch));
    }
    for spoil in spoils() {
        check(&bench, &["a.parquet", "a.arrow"], spoil);
    }
}

#[test]
fn damaged_packed_rows_are_told() {
    for (form, packing) in [
        ("a.jsonl.gz", FileCompression::Gzip),
        ("a.jsonl.zst", FileCompression::Zstd),
    ] {
        let mut bench = Bench::new();
        for _ in 0..3 {
            bench.lines(&rows(30), packing);
        }
        for spoil in spoils() {
            check(&bench, &[form, "a.parquet", "a.csv"], spoil);
        }
    }
}

#[test]
fn lines_that_are_not_as_noted_are_told() {
    let mut bench = Bench::new();
    bench
        .plain("{\"a\": 1}\n")
        .plain("{\"b\": 1}\n")
        .plain("{\"a\": \"x\"}\n");
    bench.partitions[1].types = bench.partitions[0].types.clone();
    for form in ["a.parquet", "a.arrow", "a.csv"] {
        let ended = bench.export(&bench.target(form, 0), 2).unwrap_err();
        assert!(ended.to_string().contains("not as noted"), "{ended}");
    }
}

#[test]
fn an_abandoned_output_leaves_nothing() {
    let mut bench = Bench::new();
    bench.plain(&rows(10));
    for form in FORMS {
        let mut writer = ExportWriter::create(&bench.target(form, 0), "e1", 2).unwrap();
        writer.append(bench.partitions[0].clone()).unwrap();
        let ended = writer.finish(&AtomicBool::new(true));
        assert!(matches!(ended, Err(Error::Abandoned)), "{form}");
        assert_eq!(
            fs::read_dir(bench.folder.path()).unwrap().count(),
            1,
            "{form}"
        );
    }
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let mut bench = Bench::new();
    bench.plain(&rows(10));
    for form in FORMS {
        let mut writer = ExportWriter::create(&bench.target(form, 0), "e1", 2).unwrap();
        writer.append(bench.partitions[0].clone()).unwrap();
        drop(writer);
        assert_eq!(
            fs::read_dir(bench.folder.path()).unwrap().count(),
            1,
            "{form}"
        );
    }
}
