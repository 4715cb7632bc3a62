//! Files of earlier releases, which must be readable forever. They are never regenerated; a new version adds a file.

use coldpress_record::StatValue;

use super::*;

/// Returns the data from which the files were written.
fn batches() -> Vec<Vec<String>> {
    let first = [
        r#"{"text": "first of all", "other": "a", "n": 1.50}"#,
        r#"{"text": "caf\u00e9 é", "other": "b", "deep": {"list": [1, null, {"x": -0.0}]}}"#,
        r#"{"text": "", "other": ""}"#,
    ];
    let second = [
        r#"{"text": "the fourth", "other": "数据"}"#,
        r#"{"other":"no text before","text":"last one"}"#,
    ];
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    vec![owned(&first), Vec::new(), owned(&second)]
}

fn sections() -> Vec<Vec<Step>> {
    vec![
        vec![Step::Edit(1, 2, "é".into())],
        vec![
            Step::Stat(1, StatValue::Float(f64::from_bits(0xFFF8_0000_0000_0001))),
            Step::Stat(3, StatValue::Int(i64::MIN)),
            Step::Drop(3, 2),
        ],
        vec![Step::Split(true), Step::Stat(2, StatValue::Float(-0.0))],
    ]
}

/// The rows after the last section.
const LAST: [(&str, &str); 13] = [
    (
        r#"{"text": "first", "other": "aé", "n": 1.50}"#,
        "source 0 at 0/0",
    ),
    (
        r#"{"text": "of", "other": "aé", "n": 1.50}"#,
        "source 0 at 0/1",
    ),
    (
        r#"{"text": "all", "other": "aé", "n": 1.50}"#,
        "source 0 at 0/2",
    ),
    (
        r#"{"text": "brand new", "other": "aé", "n": 1.50}"#,
        "source 0 at 0/3",
    ),
    (
        r#"{"text": "céé", "other": "b", "deep": {"list": [1, null, {"x": -0.0}]}}"#,
        "source 0 at 1/0",
    ),
    (
        r#"{"text": "é", "other": "b", "deep": {"list": [1, null, {"x": -0.0}]}}"#,
        "source 0 at 1/1",
    ),
    (
        r#"{"text": "brand new", "other": "b", "deep": {"list": [1, null, {"x": -0.0}]}}"#,
        "source 0 at 1/2",
    ),
    (r#"{"text": "the", "other": "é数据"}"#, "source 0 at 2000/0"),
    (
        r#"{"text": "fourth", "other": "é数据"}"#,
        "source 0 at 2000/1",
    ),
    (
        r#"{"text": "brand new", "other": "é数据"}"#,
        "source 0 at 2000/2",
    ),
    (
        r#"{"other":"no text before","text":"lét"}"#,
        "source 0 at 2001/0",
    ),
    (
        r#"{"other":"no text before","text":"one"}"#,
        "source 0 at 2001/1",
    ),
    (
        r#"{"other":"no text before","text":"brand new"}"#,
        "source 0 at 2001/2",
    ),
];

#[track_caller]
fn check(bytes: &[u8], stamp: &str) {
    assert_eq!(FileStamp::of(bytes).to_string(), stamp);
    let store = MemoryStore::new();
    store.put_new(&name("old")).unwrap().finish().unwrap();
    store.tamper(&name("old"), |stored| *stored = bytes.to_vec());
    let sections = sections();
    let attempt = attempt(&sections, (Format::Parquet, Compression::None));
    let (_, expected) = attempt.run(&store, &batches());
    let delta = open(&store, "old", &FileStamp::of(bytes));
    assert_eq!(delta.sections().len(), 3);
    for (at, section) in delta.sections().iter().enumerate() {
        let operation = at as u32 + 1;
        let rows = expected[at].len() as u64;
        assert_eq!(
            section.manifest,
            manifest(operation, &attempt.chain(at), rows)
        );
        let found = replayed(delta.replayer(operation).unwrap(), &batches()).unwrap();
        assert_eq!(found, expected[at]);
    }
    let last: Vec<(&str, &str)> = expected[2]
        .iter()
        .map(|(line, origin, _)| (line.trim_end(), &**origin))
        .collect();
    assert_eq!(last, LAST);
}

#[test]
fn files_of_version_1_are_read() {
    check(
        include_bytes!("../../../testdata/deltas_v1.parquet"),
        "5354 bytes with digest ebde3ebdb7e569d8cd46ccd707bd57f1",
    );
    check(
        include_bytes!("../../../testdata/deltas_v1.arrow"),
        "8066 bytes with digest 406a9815f10b656bf5556f503bef2fa8",
    );
    check(
        include_bytes!("../../../testdata/deltas_v1.jsonl"),
        "3912 bytes with digest 225a8393b06148649d660c2932790332",
    );
    check(
        include_bytes!("../../../testdata/deltas_v1.jsonl.zst"),
        "1891 bytes with digest 40e83d817df45e3f4ec73201bfdaf920",
    );
    check(
        include_bytes!("../../../testdata/deltas_v1.jsonl.gz"),
        "2274 bytes with digest d51c7ea8a75c9e8c516ae69d33ea6395",
    );
}
