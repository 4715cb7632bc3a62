use super::*;

fn resolve_folder(folder: &Path, suffixes: &[&str]) -> Resolved {
    let suffixes: Vec<String> = suffixes.iter().map(|suffix| (*suffix).to_owned()).collect();
    resolve(&[folder.display().to_string()], &suffixes).unwrap()
}

#[test]
fn text_files_of_a_folder_are_one_source() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("b.txt", "two"),
        ("a.md", "one"),
        ("sub/c.text", "three"),
        ("sub/d.txt", ""),
    ] {
        write(folder.path(), name, text);
    }
    let resolved = resolve_folder(folder.path(), &[]);
    let [source] = &resolved.sources[..] else {
        panic!("{resolved:?}")
    };
    assert_eq!((source.members.len(), source.identity.length), (4, 11));
    assert_eq!(source.path.shown(), folder.path());
    assert_eq!(
        (&source.format, source.can_resume_inside()),
        (&Format::Text, true)
    );
    let lines = [
        r#"{"text": "one"}"#,
        r#"{"text": "two"}"#,
        r#"{"text": "three"}"#,
    ];
    assert_eq!(read(source, 0, None).0, lines);
    let second = lines[0].len() as u64 + 1;
    assert_eq!(read(source, second, None).0, lines[1..]);
    let mut stream = LineStream::open_at(source, second, Some(1), None, 1000).unwrap();
    let mut block = Lines::default();
    assert_eq!(stream.next_block(&mut block).unwrap(), Block::Lines);
    assert_eq!(
        (block.records.len(), block.records[0].position),
        (2, second)
    );

    assert_eq!(source.check_unchanged().unwrap(), Touched::Same);
    write(folder.path(), "b.txt", "TWO");
    assert!(matches!(
        source.check_unchanged(),
        Err(Error::Changed { .. })
    ));
    write(folder.path(), "b.txt", "two or three");
    assert!(
        matches!(source.check_unchanged(), Err(Error::Changed { what, .. }) if what == "11 bytes, now 20")
    );
}

/// Data-Juicer reads those of the form that most files have.
#[test]
fn files_of_all_forms_in_a_folder_are_read_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("c.jsonl", "{\"text\": \"3\"}\n"),
        ("b.csv", "text\n2\n"),
        ("a.jsonl", "{\"text\": \"1\"}\n"),
    ] {
        write(folder.path(), name, text);
    }
    let resolved = resolve_folder(folder.path(), &[]);
    let lines = resolved
        .sources
        .iter()
        .map(|source| read(source, 0, None).0.concat());
    let expected = [r#"{"text": "1"}"#, r#"{"text": 2}"#, r#"{"text": "3"}"#];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn text_files_beside_data_are_left_out_unless_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["README.md", "LICENSE.txt", "data.jsonl", "image.png"] {
        write(folder.path(), name, "{}\n");
    }
    let resolved = resolve_folder(folder.path(), &[]);
    assert_eq!(resolved.sources.len(), 1);
    assert!(
        resolved.notes[0].starts_with("2 text files of `"),
        "{:?}",
        resolved.notes
    );
    assert!(resolved.notes[0].contains("the first is `LICENSE.txt`"));
    assert!(resolved.notes[1].starts_with("the file `image.png` of `"));
    let named = resolve_folder(folder.path(), &[".md", "txt", "jsonl"]);
    let names: Vec<_> = named
        .sources
        .iter()
        .map(|source| source.path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["LICENSE.txt", "README.md", "data.jsonl"]);
}

#[test]
fn packed_and_plain_text_files_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.txt", "one");
    write(folder.path(), "b.txt", "two");
    fs::write(
        folder.path().join("c.txt.gz"),
        packed(b"three", FileCompression::Gzip),
    )
    .unwrap();
    let wide: Vec<u8> = "\u{FEFF}four\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    fs::write(folder.path().join("d.txt"), wide).unwrap();
    let resolved = resolve_folder(folder.path(), &[]);
    let lines: Vec<_> = resolved
        .sources
        .iter()
        .map(|source| read(source, 0, None).0.join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            r#"{"text": "one"} {"text": "two"}"#,
            r#"{"text": "three"}"#,
            r#"{"text": "four\n"}"#
        ]
    );
}

#[test]
fn a_text_file_that_is_too_long_is_a_long_record() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.txt", "long\n".repeat(1 << 18));
    write(folder.path(), "b.txt", "short");
    let source = &resolve_folder(folder.path(), &[]).sources[0];
    let mut stream = LineStream::open(source, 0, None, 1000).unwrap();
    let mut lines = Lines::default();
    let mut long = 0;
    let rest = loop {
        match stream.next_block(&mut lines).unwrap() {
            Block::LongRecord { .. } => long += lines.bytes.len(),
            Block::Lines => break String::from_utf8(lines.bytes.clone()).unwrap(),
            Block::End => panic!("no short record"),
        }
    };
    assert_eq!(
        (long > 5 << 18, rest.as_str()),
        (true, "{\"text\": \"short\"}\n")
    );
}

#[test]
fn a_text_file_that_vanished_is_an_error_and_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.txt.gz", "b.txt.gz"] {
        write(folder.path(), name, packed(b"x", FileCompression::Gzip));
    }
    let source = &resolve_folder(folder.path(), &[]).sources[0];
    fs::remove_file(folder.path().join("b.txt.gz")).unwrap();
    let mut stream = LineStream::open(source, 0, None, 1000).unwrap();
    assert!(matches!(
        stream.next_block(&mut Lines::default()),
        Err(Error::Io { .. })
    ));
    assert!(source.check_unchanged().is_err());
}
