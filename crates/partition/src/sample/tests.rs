use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use coldpress_dataset::resolve;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::*;

/// Returns a line of `length` bytes, including its end.
fn line(id: usize, length: usize) -> String {
    let head = format!("{{\"id\": \"{id:09}\", \"text\": \"");
    format!("{head}{}\"}}\n", "x".repeat(length - head.len() - 3))
}

/// Returns lines of these lengths.
fn lines(lengths: impl IntoIterator<Item = usize>) -> String {
    let lengths = lengths.into_iter().enumerate();
    lengths.map(|(id, length)| line(id, length)).collect()
}

fn write(folder: &Path, files: &[(&str, &[u8])]) -> Vec<Source> {
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    let names = files
        .iter()
        .map(|(name, _)| folder.join(name).display().to_string());
    let names: Vec<String> = names.collect();
    resolve(&names, &[]).unwrap().sources
}

fn sample_of(text: &str, budget_bytes: u64) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let sources = write(folder.path(), &[("data.jsonl", text.as_bytes())]);
    sample(&sources, &MediaFields::default(), budget_bytes)
}

/// Returns source and position of each record.
fn places(sample: &Sample) -> Vec<(u32, u64)> {
    let blocks = sample.blocks.iter();
    blocks
        .flat_map(|block| {
            block
                .records
                .iter()
                .map(|span| (block.source, span.position))
        })
        .collect()
}

/// Checks that `found` is within `percent` of `expected`.
#[track_caller]
fn check_near(found: f64, expected: f64, percent: f64) {
    let off = (found / expected - 1.0).abs() * 100.0;
    assert!(off <= percent, "{found}, not {expected}");
}

#[test]
fn a_small_dataset_is_read_whole() {
    let text = format!(
        "{}\n  \nno JSON\n{{\"videos\": [\"a\"]}}",
        lines([100, 200, 300])
    );
    let found = sample_of(&text, DEFAULT_SAMPLE_BYTES);
    let seen = &found.seen;
    assert_eq!((seen.records, seen.estimated_records), (5, 5));
    assert_eq!((seen.bytes, seen.max_bytes), (99 + 199 + 299 + 7 + 17, 299));
    assert_eq!(seen.estimated_bytes, text.len() as u64);
    check_near(seen.mean_bytes, 621.0 / 5.0, 0.001);
    assert_eq!((seen.kinds.text, seen.kinds.video), (3, 1));
    assert_eq!(seen.modality, Modality::Multimodal);
    assert_eq!(
        places(&found),
        [(0, 0), (0, 100), (0, 300), (0, 604), (0, 612)]
    );
    let block = &found.blocks[0];
    let last = block.records[4].range();
    assert_eq!(&block.bytes[last], b"{\"videos\": [\"a\"]}");
}

#[test]
fn an_empty_dataset_has_nothing_to_sample() {
    for (text, budget) in [("", 1000), ("\n\n  \n", 1000), ("{\"a\": 1}\n", 0)] {
        let found = sample_of(text, budget);
        assert_eq!(found.seen.records, 0, "{text:?}");
        assert!(found.blocks.is_empty(), "{text:?}");
        assert_eq!(found.seen.modality, Modality::Text);
    }
    assert_eq!(sample(&[], &MediaFields::default(), 1000).seen.sources, 0);
}

#[test]
fn a_second_half_with_longer_records_shows() {
    let short = std::iter::repeat_n(200, 20_000);
    let long = std::iter::repeat_n(2000, 20_000);
    let text = lines(short.chain(long));
    let found = sample_of(&text, 1 << 20);
    let seen = &found.seen;
    assert!(seen.bytes <= 1 << 20);
    check_near(seen.estimated_records as f64, 40_000.0, 10.0);
    check_near(seen.mean_bytes, 1099.0, 10.0);
    assert_eq!((seen.p95_bytes, seen.max_bytes), (1999, 1999));
}

#[test]
fn the_whole_is_covered_evenly() {
    let text = lines(std::iter::repeat_n(500, 40_000));
    let found = sample_of(&text, 1 << 20);
    let mut per_tenth = [0_u32; 10];
    for (_, position) in places(&found) {
        assert_eq!(position % 500, 0, "no record begins at {position}");
        per_tenth[(position * 10 / text.len() as u64) as usize] += 1;
    }
    let (least, most) = (per_tenth.iter().min(), per_tenth.iter().max());
    assert!(*least.unwrap() > 100, "{per_tenth:?}");
    assert!(*most.unwrap() < 250, "{per_tenth:?}");
}

#[test]
fn long_records_use_up_the_budget_everywhere() {
    let text = lines(std::iter::repeat_n(300_000, 200));
    let found = sample_of(&text, 4 << 20);
    let seen = &found.seen;
    assert!(seen.records >= 4, "{seen:?}");
    assert!(seen.bytes <= 4 << 20);
    check_near(seen.mean_bytes, 299_999.0, 0.01);
    let half = text.len() as u64 / 2;
    let (before, behind): (Vec<_>, Vec<_>) = places(&found)
        .into_iter()
        .partition(|&(_, position)| position < half);
    assert!(!before.is_empty() && !behind.is_empty());
}

#[test]
fn a_record_beyond_reach_counts_with_what_is_known_of_it() {
    let text = lines([12 << 20, 3 << 20]);
    let found = sample_of(&text, DEFAULT_SAMPLE_BYTES);
    assert!(found.seen.max_bytes >= 1 << 20, "{:?}", found.seen);
    assert!(found.blocks.is_empty());
    assert!(found.seen.estimated_records <= 15);
}

#[test]
fn sources_count_by_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(std::iter::repeat_n(1000, 9_000));
    let videos = "{\"videos\": [\"some/path/of/a/video/file.mp4\"]}\n".repeat(2_000);
    let sources = write(
        folder.path(),
        &[
            ("a.jsonl", text.as_bytes()),
            ("b.jsonl", videos.as_bytes()),
            ("c.jsonl", b""),
        ],
    );
    let found = sample(&sources, &MediaFields::default(), 1 << 20).seen;
    assert_eq!((found.sources, found.sampled_sources), (3, 2));
    check_near(found.estimated_records as f64, 11_000.0, 2.0);
    check_near(found.kinds.video as f64, 2000.0, 2.0);
    check_near(found.kinds.text as f64, 9000.0, 2.0);
    assert_eq!(found.modality, Modality::Multimodal);
}

#[test]
fn of_many_sources_an_even_choice_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(std::iter::repeat_n(100, 50));
    let names: Vec<String> = (0..200).map(|at| format!("{at:03}.jsonl")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), text.as_bytes()))
        .collect();
    let sources = write(folder.path(), &files);
    let found = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES);
    let read: Vec<u32> = found.blocks.iter().map(|block| block.source).collect();
    assert_eq!(read.len(), 32);
    assert_eq!((read[0], read[31]), (0, 199));
    assert!(
        read.windows(2).all(|pair| pair[1] - pair[0] <= 7),
        "{read:?}"
    );
    assert_eq!(found.seen.estimated_records, 10_000);
}

#[test]
fn of_packed_sources_the_beginning_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(std::iter::repeat_n(400, 100));
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let long = lines((0..50_000).map(|at| 200 + at % 3));
    let long = zstd::encode_all(long.as_bytes(), 3).unwrap();
    let files: [(&str, &[u8]); 2] = [("a.jsonl.zst", &packed), ("b.jsonl.zst", &long)];
    let sources = write(folder.path(), &files);
    let found = sample(&sources[..1], &MediaFields::default(), DEFAULT_SAMPLE_BYTES).seen;
    assert_eq!((found.records, found.estimated_records), (100, 100));
    assert_eq!(found.estimated_bytes, 40_000);

    let found = sample(&sources[1..], &MediaFields::default(), 1 << 20).seen;
    assert!(found.records > 1000 && found.bytes <= 5 << 18, "{found:?}");
    check_near(found.mean_bytes, 200.0, 0.1);
}

#[test]
fn what_cannot_be_read_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(std::iter::repeat_n(400, 100));
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let half = &packed[..packed.len() / 2];
    let sources = write(
        folder.path(),
        &[
            ("gone.jsonl", text.as_bytes()),
            ("half.jsonl.zst", half),
            ("latin.jsonl", b"{\"text\": \"caf\xe9\"}\n"),
            ("short.jsonl", text.as_bytes()),
            ("whole.jsonl", text.as_bytes()),
        ],
    );
    fs::remove_file(folder.path().join("gone.jsonl")).unwrap();
    fs::write(folder.path().join("short.jsonl"), "{}").unwrap();
    let found = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES);
    assert!(places(&found).contains(&(4, 39_600)));
    assert!(!places(&found).iter().any(|&(source, _)| source == 0));
    assert_eq!(found.seen.modality, Modality::Text);
}

#[test]
fn other_formats_are_read_as_records() {
    let folder = tempfile::tempdir().unwrap();
    let sources = write(
        folder.path(),
        &[
            (
                "array.json",
                b"[{\"videos\": [\"a.mp4\"]},\n {\"videos\": [\"b.mp4\"]}]",
            ),
            ("table.csv", b"id,text\n1,one\n2,two\n3,three\n"),
        ],
    );
    let found = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES).seen;
    assert_eq!(found.records, 5);
    assert_eq!((found.kinds.video, found.kinds.text), (2, 3));
}

#[test]
fn of_columnar_sources_metadata_and_some_rows_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let videos = (0..5000).map(|row| format!("{row}.mp4"));
    let videos: ArrayRef = Arc::new(StringArray::from_iter_values(videos));
    let rows = RecordBatch::try_from_iter([("videos", videos)]).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1000));
    let file = fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties.build())).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let text = lines(std::iter::repeat_n(400, 100));
    fs::write(folder.path().join("text.jsonl"), text).unwrap();
    let names = ["rows.parquet", "text.jsonl"].map(|name| folder.path().join(name));
    let names = names.map(|path| path.display().to_string());
    let sources = resolve(&names, &[]).unwrap().sources;
    assert!(sources[0].is_columnar());

    let found = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES);
    let seen = &found.seen;
    assert_eq!((seen.records, seen.estimated_records), (5100, 5100));
    assert_eq!((seen.kinds.video, seen.kinds.text), (5000, 100));
    assert_eq!(seen.max_bytes, 399);
    let first = &found.blocks[0];
    assert_eq!((first.source, first.records.len()), (0, 4 * 256));
    assert_eq!(
        &first.bytes[first.records[0].range()],
        b"{\"videos\": \"0.mp4\"}"
    );
    let last = first.records[1023];
    assert_eq!(last.position, 4255);
    assert_eq!(&first.bytes[last.range()], b"{\"videos\": \"4255.mp4\"}");

    let little = sample(&sources, &MediaFields::default(), 100);
    assert!(little.blocks.iter().all(|block| block.bytes.len() <= 100));
    fs::write(&path, "no table").unwrap();
    let damaged = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES);
    assert_eq!(damaged.blocks[0].source, 1);
}

#[test]
fn the_sample_text_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = "\u{feff}{\"text\": \"<__dj__image>\"}\r\n {\"text\": \"<__dj__image>\"} \r\n";
    let sources = write(folder.path(), &[("data.jsonl", text.as_bytes())]);
    let found = sample(&sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES);
    assert_eq!((found.seen.kinds.image, found.seen.records), (2, 2));
    assert_eq!(found.seen.max_bytes, 25);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_input_gives_real_records_within_the_budget(
        lengths in prop::collection::vec(prop_oneof![0..60_usize, 0..20_000_usize], 0..60),
        budget_bytes in prop_oneof![0..70_000_u64, Just(DEFAULT_SAMPLE_BYTES)],
        ends in any::<bool>(),
    ) {
        let mut text: String = lengths
            .iter()
            .enumerate()
            .map(|(id, &length)| if length < 40 { "\n".to_owned() } else { line(id, length) })
            .collect();
        if !ends {
            text.pop();
        }
        let found = sample_of(&text, budget_bytes);
        let again = sample_of(&text, budget_bytes);
        prop_assert_eq!(&found.seen, &again.seen);
        prop_assert_eq!(places(&found), places(&again));
        prop_assert!(found.seen.bytes <= budget_bytes);
        let mut last = None;
        for block in &found.blocks {
            for span in &block.records {
                prop_assert!(last < Some(span.position), "in order and once");
                last = Some(span.position);
                let start = span.position as usize;
                let record = std::str::from_utf8(&block.bytes[span.range()]).unwrap();
                prop_assert_eq!(&text[start..start + record.len()], record);
                prop_assert!(start == 0 || text.as_bytes()[start - 1] == b'\n');
                let is_whole = record.starts_with("{\"id\"") && record.ends_with("\"}");
                prop_assert!(is_whole, "{}", record);
            }
        }
        if budget_bytes == DEFAULT_SAMPLE_BYTES {
            let records = lengths.iter().filter(|&&length| length >= 40).count();
            prop_assert_eq!(found.seen.estimated_records, records as u64);
        }
    }
}
