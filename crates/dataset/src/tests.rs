use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use coldpress_record::Lines;

use super::*;

mod converted;
mod formats;
mod remote;
mod texts;

const ARRAY: &str =
    "[\n  {\"a\": 1, \"b\": \"x\"},\n  {\"a\": 2, \"b\": \"y\"},\n  {\"a\": 3, \"b\": \"z\"}\n]\n";
const VALUES: &str = "{\n \"a\": 1,\n \"b\": \"x\"\n}\n{\n \"a\": 2,\n \"b\": \"y\"\n}\n{\n \"a\": 3,\n \"b\": \"z\"\n}\n";
const CSV: &str = "a,b\n1,x\n2,\"y\"\n3,z\n";
const LINES: [&str; 3] = [
    "{\"a\": 1, \"b\": \"x\"}",
    "{\"a\": 2, \"b\": \"y\"}",
    "{\"a\": 3, \"b\": \"z\"}",
];

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn packed(bytes: &[u8], compression: FileCompression) -> Vec<u8> {
    let mut encoder = RowsEncoder::new(Vec::new(), compression).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(source: &Source, start: u64, end: Option<u64>) -> (Vec<String>, Option<Damage>) {
    let mut stream = LineStream::open(source, start, end, 1 << 20).unwrap();
    let mut lines = Lines::default();
    let mut records = Vec::new();
    while stream.next_block(&mut lines).unwrap() != Block::End {
        records.extend(
            lines
                .records
                .iter()
                .map(|span| String::from_utf8_lossy(&lines.bytes[span.range()]).into_owned()),
        );
    }
    (records, stream.damage().cloned())
}

#[test]
fn a_slice_of_any_source_is_the_same_slice() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"a\": 1}\n{\"b\": 2}\n{\"c\": 3}\n";
    let forms = [
        ("plain.jsonl", text.as_bytes().to_vec()),
        ("a.jsonl.gz", packed(text.as_bytes(), FileCompression::Gzip)),
        (
            "a.jsonl.zst",
            packed(text.as_bytes(), FileCompression::Zstd),
        ),
        (
            "wide.jsonl",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        ("cr.jsonl", text.replace('\n', "\r").into_bytes()),
    ];
    for (name, bytes) in forms {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (source, _) = Source::open(&path).unwrap();
        assert_eq!(
            read(&source, 9, Some(18)),
            (vec!["{\"b\": 2}".to_owned()], None),
            "{name}"
        );
        assert_eq!(read(&source, 9, None).0.len(), 2, "{name}");
    }
}

#[test]
fn damage_tells_where_it_begins_and_keeps_what_is_before() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..20_000u64)
        .map(|n| format!("{{\"n\": {}}}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    for (name, compression) in [
        ("a.jsonl.gz", FileCompression::Gzip),
        ("a.jsonl.zst", FileCompression::Zstd),
    ] {
        let whole = packed(text.as_bytes(), compression);
        let path = folder.path().join(name);
        fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
        let (source, _) = Source::open(&path).unwrap();
        let (records, damage) = read(&source, 0, None);
        let damage = damage.unwrap();
        assert!(records.len() > 5_000, "{name}: {}", records.len());
        let expected: Vec<&str> = text.lines().take(records.len()).collect();
        assert_eq!(records, expected, "{name}");
        assert_eq!(
            damage.position,
            expected
                .iter()
                .map(|line| line.len() as u64 + 1)
                .sum::<u64>()
        );
        let mut garbage = whole.clone();
        garbage.extend_from_slice(b"no gzip, no zstd");
        fs::write(&path, garbage).unwrap();
        let (records, damage) = read(&Source::open(&path).unwrap().0, 0, None);
        assert_eq!(records.len(), 20_000);
        assert_eq!(damage.unwrap().position, text.len() as u64);
    }
}

#[test]
fn what_a_file_holds_is_told_by_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Source::open(&path)
    };
    let (source, notes) = open("plain.jsonl.gz", b"{}\n").unwrap();
    assert_eq!(source.compression, FileCompression::None);
    assert!(notes[0].contains("not what its suffix says"), "{notes:?}");
    let (source, notes) = open("packed.jsonl", &packed(b"{}\n", FileCompression::Gzip)).unwrap();
    assert_eq!(
        (source.compression, notes.len()),
        (FileCompression::Gzip, 1)
    );
    for (name, bytes) in [
        ("a.jsonl", &b"BZh9..."[..]),
        ("b.jsonl", b"\xFD7zXZ\0"),
        ("c.zip", b"PK\x03\x04"),
    ] {
        assert!(
            matches!(open(name, bytes), Err(Error::Unsupported { .. })),
            "{name}"
        );
    }
    assert!(open("one-bad-line.jsonl", b"[1]\n{}\n").is_ok());
    assert!(open("empty.jsonl", b"").is_ok());
}

#[test]
fn paths_become_sources_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for name in [
        "b.jsonl",
        "a.jsonl",
        "sub/c.jsonl",
        "notes.txt",
        ".hidden.jsonl",
    ] {
        fs::write(at(name), "{}\n").unwrap();
    }
    std::os::unix::fs::symlink(folder.path(), folder.path().join("sub/loop")).unwrap();
    let names = |resolved: Resolved| -> Vec<String> {
        resolved
            .sources
            .iter()
            .map(|s| s.path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    let all = resolve(&[at("")], &[]).unwrap();
    assert!(
        all.notes[0].starts_with("the text file `notes.txt` of"),
        "{:?}",
        all.notes
    );
    assert_eq!(names(all), ["a.jsonl", "b.jsonl", "c.jsonl"]);
    assert_eq!(
        names(resolve(&[at("b.jsonl"), at("a.jsonl")], &[]).unwrap()),
        ["b.jsonl", "a.jsonl"]
    );
    assert_eq!(
        names(resolve(&[at("*.jsonl")], &[]).unwrap()),
        ["a.jsonl", "b.jsonl"]
    );
    assert_eq!(
        names(resolve(&[at("")], &["txt".into()]).unwrap()),
        ["notes.txt"]
    );
    assert!(matches!(
        resolve(&[at("none")], &[]),
        Err(Error::Missing { .. })
    ));
    assert!(matches!(
        resolve(&[at("none*")], &[]),
        Err(Error::Missing { .. })
    ));
    assert!(matches!(
        resolve(&[at("")], &[".csv".into()]),
        Err(Error::NoFiles { .. })
    ));
    assert!(matches!(
        resolve(&[at("[")], &[]),
        Err(Error::Pattern { .. })
    ));
}

#[test]
fn a_changed_source_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "{\"a\": 1}\n").unwrap();
    let (source, _) = Source::open(&path).unwrap();
    assert_eq!(source.check_unchanged().unwrap(), Touched::Same);
    fs::write(&path, "{\"a\": 2}\n").unwrap();
    assert!(matches!(
        source.check_unchanged(),
        Err(Error::Changed { .. })
    ));
    fs::write(&path, "{\"a\": 1}\n{}\n").unwrap();
    assert!(
        matches!(source.check_unchanged(), Err(Error::Changed { what, .. }) if what == "9 bytes, now 12")
    );
}
