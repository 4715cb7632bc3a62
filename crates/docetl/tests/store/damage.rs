use std::fs;
use std::path::Path;

use coldpress_docetl::{Error, Format, IntermediateStore, Record};

use crate::{records, set_time, store_in};

fn written() -> Vec<Record> {
    records(&[
        r#"{"id": 1, "text": "a text that is long enough to be compressed, enough to be compressed", "n": 1.5}"#,
        r#"{"text": "another", "id": 2, "more": {"a": [1, 2]}, "n": 3}"#,
        r#"{"n": null}"#,
    ])
}

/// Damages a Parquet file in some way, and checks that the damage is found, both without and with an older JSON file.
fn check(folder: &Path, what: &str, damage: impl Fn(&Path)) {
    let store = store_in(folder, Format::Parquet);
    let (parquet, json) = (folder.join("s/o.parquet"), folder.join("s/o.json"));
    damage(&parquet);
    match store.load("s", "o") {
        Err(error @ (Error::Damaged { .. } | Error::Newer { .. } | Error::Storage(_))) => {
            assert!(error.to_string().contains("o.parquet"), "{what}: {error}");
        }
        other => panic!("{what}: {other:?}"),
    }
    fs::write(&json, r#"[{"older": true}]"#).unwrap();
    set_time(&json, 100);
    assert_eq!(
        store.load("s", "o").unwrap().unwrap(),
        records(&[r#"{"older": true}"#]),
        "{what}"
    );
    fs::remove_file(&json).unwrap();
}

fn saved() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path(), Format::Parquet)
        .save("s", "o", &written())
        .unwrap();
    let bytes = fs::read(folder.path().join("s/o.parquet")).unwrap();
    (folder, bytes)
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let (folder, bytes) = saved();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        check(
            folder.path(),
            &format!("byte {at} of {}", bytes.len()),
            |path| fs::write(path, &flipped).unwrap(),
        );
    }
    fs::write(folder.path().join("s/o.parquet"), &bytes).unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    assert_eq!(
        store.load("s", "o").unwrap().unwrap(),
        written(),
        "the undamaged file"
    );
}

#[test]
fn a_file_that_is_cut_off_or_longer_is_found() {
    let (folder, bytes) = saved();
    for length in 0..bytes.len() {
        check(folder.path(), &format!("{length} bytes"), |path| {
            fs::write(path, &bytes[..length]).unwrap()
        });
    }
    for more in [&b"x"[..], b"PAR1", &[0; 4096], &bytes] {
        let longer = [&bytes, more].concat();
        if longer.ends_with(&bytes) {
            continue;
        }
        check(folder.path(), "more bytes", |path| {
            fs::write(path, &longer).unwrap()
        });
    }
}

#[test]
fn pieces_that_were_exchanged_or_zeroed_are_found() {
    let (folder, bytes) = saved();
    for piece in [8, 64, 256] {
        for at in (0..bytes.len() - 2 * piece).step_by(piece) {
            let mut exchanged = bytes.clone();
            let (one, other) = exchanged[at..at + 2 * piece].split_at_mut(piece);
            one.swap_with_slice(other);
            if exchanged != bytes {
                check(folder.path(), "exchanged", |path| {
                    fs::write(path, &exchanged).unwrap()
                });
            }
            let mut zeroed = bytes.clone();
            zeroed[at..at + piece].fill(0);
            if zeroed != bytes {
                check(folder.path(), "zeroed", |path| {
                    fs::write(path, &zeroed).unwrap()
                });
            }
        }
    }
}

#[test]
fn the_file_of_another_operation_is_found() {
    let (folder, _) = saved();
    let store = store_in(folder.path(), Format::Parquet);
    store.save("s", "other", &written()).unwrap();
    let other = folder.path().join("s/other.parquet");
    check(folder.path(), "another file", |path| {
        fs::copy(&other, path).unwrap();
    });
    let text = store.load("s", "o").unwrap_err().to_string();
    assert!(
        text.ends_with("it is the file of `s/other`; give it that name back, or remove it"),
        "{text}"
    );
}

#[test]
fn what_is_no_file_is_found() {
    let (folder, _) = saved();
    check(folder.path(), "a folder", |path| {
        let _ = fs::remove_file(path);
        let _ = fs::create_dir(path);
    });
    let json = folder.path().join("s/o.json");
    fs::create_dir(&json).unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    assert!(matches!(store.load("s", "o"), Err(Error::Neither { .. })));
    fs::remove_dir(folder.path().join("s/o.parquet")).unwrap();
    assert!(
        store
            .load("s", "o")
            .unwrap_err()
            .to_string()
            .contains("o.json` is a folder, not a file")
    );
    let pipe = folder.path().join("s/pipe.json");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert!(
        store
            .load("s", "pipe")
            .unwrap_err()
            .to_string()
            .contains("is a pipe, not a file")
    );
    // Listings of checkpoints must not silently omit them either.
    let passed_over = store.passed_over().unwrap();
    let told: Vec<_> = passed_over
        .iter()
        .map(|one| (one.path.file_name().unwrap(), one.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("o.json".as_ref(), "it is not a file"),
            ("pipe.json".as_ref(), "it is not a file")
        ]
    );
}

#[test]
fn many_row_groups_are_each_verified() {
    let folder = tempfile::tempdir().unwrap();
    let store = IntermediateStore::open(folder.path()).unwrap();
    let many: Vec<Record> = (0..70_000u128)
        .map(|id| {
            [
                ("id", id.to_string()),
                (
                    "text",
                    format!(
                        "{:x}",
                        0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835_u128.wrapping_mul(id + 1)
                    ),
                ),
            ]
            .into_iter()
            .collect()
        })
        .collect();
    store.save("s", "o", &many).unwrap();
    let path = folder.path().join("s/o.parquet");
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 23) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        assert!(
            matches!(store.load("s", "o"), Err(Error::Damaged { .. })),
            "byte {at}"
        );
    }
    // Only bytes that are read are verified.
    fs::write(&path, &bytes).unwrap();
    let mut flipped = bytes.clone();
    let last_text = bytes.len() - bytes.len() / 10;
    flipped[last_text] ^= 0x10;
    fs::write(&path, &flipped).unwrap();
    assert_eq!(store.load_rows("s", "o", 0..2).unwrap().unwrap(), many[..2]);
}
