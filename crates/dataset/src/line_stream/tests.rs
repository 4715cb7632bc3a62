use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn stream(bytes: &[u8], max_record_bytes: u64) -> LineStream {
    LineStream::over(
        Reader::Text(Box::new(Cursor::new(bytes.to_vec()))),
        Path::new("test"),
        0,
        max_record_bytes,
    )
}

/// All bytes, the records with their positions, and the long records with their lengths.
type ReadBack = (Vec<u8>, Vec<(u64, Vec<u8>)>, Vec<(u64, u64)>);

fn read_all(mut stream: LineStream) -> ReadBack {
    let mut lines = Lines::default();
    let (mut bytes, mut records, mut long) = (Vec::new(), Vec::new(), Vec::<(u64, u64)>::new());
    loop {
        let block = stream.next_block(&mut lines).unwrap();
        bytes.extend_from_slice(&lines.bytes);
        records.extend(
            lines
                .records
                .iter()
                .map(|span| (span.position, lines.bytes[span.range()].to_vec())),
        );
        match block {
            Block::End => return (bytes, records, long),
            Block::Lines => {}
            Block::LongRecord {
                position,
                first: true,
                ..
            } => long.push((position, lines.bytes.len() as u64)),
            Block::LongRecord { .. } => long.last_mut().unwrap().1 += lines.bytes.len() as u64,
        }
    }
}

/// Returns the expected result of reading, computed in the simplest way.
fn plain(bytes: &[u8], max_record_bytes: u64) -> ReadBack {
    let (mut records, mut long, mut start) = (Vec::new(), Vec::new(), 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let record = content
            .strip_suffix(b"\r")
            .filter(|_| line.ends_with(b"\n"))
            .unwrap_or(content);
        if record.len() as u64 > max_record_bytes {
            long.push((start, line.len() as u64));
        } else if !trim_record(content).is_empty() {
            records.push((start, content[trim_record(content)].to_vec()));
        }
        start += line.len() as u64;
    }
    (bytes.to_vec(), records, long)
}

#[test]
fn long_records_are_told_by_place_and_length() {
    let mut bytes = b"{\"a\": 1}\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 3 * BLOCK_BYTES + 17));
    bytes.extend_from_slice(b"\n{\"b\": 2}\n\n{\"c\": 3}\n");
    bytes.extend(std::iter::repeat_n(b'y', 2 * BLOCK_BYTES));
    let limit = BLOCK_BYTES as u64;
    let found = read_all(stream(&bytes, limit));
    assert_eq!(found.2.len(), 2);
    assert_eq!(found, plain(&bytes, limit));
}

#[test]
fn the_last_line_needs_no_end() {
    let mut unfinished = stream(b"{}\n{\"a\"", 100);
    while unfinished.next_block(&mut Lines::default()).unwrap() != Block::End {}
    assert_eq!(unfinished.unterminated(), Some(3));
    let mut finished = stream(b"{}\n{}\n  ", 100);
    while finished.next_block(&mut Lines::default()).unwrap() != Block::End {}
    assert_eq!(finished.unterminated(), None);
}

proptest! {
    #[test]
    fn blocks_are_what_reading_means(
        lines in prop::collection::vec(("[ \\t\u{FEFF}]{0,2}", "[a-z]{0,40}", 0usize..3), 0..60),
        big in prop::option::of(0usize..60),
        terminated in any::<bool>(),
        limit in 20u64..50,
    ) {
        let mut bytes = Vec::new();
        for (at, (blank, text, end)) in lines.iter().enumerate() {
            bytes.extend_from_slice(blank.as_bytes());
            bytes.extend_from_slice(text.as_bytes());
            if big == Some(at) { bytes.extend(std::iter::repeat_n(b'z', BLOCK_BYTES + 100)); }
            bytes.extend_from_slice([&b"\n"[..], b"\r\n", b"\n\n"][*end]);
        }
        if !terminated { while bytes.last() == Some(&b'\n') { bytes.pop(); } }
        prop_assert_eq!(read_all(stream(&bytes, limit)), plain(&bytes, limit));
    }
}
