use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use coldpress_storage::StoreSchemes;
use proptest::prelude::*;

use super::*;

#[test]
fn a_damaged_source_has_no_records_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.parquet", "no table at all\n");
    let resolved = resolve(&[path.display().to_string()], &[]).unwrap();
    let (records, damage) = read(&resolved.sources[0], 0, None);
    let reason = "its suffix says Parquet, its content is something else; write or copy it again, or give it the \
                  suffix of what it is";
    assert_eq!(records, [""; 0]);
    assert_eq!(
        damage.unwrap(),
        Damage {
            position: 0,
            reason: reason.to_owned()
        }
    );
    assert_eq!(
        resolved.notes,
        [format!("`{}` cannot be read: {reason}", path.display())]
    );
}

fn table_bytes(format: &Format) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
    let column = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let batch = RecordBatch::try_new(schema.clone(), vec![column]).unwrap();
    match format {
        Format::Parquet => {
            let mut writer =
                parquet::arrow::ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
            writer.write(&batch).unwrap();
            writer.into_inner().unwrap()
        }
        Format::ArrowFile => {
            let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &schema).unwrap();
            writer.write(&batch).unwrap();
            writer.into_inner().unwrap()
        }
        _ => {
            let mut writer =
                arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &schema).unwrap();
            writer.write(&batch).unwrap();
            writer.into_inner().unwrap()
        }
    }
}

#[test]
fn columnar_files_are_told_by_their_content() {
    use Format::{ArrowFile, ArrowStream, Parquet};
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, bytes: &[u8]| Source::open(&write(folder.path(), name, bytes)).unwrap();
    for (name, format, notes) in [
        ("a.parquet", Parquet, 0),
        ("a.arrow", ArrowFile, 0),
        ("b.feather", ArrowFile, 0),
        ("c.arrow", ArrowStream, 0),
        ("d.jsonl", Parquet, 1),
        ("d.csv", ArrowStream, 1),
        ("e", ArrowFile, 0),
        ("f.parquet", ArrowFile, 1),
    ] {
        let bytes = table_bytes(&format);
        let (source, found) = open(name, &bytes);
        assert_eq!(
            (&source.format, found.len()),
            (&format, notes),
            "{name}: {found:?}"
        );
        assert!(source.is_columnar() && !source.is_addressable() && !source.can_resume_inside());
        assert!(LineStream::open(&source, 0, None, 100).is_err());

        for damaged in [
            bytes[..bytes.len() / 2].to_vec(),
            bytes[..12].to_vec(),
            packed(&bytes, FileCompression::Gzip),
        ] {
            let (source, found) = open(name, &damaged);
            let cut_stream = format == ArrowStream && damaged.len() == bytes.len() / 2;
            assert!(
                cut_stream || matches!(source.format, Format::Damaged(_)),
                "{name}: {:?}",
                source.format
            );
            assert!(
                cut_stream || found[0].contains("cannot be read"),
                "{found:?}"
            );
        }
    }
}

#[test]
fn names_that_lie_are_told() {
    use Format::{Array, Damaged, Lines, Text, Values};
    let folder = tempfile::tempdir().unwrap();
    let jsonl = "{\"a\": 1}\n{\"a\": 2}\n";
    for (name, text, expected, note) in [
        ("a.json", jsonl, Lines, ""),
        ("a.jsonl", ARRAY, Array, ""),
        ("a.ndjson", VALUES, Values, ""),
        (
            "b.parquet",
            jsonl,
            Lines,
            "is JSONL, not what its suffix says",
        ),
        (
            "b.arrow",
            ARRAY,
            Array,
            "is a JSON array, not what its suffix says",
        ),
        ("b.csv", jsonl, Lines, "is JSONL, not what"),
        (
            "b.tsv",
            VALUES,
            Values,
            "is JSON with records over several lines, not what",
        ),
        ("b.txt", jsonl, Lines, "is JSONL, not what"),
        ("c.txt", VALUES, Text, ""),
        ("c.md", ARRAY, Text, ""),
        ("c.TXT", "a\rb}\r{", Text, ""),
        (
            "d.feather",
            "a,b\n",
            Damaged(String::new()),
            "its suffix says Arrow, its content is",
        ),
        (
            "d.csv",
            "\u{1}\u{2}\u{FEFF}",
            Format::Csv(CsvDialect {
                delimiter: b',',
                columns: Vec::new(),
                quoting: true,
                escape: None,
                header: true,
            }),
            "",
        ),
        ("e", ARRAY, Array, ""),
        ("e.log", "just lines\n", Lines, ""),
    ] {
        let (source, notes) = Source::open(&write(folder.path(), name, text)).unwrap();
        let same = std::mem::discriminant(&source.format) == std::mem::discriminant(&expected);
        assert!(same, "{name}: {:?}", source.format);
        match note {
            "" => assert_eq!(notes, [""; 0], "{name}"),
            _ => assert!(notes[0].contains(note), "{name}: {notes:?}"),
        }
    }
    for name in [
        "a.parquet",
        "a.arrow",
        "a.csv",
        "a.json",
        "a.jsonl.gz",
        "a.txt",
        "a.csv.zst",
        "a.feather",
    ] {
        for blank in ["", "\u{FEFF}", "\n \n"] {
            let (source, notes) = Source::open(&write(folder.path(), name, blank)).unwrap();
            let (records, damage) = read(&source, 0, None);
            let is_text_of_blanks = name == "a.txt" && blank == "\n \n";
            assert_eq!(records.len(), usize::from(is_text_of_blanks), "{name}");
            // Of these formats, even a file without records has some bytes.
            let has_lost_all = blank.is_empty() && !matches!(name, "a.csv" | "a.json" | "a.txt");
            assert_eq!(damage.is_some(), has_lost_all, "{name}: {damage:?}");
            let noted = !blank.is_empty() || has_lost_all;
            assert!(notes.len() <= usize::from(noted), "{notes:?}");
        }
    }
}

#[test]
fn carriage_returns_may_end_lines_in_every_text_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.json", ARRAY), ("b.json", VALUES), ("c.csv", CSV)] {
        let path = write(folder.path(), name, text.replace('\n', "\r"));
        let (source, _) = Source::open(&path).unwrap();
        assert_eq!(read(&source, 0, None).0, LINES, "{name}");
    }
}

#[test]
fn columns_of_several_files_have_one_kind() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    write(folder.path(), "a.csv", "id,flag,note,text\n1,true,,5\n");
    write(folder.path(), "b.csv", "text;note;id\n7;8;x9\n");
    write(folder.path(), "c.csv", "flag\n3\n");
    let options = ResolveOptions {
        text_keys: vec!["text".to_owned()],
        ..ResolveOptions::default()
    };
    let resolved = resolve_inputs(&[at("")], &options, &StoreSchemes::default(), &mut |_| {
        Ok(true)
    })
    .unwrap();
    let lines: Vec<String> = resolved
        .sources
        .iter()
        .flat_map(|source| read(source, 0, None).0)
        .collect();
    assert_eq!(
        lines,
        [
            r#"{"id": "1", "flag": "true", "note": null, "text": "5"}"#,
            r#"{"text": "7", "note": 8, "id": "x9"}"#,
            r#"{"flag": "3"}"#,
        ]
    );
    assert_eq!(resolved.notes.len(), 1, "{:?}", resolved.notes);
    assert!(resolved.notes[0].ends_with("b.csv` are read as delimited by `;`"));

    let options = ResolveOptions {
        columns: vec!["id".to_owned(), "flag".to_owned()],
        delimiter: Some(b','),
        ..ResolveOptions::default()
    };
    let resolved = resolve_inputs(
        &[at("a.csv"), at("c.csv")],
        &options,
        &StoreSchemes::default(),
        &mut |_| Ok(true),
    )
    .unwrap();
    assert_eq!(resolved.sources[0].columns, ["id", "flag"]);
    let lines: Vec<String> = resolved
        .sources
        .iter()
        .flat_map(|source| read(source, 0, None).0)
        .collect();
    assert_eq!(lines, [r#"{"id": 1, "flag": "true"}"#, r#"{"flag": "3"}"#]);
    assert!(
        resolved.notes[0].ends_with("c.csv` has no column `id`"),
        "{:?}",
        resolved.notes
    );

    for delimiter in [b'"', b'\n', b'\r', 0xE9] {
        let options = ResolveOptions {
            delimiter: Some(delimiter),
            ..ResolveOptions::default()
        };
        let refused = resolve_inputs(
            &[at("a.csv")],
            &options,
            &StoreSchemes::default(),
            &mut |_| Ok(true),
        );
        assert!(matches!(refused, Err(Error::Delimiter { .. })));
    }
}

#[test]
fn a_given_delimiter_makes_csv_of_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.psv", "a|b\n1|x\n");
    let options = ResolveOptions {
        delimiter: Some(b'|'),
        ..ResolveOptions::default()
    };
    let resolved = resolve_inputs(
        &[path.display().to_string()],
        &options,
        &StoreSchemes::default(),
        &mut |_| Ok(true),
    )
    .unwrap();
    assert_eq!(read(&resolved.sources[0], 0, None).0, [LINES[0]]);
}

#[test]
fn sources_survive_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.csv", CSV),
        ("a.jsonl", "{}\n"),
        ("a.txt", "x"),
        ("a.parquet", "x"),
    ] {
        let (source, _) = Source::open(&write(folder.path(), name, text)).unwrap();
        let json = serde_json::to_string(&source).unwrap();
        assert_eq!(serde_json::from_str::<Source>(&json).unwrap(), source);
        assert_eq!(json.contains("format"), name != "a.jsonl", "{json}");
    }
}

proptest! {
    #[test]
    fn any_file_opens_and_reads(
        name in prop::sample::select(vec!["a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a.parquet", "a.arrow", "a.csv.gz", "a"]),
        magic in prop::sample::select(vec![
            &b""[..], b"PAR1", b"ARROW1\0\0", b"\xFF\xFF\xFF\xFF\x08\0\0\0", b"FEA1", b"{\"a\":", b"[{", b"\xFF\xFE", b"\x1F\x8B\x08", b"\x28\xB5\x2F\xFD",
        ]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\"{}[],:\n;"[..])], 0..80),
        tail in prop::sample::select(vec![&b""[..], b"\x10\0\0\0PAR1", b"\x10\0\0\0ARROW1"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), name, [magic, &bytes, tail].concat());
        let (source, _) = Source::open(&path).unwrap();
        if !source.is_columnar() {
            let (records, _) = read(&source, 0, None);
            prop_assert!(records.len() <= bytes.len() + 20);
        }
    }

    #[test]
    fn a_damaged_table_is_no_panic(
        format in prop::sample::select(vec![Format::Parquet, Format::ArrowFile, Format::ArrowStream]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = table_bytes(&format);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Source::open(&write(folder.path(), "a.parquet", bytes)).unwrap();
    }
}
