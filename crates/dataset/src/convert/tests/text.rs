use std::fs;

use coldpress_record::rejected_line;

use super::*;
use crate::format::{Encoding, FileCompression};
use crate::source::Location;

fn made_of(files: &[&[u8]], first: usize, compression: FileCompression, limit: u64) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, bytes): (usize, &&[u8])| {
        let path = folder.path().join(format!("{number}.txt"));
        fs::write(&path, bytes).unwrap();
        path
    };
    let members: Vec<_> = files.iter().enumerate().map(write).collect();
    let members: Vec<Location> = members.into_iter().map(Location::File).collect();
    let texts = Texts::new(&members, first, compression, Encoding::Utf8, limit);
    let size = files.iter().map(|file| file.len()).sum();
    read_all(Converter::new(Box::new(texts), 0), size)
}

fn rejected(reason: &str, bytes: &[u8]) -> String {
    let mut line = Vec::new();
    rejected_line(reason, bytes, &mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn each_file_is_a_record() {
    let files: [&[u8]; 5] = [
        b"one\r\n\"two\"\n",
        b"",
        b"\xEF\xBB\xBFthree",
        b"a\xFF\nb",
        "\tvier é\u{1}".as_bytes(),
    ];
    let lines = [
        r#"{"text": "one\r\n\"two\"\n"}"#,
        r#"{"text": "three"}"#,
        &rejected(
            "the text file `3.txt` is not valid UTF-8 (byte 1)",
            b"a\xFF\nb",
        ),
        "{\"text\": \"\\tvier é\\u0001\"}",
    ];
    let made = made_of(&files, 0, FileCompression::None, 1000);
    assert_eq!(made.lines(), lines);
    assert_eq!(made.error, None);
    let places: Vec<u64> = made.seeks.iter().map(|(_, place)| *place).collect();
    assert_eq!(places, [0, 2, 3, 4]);
    for (line, place) in places.iter().enumerate() {
        let resumed = made_of(&files, *place as usize, FileCompression::None, 1000);
        assert_eq!(resumed.lines(), lines[line..]);
    }
}

#[test]
fn a_long_file_becomes_a_long_line_and_is_not_held() {
    let long = "long\n".repeat(1 << 18);
    let files: [&[u8]; 3] = [b"a", long.as_bytes(), b"b"];
    let made = made_of(&files, 0, FileCompression::None, 1000);
    let lines = made.lines();
    assert_eq!(
        (lines.len(), lines[0], lines[2]),
        (3, r#"{"text": "a"}"#, r#"{"text": "b"}"#)
    );
    assert_eq!(lines[1].len(), long.len() + r#"{"text": ""}"#.len());
    let fits = made_of(&[&[b'x'; 1000]], 0, FileCompression::None, 1000);
    assert!(serde_json::from_str::<serde_json::Value>(fits.lines()[0]).is_ok());
}

#[test]
fn a_packed_file_that_breaks_off_does_not_end_the_others() {
    let packed = |text: &[u8]| {
        let mut encoder = crate::RowsEncoder::new(Vec::new(), FileCompression::Gzip).unwrap();
        io::Write::write_all(&mut encoder, text).unwrap();
        encoder.finish().unwrap()
    };
    let (one, two) = (packed(b"one"), packed(b"two"));
    let files: [&[u8]; 4] = [&one, &two[..two.len() - 4], b"no gzip", &one];
    let made = made_of(&files, 0, FileCompression::Gzip, 1000);
    let lines = made.lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(
        (lines[0], lines[3]),
        (r#"{"text": "one"}"#, r#"{"text": "one"}"#)
    );
    for (line, name) in [(lines[1], "1.txt"), (lines[2], "2.txt")] {
        assert!(
            line.contains(&format!("the text file `{name}` breaks off:")),
            "{line}"
        );
    }
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let texts = Texts::new(
        &[Location::File("/nowhere/a.txt".into())],
        0,
        FileCompression::None,
        Encoding::Utf8,
        10,
    );
    let made = read_all(Converter::new(Box::new(texts), 0), 0);
    assert!(made.error.unwrap().contains("`/nowhere/a.txt`"));
}
