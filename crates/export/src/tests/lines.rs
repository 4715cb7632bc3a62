//! JSONL: partitions are copied.

use super::*;

#[test]
fn packed_pieces_read_as_one() {
    for (name, packing) in [
        ("a.jsonl", FileCompression::None),
        ("a.jsonl.gz", FileCompression::Gzip),
        ("a.jsonl.zst", FileCompression::Zstd),
    ] {
        let mut bench = Bench::new();
        for text in ["{}\n", "", "{\"a\": 1}\n"] {
            bench.lines(text, packing);
        }
        let files = bench.exported(&bench.target(name, 0));
        assert_eq!(text_of(&files), "{}\n{\"a\": 1}\n");
        assert_eq!(files.len(), 1);
    }
}

#[test]
fn no_pieces_are_an_empty_file_of_the_form() {
    for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a/"] {
        let bench = Bench::new();
        let files = bench.exported(&bench.target(name, 0));
        assert_eq!((text_of(&files).as_str(), files.len()), ("", 1), "{name}");
    }
    let bench = Bench::new();
    let files = bench.exported(&bench.typed("a/", "jsonl.gz", 0));
    assert_eq!(files[0].0, "part-00000.jsonl.gz");
    assert_eq!(text_of(&files), "");
}

#[test]
fn shards_depend_on_the_lines_alone() {
    let rows: String = (0..100).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let shards = |cuts: &[usize], limit: u64| {
        let mut bench = Bench::new();
        let mut rest = rows.as_str();
        for cut in cuts {
            let (part, after) = rest.split_at(*cut);
            bench.plain(part);
            rest = after;
        }
        bench.plain(rest);
        bench.exported(&bench.target("shards/", limit))
    };
    let whole = shards(&[], 64);
    assert!(whole.len() > 5 && whole.iter().all(|(_, shard)| shard.ends_with(b"\n")));
    assert!(
        whole[..whole.len() - 1]
            .iter()
            .all(|(_, shard)| (64..80).contains(&shard.len()))
    );
    assert_eq!(text_of(&whole), rows);
    assert_eq!(shards(&[9, 81, 270], 64), whole);
    assert_eq!(text_of(&shards(&[0], 1 << 30)), rows);
    assert_eq!(shards(&[], 1 << 30).len(), 1);
    assert_eq!(shards(&[], 1).len(), 100);
}

#[test]
fn packed_shards_hold_the_same_lines() {
    let mut bench = Bench::new();
    let rows: String = (0..100).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    bench.plain(&rows);
    let plain = bench.exported(&bench.target("plain/", 200));
    for packing in ["jsonl.gz", "jsonl.zst"] {
        let packed = bench.exported(&bench.typed("packed/", packing, 200));
        assert_eq!(packed.len(), plain.len());
        for (packed, plain) in packed.iter().zip(&plain) {
            assert_eq!(text_of(std::slice::from_ref(packed)).as_bytes(), plain.1);
        }
    }
}

#[test]
fn rows_of_another_form_are_refused() {
    let mut bench = Bench::new();
    bench.plain("{}\n");
    let refused = bench.export(&bench.target("a.jsonl.gz", 0), 1);
    assert!(matches!(refused, Err(Error::DamagedRows { .. })));
}

#[test]
fn lines_that_do_not_belong_to_the_output_are_left_out() {
    let kept = |lines, bits: u8| KeptRows::new(lines, vec![bits]);
    for name in ["a.jsonl", "a.json", "shards/"] {
        let (mut bench, mut chosen) = (Bench::new(), Bench::new());
        bench
            .plain("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n")
            .plain("{\"a\":4}\n")
            .plain("{\"a\":5}\n{\"a\":6}\n");
        chosen
            .plain("{\"a\":1}\n{\"a\":3}\n")
            .plain("")
            .plain("{\"a\":5}\n{\"a\":6}\n");
        bench.partitions[0].kept = kept(3, 0b101);
        bench.partitions[1].kept = kept(1, 0);
        let (target, other) = (bench.target(name, 12), chosen.target(name, 12));
        let contents = |files: Vec<(String, Vec<u8>)>| files.into_iter().map(|(_, bytes)| bytes);
        let found: Vec<Vec<u8>> = contents(bench.exported(&target)).collect();
        assert!(contents(chosen.exported(&other)).eq(found), "{name}");
    }
}

#[test]
fn another_number_of_lines_than_was_decided_about_is_damage() {
    for (lines, bits) in [(1, 1), (3, 0b111)] {
        let mut bench = Bench::new();
        bench.plain("{\"a\":1}\n{\"a\":2}\n");
        bench.partitions[0].kept = KeptRows::new(lines, vec![bits]);
        let error = bench.export(&bench.target("a.jsonl", 0), 1).unwrap_err();
        assert!(matches!(error, Error::DamagedRows { .. }), "{error}");
    }
}
