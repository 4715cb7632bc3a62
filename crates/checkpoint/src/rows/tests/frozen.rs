//! Files of earlier releases, which must be readable forever. They are never regenerated; a new version adds a file.

use coldpress_storage::ObjectRef;

use super::*;

/// Returns the content of the frozen files.
fn frozen_rows() -> Vec<Row> {
    let row = |index: u64, json: &str, piece: &[u32], stats: [Option<StatValue>; 2]| Row {
        json: json.to_owned(),
        changed_text: None,
        origin: Origin {
            source: 1,
            position: index * 40,
            piece: ChildPath::from_indices(piece),
        },
        // The files are from before there were statistics of other types.
        stats: stats.into_iter().chain([None]).collect(),
        alive: true,
    };
    let (int, float) = (StatValue::Int(7), StatValue::Float(-0.0));
    let nan = StatValue::Float(f64::from_bits(0x7FF8_0000_0000_0001));
    vec![
        row(
            0,
            r#"{"text": "first", "n": 1.50}"#,
            &[],
            [Some(int.clone()), Some(float)],
        ),
        row(1, r#"{"text": "caf\u00e9 é"}"#, &[0], [None, Some(int)]),
        row(1, r#"{"text": ""}"#, &[1, u32::MAX], [Some(nan), None]),
    ]
}

fn frozen_manifest() -> Manifest {
    let mut ledger = Ledger::new(["split"]);
    (ledger.records, ledger.rejected) = (3, 1);
    let split = &mut ledger.operators[0];
    (split.records_in, split.made, split.out) = (2, 1, 3);
    Manifest {
        partition: 4,
        operation: 1,
        chain: "5c".into(),
        ledger,
        quarantine: vec![ObjectRef {
            key: "quarantine/q.jsonl".parse().unwrap(),
            stamp: FileStamp::of(b"q"),
        }],
        seen: Default::default(),
        types: None,
        dropped: None,
        trace: None,
        ..manifest(3)
    }
}

#[track_caller]
fn check(bytes: &[u8], stamp: &str, with_records: bool) {
    assert_eq!(FileStamp::of(bytes).to_string(), stamp);
    let store = MemoryStore::new();
    let mut reader = open_anyway(&store, bytes.to_vec()).unwrap();
    assert_eq!(reader.manifest(), &frozen_manifest());
    let expected = expected(&frozen_rows());
    let found = if with_records {
        read_back(|block| reader.next(block))
    } else {
        let lines: String = expected
            .iter()
            .map(|row| format!("{}\n", row.line))
            .collect();
        let mut indexed = IndexedRows::new(reader, lines.as_bytes(), "rows.jsonl").unwrap();
        read_back(|block| indexed.next(block))
    };
    assert_eq!(found.unwrap(), expected);
}

#[test]
fn files_of_version_1_are_read() {
    check(
        include_bytes!("../../../testdata/rows_v1_zstd.parquet"),
        "1746 bytes with digest d8c01d5f76e49d697c92ae310075defd",
        true,
    );
    check(
        include_bytes!("../../../testdata/rows_v1_snappy.parquet"),
        "1693 bytes with digest 70f363a3db7fa8c97fdd7e791caa83d1",
        true,
    );
    check(
        include_bytes!("../../../testdata/index_v1.parquet"),
        "1571 bytes with digest 3d978455b47c35ae0708101852de2c08",
        false,
    );
    check(
        include_bytes!("../../../testdata/rows_v1_sealed.parquet"),
        "2060 bytes with digest d8c73f67a92df8908dab6a368258155f",
        true,
    );
    check(
        include_bytes!("../../../testdata/rows_v1.arrow"),
        "3842 bytes with digest 95c176be8a0e0857a9af762431c9dff5",
        true,
    );
    check(
        include_bytes!("../../../testdata/rows_v1.jsonl"),
        "1723 bytes with digest 970f766bd13b1ffeaeeaef34381834d2",
        true,
    );
    check(
        include_bytes!("../../../testdata/rows_v1.jsonl.gz"),
        "1060 bytes with digest 50734651b8d605b46823256434014a81",
        true,
    );
}

#[test]
fn a_torn_file_is_refused_even_where_its_digest_is_cited() {
    let torn = include_bytes!("../../../testdata/rows_v1_torn.parquet");
    let error = open_anyway(&MemoryStore::new(), torn.to_vec()).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn a_file_of_a_newer_version_is_refused_by_name_of_both() {
    let file = include_bytes!("../../../testdata/rows_v1_zstd.parquet");
    let version = br#""schema_version":1"#;
    let mut windows = file.windows(version.len());
    let at = windows.position(|window| window == version).unwrap();
    let mut newer = file.to_vec();
    newer[at + version.len() - 1] = b'2';
    let error = open_anyway(&MemoryStore::new(), newer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`foreign` has schema version 2, this release reads versions up to 1; use the release that wrote it"
    );
}

/// Lines of JSON that are the records themselves.
#[test]
fn files_of_version_2_are_read() {
    check(
        include_bytes!("../../../testdata/rows_v2.jsonl"),
        "1733 bytes with digest 4f7bc352be6e5a1bfc929891fc6d91a9",
        true,
    );
}
