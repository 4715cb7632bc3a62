use std::fs;

use coldpress_docetl::{Error, Format, Record};

use crate::{records, store_in};

#[test]
fn json_is_written_as_python_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Json);
    let written = records(&[
        r#"{"é":"\u2028😀\u007f\u0001/","n":[1,1.0,1e-7,1e16,NaN,-Infinity,123456789012345678901]}"#,
        r#"{"h":"\ud800","e":{},"l":[]}"#,
    ]);
    let path = store.save("s", "o", &written).unwrap();
    // The same list as written by `json.dump` of Python 3.11.
    let expected = r#"[{"\u00e9": "\u2028\ud83d\ude00\u007f\u0001/", "n": [1, 1.0, 1e-07, 1e+16, NaN, -Infinity, 123456789012345678901]}, {"h": "\ud800", "e": {}, "l": []}]"#;
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
    store.save("s", "o", &[]).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("s/o.json")).unwrap(),
        "[]"
    );
}

#[track_caller]
fn check(json: &[u8], expected: Result<&[&str], &str>) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("s")).unwrap();
    fs::write(folder.path().join("s/o.json"), json).unwrap();
    let loaded = store_in(folder.path(), Format::Parquet).load("s", "o");
    match (loaded, expected) {
        (Ok(loaded), Ok(expected)) => assert_eq!(loaded.unwrap(), records(expected)),
        (Err(error @ Error::Damaged { .. }), Err(reason)) => {
            let text = error.to_string();
            assert!(text.ends_with(reason), "{text}");
        }
        (loaded, _) => panic!("{loaded:?} of {}", String::from_utf8_lossy(json)),
    }
}

#[test]
fn json_of_others_is_read() {
    check(b"[]", Ok(&[]));
    check(b" \n[\n]\r\n ", Ok(&[]));
    check(b"\xef\xbb\xbf[{\"a\": 1}]", Ok(&[r#"{"a": 1}"#]));
    check(
        b"[\n  {\n    \"a\": 1\n  },\n\t{\"b\" : [ 1 , 2 ] }\n]",
        Ok(&[r#"{"a": 1}"#, r#"{"b": [1, 2]}"#]),
    );
    // If a key occurs twice, its last value counts, as in Python.
    check(
        br#"[{"a": 1, "b": 2, "a": 3}]"#,
        Ok(&[r#"{"a": 3, "b": 2}"#]),
    );
    check(
        br#"[{"a": 1, "b": 2}, {"a": 1, "a": 2, "b": 3}, {"b": 1}]"#,
        Ok(&[r#"{"a": 1, "b": 2}"#, r#"{"a": 2, "b": 3}"#, r#"{"b": 1}"#]),
    );
}

#[test]
fn what_is_no_list_of_records_is_one_clear_error() {
    check(b"", Err("at byte 0: the file is empty"));
    check(b"  ", Err("the file is empty"));
    check(
        b"{}",
        Err("at byte 0: it holds an object, not a list of records"),
    );
    check(b"null", Err("at byte 0: a list of records should be there"));
    check(
        b"[1]",
        Err("at byte 1: record 1 is a number, not an object"),
    );
    check(
        b"[{}, []]",
        Err("at byte 5: record 2 is a list, not an object"),
    );
    check(b"[{}", Err("at byte 3: it is cut off"));
    check(b"[{},", Err("at byte 4: record 2: it is cut off"));
    check(b"[{} {}]", Err("at byte 4: `,` or `]` should be there"));
    check(
        b"[{},]",
        Err("at byte 4: record 2: no JSON value begins so"),
    );
    check(
        b"[{}]]",
        Err("at byte 4: there is more after the list of records"),
    );
    check(
        br#"[{"a"}]"#,
        Err("at byte 5: record 1: a key has a `:` after it"),
    );
    check(
        br#"[{a: 1}]"#,
        Err("at byte 2: record 1: a key is a text in quotes"),
    );
    check(
        br#"[{"a": 01}]"#,
        Err("at byte 8: record 1: an object goes on with `,` or `}`"),
    );
    check(
        br#"[{"a": 1.}]"#,
        Err("at byte 9: record 1: a number is not spelled so"),
    );
    check(
        br#"[{"a": "\x"}]"#,
        Err("at byte 9: record 1: no such escape"),
    );
    check(
        br#"[{"a": "\u00g0"}]"#,
        Err("at byte 12: record 1: an escape has four hexadecimal digits"),
    );
    check(
        b"[{\"a\": \"\xff\"}]",
        Err("at byte 8: record 1: it isn't UTF-8"),
    );
    check(
        br#"[{"\ud800": 1}]"#,
        Err("at byte 2: record 1: a key has half of a surrogate pair, which cannot be kept"),
    );
    let deep = [vec![b'['; 100_000], b"{}".to_vec()].concat();
    check(
        &[b"[{\"a\": ".to_vec(), deep].concat(),
        Err("record 1: lists and objects are more than 900 deep in each other"),
    );
}

#[test]
fn a_torn_file_is_found_wherever_it_was_torn() {
    let whole =
        r#"[{"a": "é\ud83d\ude00\"", "b": [true, null, -1.5e+3, NaN]}, {"b": {"c": -Infinity}}]"#;
    for end in 1..whole.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("s")).unwrap();
        fs::write(folder.path().join("s/o.json"), &whole.as_bytes()[..end]).unwrap();
        let error = store_in(folder.path(), Format::Json)
            .load("s", "o")
            .unwrap_err();
        assert!(
            error.to_string().ends_with("it is cut off"),
            "{end}: {error}"
        );
    }
}

#[test]
fn records_longer_than_what_is_read_at_a_time_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Json);
    let sizes = [0, 1 << 10, 5 << 20, 3, (1 << 20) - 30, 1 << 20, 2 << 20];
    let written: Vec<Record> = sizes
        .iter()
        .map(|size| [("text", "é".repeat(size / 6))].into_iter().collect())
        .collect();
    store.save("s", "o", &written).unwrap();
    assert!(store.load("s", "o").unwrap().unwrap() == written);
}
