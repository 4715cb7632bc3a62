use std::fs;
use std::io::{Read, Write};

use super::*;
use crate::Compression;

fn rows_file(
    folder: &std::path::Path,
    rows: &[u8],
    compression: Compression,
) -> std::path::PathBuf {
    let path = folder.join("rows");
    let mut encoder = RowsEncoder::new(fs::File::create(&path).unwrap(), compression).unwrap();
    encoder.write_all(rows).unwrap();
    encoder.finish().unwrap();
    path
}

fn exported(target: &ExportTarget, parts: &[&[u8]]) -> Staged {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ExportWriter::create(target, "e1").unwrap();
    for part in parts {
        writer
            .append(&rows_file(folder.path(), part, target.rows_compression()))
            .unwrap();
    }
    let staged = writer.finish().unwrap();
    staged.commit(target).unwrap();
    staged
}

#[test]
fn packed_parts_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, compression) in [
        ("a.jsonl.gz", Compression::Gzip),
        ("a.jsonl.zst", Compression::Zstd),
    ] {
        let path = folder.path().join(name);
        let target = ExportTarget::parse(path.to_str().unwrap(), None, 0).unwrap();
        exported(&target, &[b"{}\n", b"", b"{\"a\": 1}\n"]);
        let mut text = String::new();
        decode_rows(fs::File::open(&path).unwrap(), compression)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "{}\n{\"a\": 1}\n");
    }
}

#[test]
fn shards_depend_on_the_rows_alone() {
    let rows: Vec<u8> = (0..100)
        .flat_map(|n| format!("{{\"n\": {n}}}\n").into_bytes())
        .collect();
    let shards = |cuts: &[usize], limit: u64| {
        let folder = tempfile::tempdir().unwrap();
        let path = format!("{}/shards/", folder.path().display());
        let target = ExportTarget::parse(&path, None, limit).unwrap();
        let mut parts = Vec::new();
        let mut rest = rows.as_slice();
        for cut in cuts {
            let (part, after) = rest.split_at(*cut);
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        let staged = exported(&target, &parts);
        assert_eq!(
            staged_digest(target.path(), true).unwrap(),
            (staged.length, staged.digest)
        );
        let mut names: Vec<_> = fs::read_dir(target.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        names
            .into_iter()
            .map(|name| fs::read(name).unwrap())
            .collect::<Vec<_>>()
    };
    let whole = shards(&[], 64);
    assert!(whole.len() > 5 && whole.iter().all(|shard| shard.ends_with(b"\n")));
    assert!(
        whole[..whole.len() - 1]
            .iter()
            .all(|shard| (64..80).contains(&shard.len()))
    );
    assert_eq!(whole.concat(), rows);
    assert_eq!(shards(&[9, 9, 90, 300], 64), whole);
    assert_eq!(shards(&[0], 1 << 30), std::slice::from_ref(&rows));
    assert_eq!(shards(&[], 1).len(), 100);
}

#[test]
fn only_what_is_ours_and_unchanged_is_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let target = ExportTarget::parse(path.to_str().unwrap(), None, 0).unwrap();
    assert_eq!(target.standing().unwrap(), Standing::Free);
    let staged = exported(&target, &[b"{}\n"]);
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("not made by Coldpress"))
    );
    let ownership = Ownership {
        schema_version: OWNERSHIP_SCHEMA,
        job_id: "job".into(),
        length: staged.length,
        digest: staged.digest,
    };
    ownership.write(&target).unwrap();
    assert_eq!(
        target.standing().unwrap(),
        Standing::Ours(ownership.clone())
    );
    fs::write(&path, "{ }\n").unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("was changed"))
    );
    let newer = Ownership {
        schema_version: 2,
        ..ownership
    };
    newer.write(&target).unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("newer Coldpress"))
    );
    fs::write(target.ownership_path(), "{").unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("cannot be read"))
    );
}

#[test]
fn a_directory_of_shards_is_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let target = ExportTarget::parse(&format!("{}/s/", folder.path().display()), None, 0).unwrap();
    exported(&target, &[b"{\"old\": 1}\n"]);
    exported(&target, &[b"{\"new\": 1}\n"]);
    assert_eq!(
        fs::read(target.path().join("part-00000.jsonl")).unwrap(),
        b"{\"new\": 1}\n"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_where_a_directory_should_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let target =
        ExportTarget::parse(folder.path().join("d.jsonl").to_str().unwrap(), None, 0).unwrap();
    fs::create_dir(target.path()).unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("end it in `/`"))
    );
}
