use coldpress_record::{Batch, DeclaredFields};

use super::*;

fn wide(text: &str) -> Vec<u8> {
    let marked = format!("\u{FEFF}{text}");
    marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Returns the records of a stream with their positions, and where each begins in the file.
fn read_with_seeks(mut stream: LineStream) -> Vec<(String, u64, Option<u64>)> {
    stream.track_seeks();
    let mut lines = Lines::default();
    let mut records = Vec::new();
    while stream.next_block(&mut lines).unwrap() != Block::End {
        for span in &lines.records {
            let text = String::from_utf8_lossy(&lines.bytes[span.range()]).into_owned();
            records.push((text, span.position, stream.seek_of(span.position)));
        }
    }
    assert_eq!(stream.damage(), None);
    records
}

#[test]
fn every_text_format_gives_the_same_lines_from_any_record_on() {
    let folder = tempfile::tempdir().unwrap();
    for (suffix, text) in [("json", ARRAY), ("json", VALUES), ("csv", CSV)] {
        for (packing, bytes) in [
            ("", text.as_bytes().to_vec()),
            (".gz", packed(text.as_bytes(), FileCompression::Gzip)),
            (".zst", packed(text.as_bytes(), FileCompression::Zstd)),
            ("", wide(text)),
            ("", format!("\u{FEFF}{text}").into_bytes()),
        ] {
            let path = write(folder.path(), &format!("data.{suffix}{packing}"), bytes);
            let (source, _) = Source::open(&path).unwrap();
            let (plain, resumable) = (source.is_plain(), source.can_resume_inside());
            assert!(!source.is_addressable() && !source.is_columnar());
            assert_eq!(plain, resumable);
            let open =
                |start, seek| LineStream::open_at(&source, start, seek, None, 1 << 20).unwrap();
            let records = read_with_seeks(open(0, None));
            let lines: Vec<&str> = records.iter().map(|(line, ..)| line.as_str()).collect();
            assert_eq!(lines, LINES, "{text:?}");
            for (at, (_, position, seek)) in records.iter().enumerate() {
                assert!(seek.is_some());
                let rest = read_with_seeks(open(*position, seek.filter(|_| resumable)));
                assert_eq!(rest, records[at..], "{text:?}");
                assert_eq!(read(&source, *position, None).0, LINES[at..]);
            }
            let (first, second) = (records[1].1, records[2].1);
            assert_eq!(read(&source, first, Some(second)).0, LINES[1..2]);
        }
    }
}

#[test]
fn seeks_are_those_of_the_block_in_hand() {
    let folder = tempfile::tempdir().unwrap();
    let row = format!("1,{}\n", "x".repeat(1000));
    let path = write(folder.path(), "a.csv", format!("a,b\n{}", row.repeat(2000)));
    let (source, _) = Source::open(&path).unwrap();
    let mut stream = LineStream::open(&source, 0, None, 1 << 20).unwrap();
    stream.track_seeks();
    let mut lines = Lines::default();
    let (mut row_number, mut blocks) = (0, 0);
    while stream.next_block(&mut lines).unwrap() != Block::End {
        blocks += 1;
        for span in &lines.records {
            if blocks % 2 == 0 {
                let seek = stream.seek_of(span.position);
                assert_eq!(seek, Some(4 + row_number * row.len() as u64));
            }
            row_number += 1;
        }
    }
    assert_eq!((row_number, blocks > 4), (2000, true));
    assert_eq!(stream.seek_of(0), None);
}

#[test]
fn what_breaks_off_keeps_the_records_before() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, lines, reason) in [
        (
            "a.json",
            ARRAY.as_bytes()[..40].to_vec(),
            1,
            "the JSON breaks off in the record that begins at byte 26",
        ),
        (
            "b.json",
            ARRAY.as_bytes()[..46].to_vec(),
            2,
            "the JSON array breaks off: the file ends at byte 46",
        ),
        (
            "c.json",
            format!("{ARRAY}[]").into_bytes(),
            3,
            "the JSON array has ended and other text follows",
        ),
        (
            "d.json",
            VALUES.as_bytes()[..VALUES.len() - 4].to_vec(),
            2,
            "the JSON breaks off in the record",
        ),
    ] {
        let (source, _) = Source::open(&write(folder.path(), name, bytes)).unwrap();
        let (records, damage) = read(&source, 0, None);
        let damage = damage.unwrap();
        assert_eq!(records, LINES[..lines], "{name}");
        let before: usize = LINES[..lines].iter().map(|line| line.len() + 1).sum();
        assert_eq!(damage.position, before as u64, "{name}");
        assert!(damage.reason.starts_with(reason), "{}", damage.reason);
    }
    let whole = packed(CSV.repeat(1000).as_bytes(), FileCompression::Gzip);
    let path = write(folder.path(), "e.csv.gz", &whole[..whole.len() - 9]);
    let (source, _) = Source::open(&path).unwrap();
    assert!(matches!(source.format, Format::Csv(_)));
    let (records, damage) = read(&source, 0, None);
    assert!(damage.is_some() && records.len() > 100);
}

#[test]
fn rows_that_are_none_become_rejects() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.csv", b"a,b\n1,x\n2\n3,\xFF\n4,\"y\nz\"\n");
    let (source, _) = Source::open(&path).unwrap();
    let mut stream = LineStream::open(&source, 0, None, 1 << 20).unwrap();
    let (mut lines, mut rejects) = (Lines::new(0), Vec::new());
    assert_eq!(stream.next_block(&mut lines).unwrap(), Block::Lines);
    let mut batch = Batch::default();
    batch.fill(&mut lines, &DeclaredFields::new(["b"]), &mut rejects);
    let found: Vec<_> = rejects
        .iter()
        .map(|reject| (reject.reason.as_str(), reject.bytes.as_slice()))
        .collect();
    assert_eq!(
        found,
        [
            (
                "the row that begins at byte 8 has 1 cells, the header has 2",
                &b"2"[..]
            ),
            (
                "the row that begins at byte 10 is not valid UTF-8",
                b"3,\xFF"
            ),
        ]
    );
    assert_eq!((batch.text(0, 0), batch.text(0, 1)), (Ok("x"), Ok("y\nz")));
}

#[test]
fn a_string_with_a_raw_line_break_is_rejected_as_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "a.json",
        "[{\"b\": \"one\ntwo\"}, {\"b\": \"x\"}]",
    );
    let (source, _) = Source::open(&path).unwrap();
    let mut stream = LineStream::open(&source, 0, None, 1 << 20).unwrap();
    let (mut lines, mut rejects) = (Lines::new(0), Vec::new());
    stream.next_block(&mut lines).unwrap();
    let mut batch = Batch::default();
    batch.fill(&mut lines, &DeclaredFields::new(["b"]), &mut rejects);
    assert_eq!((rejects.len(), batch.text(0, 0)), (1, Ok("x")));
}
