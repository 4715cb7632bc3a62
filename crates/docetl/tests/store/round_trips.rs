//! Records come back as they were.

use coldpress_docetl::{CheckpointName, Format, IntermediateStore, Options, Record, Value};
use proptest::prelude::*;

use crate::records;

#[track_caller]
fn check(records: &[Record]) {
    for format in Format::ALL {
        for threads in [1, 3] {
            let folder = tempfile::tempdir().unwrap();
            let options = Options::new().format(format).threads(threads);
            let store = IntermediateStore::open_with(folder.path(), options).unwrap();
            let path = store.save("step", "operation", records).unwrap();
            assert_eq!(
                path,
                folder
                    .path()
                    .join("step")
                    .join(format!("operation.{}", format.extension()))
            );
            let loaded = store.load("step", "operation").unwrap().unwrap();
            assert_eq!(loaded, records, "{format}");
            assert_eq!(
                std::fs::read_dir(folder.path().join("step"))
                    .unwrap()
                    .count(),
                1
            );
        }
    }
}

#[test]
fn odd_values_come_back() {
    check(&[]);
    check(&records(&["{}", "{}", "{}"]));
    check(&records(&["{}", r#"{"a": null}"#, r#"{"a": 1}"#, "{}"]));
    check(&records(&[
        r#"{"a": 1, "b": 2}"#,
        r#"{"b": 1, "a": 2}"#,
        r#"{"c": {}, "b": []}"#,
    ]));
    check(&records(&[
        r#"{"n": 9007199254740993}"#,
        r#"{"n": -9223372036854775808}"#,
        r#"{"n": 1}"#,
    ]));
    check(&records(&[r#"{"n": 18446744073709551615}"#, r#"{"n": 0}"#]));
    check(&records(&[
        r#"{"n": 123456789012345678901234567890}"#,
        r#"{"n": -0.0}"#,
    ]));
    check(&records(&[
        r#"{"n": 1}"#,
        r#"{"n": 1.0}"#,
        r#"{"n": 0.1}"#,
        r#"{"n": NaN}"#,
        r#"{"n": -Infinity}"#,
        r#"{"n": null}"#,
        r#"{"n": 5e-324}"#,
        r#"{"n": 1e400}"#,
        r#"{"n": 9007199254740992}"#,
        r#"{"n": -9007199254740992}"#,
    ]));
    check(&records(&[
        r#"{"m": "1"}"#,
        r#"{"m": 1}"#,
        r#"{"m": true}"#,
        r#"{"m": {"x": [1, 2.50, NaN, {}]}}"#,
        r#"{"m": "{\"a\": 1}"}"#,
    ]));
    check(&records(&[
        r#"{"t": "{\"a\": 1}"}"#,
        r#"{"t": "2024-01-31"}"#,
        r#"{"t": ""}"#,
        r#"{"t": "\u0000\u001f\u007f\u2028\ufeff"}"#,
        r#"{"t": "\ud83d\ude00 é"}"#,
    ]));
    check(&records(&[
        r#"{"t": "\ud800"}"#,
        r#"{"t": "a\udc00\ud83d\ude00b"}"#,
        r#"{"t": "plain"}"#,
    ]));
    check(&records(&[
        r#"{"": 1, ".": 2, "a.b": 3, "__rest__": 4, "__rest__2": [5], "__no_keys__": 6, "\u0000": 7, "é": 8}"#,
    ]));
    check(&records(&[
        r#"{"list": [], "object": {}}"#,
        r#"{"list": [null, []], "object": {"": {}}}"#,
    ]));
}

#[test]
fn more_keys_than_columns_come_back() {
    let wide: Record = (0..3_000)
        .map(|key| (format!("k{}", key * 7 % 3_000), i64::from(key)))
        .collect();
    let other: Record = (0..2_500)
        .map(|key| (format!("o{key}"), i64::from(key)))
        .collect();
    check(&[wide, other.clone(), Record::new(), other]);
}

#[test]
fn columns_that_change_after_many_records_come_back() {
    let mut all: Vec<Record> = (0..40_000)
        .map(|id| [("id", id)].into_iter().collect())
        .collect();
    all.extend(records(&[r#"{"id": "text", "new": 1}"#]));
    all.extend((0..40_000).map(|id| {
        [("new", id as f64 / 3.0), ("id", f64::from(id))]
            .into_iter()
            .collect::<Record>()
    }));
    check(&all);
}

fn value() -> impl Strategy<Value = Value> {
    let unit = prop_oneof![any::<u16>(), 0xd7f0..0xe010u16, 0x20..0x7fu16];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-3..3i64).prop_map(|number| number.to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| Value::Float(number).to_json()),
        (-3..3i32).prop_map(|number| format!("{number}.5")),
        "[ -~]{0,8}".prop_map(|text| Value::from(text).to_json()),
        ".{0,4}".prop_map(|text| Value::from(text).to_json()),
        prop::collection::vec(unit, 0..4).prop_map(|units| {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{escapes}\"")
        }),
    ];
    let leaf = leaf.prop_map(|json| Value::parse(&json).unwrap());
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-c]{0,1}|.{0,2}", inner), 0..3)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Record>())),
        ]
    })
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let record = prop::collection::vec(("[a-e]|.{0,3}", value()), 0..6)
        .prop_map(|fields| fields.into_iter().collect::<Record>());
    prop::collection::vec(record, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_records_come_back(records in any_records()) {
        check(&records);
    }

    #[test]
    fn a_batch_is_kept_like_any_other(records in any_records(), index in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let store = IntermediateStore::open(folder.path()).unwrap();
        store.save_batch("op", index, &records).unwrap();
        prop_assert_eq!(store.load_batch("op", index).unwrap(), Some(records.clone()));
        let listed = store.list().unwrap();
        prop_assert_eq!(&listed[0].name, &CheckpointName::batch("op", index).unwrap());
        prop_assert_eq!(listed[0].rows, Some(records.len() as u64));
    }

    #[test]
    fn json_is_read_as_it_is_written(value in value()) {
        prop_assert_eq!(Value::parse(&value.to_json()).unwrap(), value);
    }
}
