//! gzip and zstd files as other programs write them, and damaged ones that go on.

use std::io::Write;

use coldpress::dataset::{FileCompression, RowsEncoder};

use crate::bench::data;
use crate::reported::{export, ids, lines, run};

/// Packs lines as one gzip member or zstd frame.
fn packed(text: &str, compression: FileCompression) -> Vec<u8> {
    let mut encoder = RowsEncoder::new(Vec::new(), compression).unwrap();
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_as_other_programs_write_them() {
    let text = lines(0..50);
    // gzip(1), Python and zlib take zeros for padding, between members too.
    let (first, second) = (lines(0..20), lines(20..50));
    let members = [
        packed(&first, FileCompression::Gzip),
        packed(&second, FileCompression::Gzip),
    ];
    let padded = [members[0].as_slice(), &[0; 700], &members[1], &[0; 512]].concat();
    // pzstd begins each frame with one that is skipped.
    let mut frames = Vec::new();
    for part in [&first, &second] {
        let frame = packed(part, FileCompression::Zstd);
        frames.extend_from_slice(b"\x50\x2A\x4D\x18\x04\0\0\0");
        frames.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        frames.extend_from_slice(&frame);
    }
    for (name, bytes) in [
        ("in.jsonl.gz", &padded),
        ("in.jsonl.zst", &frames),
        ("in.jsonl.gzip", &members.concat()),
    ] {
        let (bench, ran) = run(name, bytes, "--partition.size 7");
        assert_eq!(ran.expect(0).stderr, "", "{name}");
        assert_eq!(export(&bench), text, "{name}");
    }
    let long31 = std::fs::read(data("reported/long31.jsonl.zst")).unwrap();
    let (bench, ran) = run("in.jsonl.zst", long31, "");
    ran.expect(0);
    assert_eq!(export(&bench).lines().count(), 2000);
}

/// Reading continues after a damaged gzip member or zstd frame, and the loss is reported.
#[test]
fn a_damaged_member_does_not_take_the_next_one_along() {
    for (name, compression, what) in [
        ("in.jsonl.gz", FileCompression::Gzip, "gzip member"),
        ("in.jsonl.zst", FileCompression::Zstd, "zstd frame"),
    ] {
        let torn = packed(&lines(0..20_000), compression);
        let torn = &torn[..torn.len() / 2];
        let whole = packed(&lines(20_000..20_100), compression);
        let bytes = [torn, &whole, torn, &whole].concat();
        for more in ["", "--partition.size 1000 --partition.materialize never"] {
            let (bench, ran) = run(name, &bytes, more);
            let report = ran.expect(3).json();
            let unreadable = report["unreadable"].as_array().unwrap();
            assert_eq!(unreadable.len(), 2, "{report}");
            let reason = unreadable[0]["reason"].as_str().unwrap();
            assert!(
                reason.contains(&format!("the {what} that begins at byte 0")),
                "{reason}"
            );
            let next = format!("reading goes on with the one at byte {}", torn.len());
            assert!(reason.contains(&next), "{reason}");
            let found = ids(&bench);
            let of_whole = found.iter().filter(|id| **id >= 20_000).count();
            assert_eq!(of_whole, 200);
            assert!(found.len() > 10_000);
        }
    }
}
