//! The sizes that `analyze` reports.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::{Bench, of_format};

fn analyze(bench: &Bench, line: &str) -> Value {
    bench
        .run(&format!("docetl analyze {line} --json"))
        .expect(0)
        .json()
}

fn sum<'a>(values: impl Iterator<Item = &'a Value>, key: &str) -> u64 {
    values.map(|value| value[key].as_u64().unwrap()).sum()
}

#[test]
fn sizes_are_those_of_the_files_before_and_after_migration() {
    let bench = Bench::with(&["docetl"]);
    let before = analyze(&bench, "docetl");
    let files = bench.files("docetl");
    let json: usize = of_format(&files, "json")
        .values()
        .map(|bytes| bytes.len())
        .sum();
    let (formats, total) = (&before["formats"], &before["total"]);
    assert_eq!(formats["json"]["files"], 13);
    assert_eq!(formats["json"]["bytes"], json);
    assert_eq!(formats["parquet"]["files"], 0);
    assert_eq!(total["json_bytes"], json);
    assert_eq!(total["stored_bytes"], json);
    // The shares of all kinds add up to the total.
    let parts = ["steps", "batches"].map(|key| before[key].as_object().unwrap().values());
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    for key in ["checkpoints", "records", "json_bytes", "parquet_bytes"] {
        let checkpoints = before["checkpoints"].as_array().unwrap();
        assert_eq!(
            sum(parts.iter().copied(), key),
            total[key].as_u64().unwrap(),
            "{key}"
        );
        assert_eq!(
            sum(checkpoints.iter(), key),
            total[key].as_u64().unwrap(),
            "{key}"
        );
    }

    // The size that was measured is the size that is written, to the byte.
    bench.run("docetl migrate docetl").expect(0);
    let after = analyze(&bench, "docetl");
    let files = bench.files("docetl");
    let parquet = of_format(&files, "parquet");
    for (one, other) in before["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .zip(after["checkpoints"].as_array().unwrap())
    {
        for key in [
            "step",
            "operation",
            "batch",
            "records",
            "json_bytes",
            "parquet_bytes",
        ] {
            assert_eq!(one[key], other[key], "{one}\n{other}");
        }
    }
    let sizes: BTreeMap<_, _> = parquet
        .iter()
        .map(|(name, bytes)| (*name, bytes.len()))
        .collect();
    assert_eq!(sizes.len(), 13);
    assert_eq!(
        after["total"]["parquet_bytes"],
        sizes.values().sum::<usize>()
    );
    assert_eq!(
        after["total"]["stored_bytes"],
        json + sizes.values().sum::<usize>()
    );

    // And the other way round: of Parquet alone, the size as JSON is measured.
    bench
        .run("docetl migrate docetl --remove-originals")
        .expect(0);
    let alone = analyze(&bench, "docetl");
    assert_eq!(alone["formats"]["json"]["files"], 0);
    assert_eq!(alone["total"]["json_bytes"], json);
    assert_eq!(alone["total"]["saved_bytes"], after["total"]["saved_bytes"]);
}

#[test]
fn equal_checkpoints_are_found_in_any_format() {
    let bench = Bench::with(&["docetl"]);
    let expected = serde_json::json!([{
        "checkpoints": ["prepare/all_of_them", "prepare/without_ascii"],
        "bytes": bench.bytes("docetl/prepare/without_ascii.json").len(),
    }]);
    assert_eq!(analyze(&bench, "docetl")["repeated"], expected);
    bench
        .run("docetl migrate docetl --remove-originals")
        .expect(0);
    std::fs::rename(
        bench.path("docetl/prepare/all_of_them.parquet"),
        bench.path("aside"),
    )
    .unwrap();
    let json = "docetl/prepare/all_of_them.json";
    bench.write(json, std::fs::read(crate::bench::frozen(json)).unwrap());
    let repeated = &analyze(&bench, "docetl")["repeated"];
    assert_eq!(repeated[0]["checkpoints"], expected[0]["checkpoints"]);
    assert_eq!(repeated.as_array().unwrap().len(), 1);
}

#[test]
fn the_summary_has_the_form_of_the_document() {
    let bench = Bench::with(&["docetl"]);
    // Small files grow as Parquet; these have enough records to shrink.
    let record = r#"{"id": 12345, "text": "the same text as ever", "tags": ["a", "b"], "meta": {"score": 0.5}}"#;
    let records = vec![record; 5000].join(", ");
    bench.write("docetl/prepare/measure.json", format!("[{records}]"));
    let text = bench.run("docetl analyze docetl").expect(0).stdout;
    let at = text
        .find("Storage Summary\n━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n")
        .unwrap();
    let lines: Vec<_> = text[at..].lines().skip(2).take(3).collect();
    let total = &analyze(&bench, "docetl")["total"];
    let bytes = |key: &str| coldpress::report::quantity::bytes(total[key].as_u64().unwrap());
    let percent = total["saved_percent"].as_f64().unwrap();
    assert!(percent > 50.0, "{total}");
    assert_eq!(
        lines,
        [
            format!("Total JSON size: {}", bytes("json_bytes")),
            format!("Total Parquet size: {}", bytes("parquet_bytes")),
            format!("Total savings: {} ({percent:.1}%)", bytes("saved_bytes")),
        ]
    );
    assert!(
        text.contains("13 checkpoints without a Parquet file: the size was measured by converting"),
        "{text}"
    );
    assert!(
        text.contains("`coldpress docetl migrate --remove-originals` would free"),
        "{text}"
    );
}

#[test]
fn a_sample_estimates_what_all_records_measure() {
    let bench = Bench::new();
    // Texts that look random take space of their own each.
    let text = |id: u64| {
        let mixed = id.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let record = |id: u64| {
        format!(
            r#"{{"id": {id}, "text": "{:016x}", "n": {{"x": {}}}}}"#,
            text(id),
            id * 7919 % 1000
        )
    };
    let records: Vec<_> = (0..20_000).map(record).collect();
    bench.write("dir/step/op.json", format!("[{}]", records.join(", ")));
    let whole = analyze(&bench, "dir");
    assert_eq!(whole["sample_records"], Value::Null);
    assert_eq!(whole["total"]["records"], 20_000);
    let sample = analyze(&bench, "dir --sample 4000");
    assert_eq!(sample["sample_records"], 4000);
    assert_eq!(sample["total"]["json_bytes"], whole["total"]["json_bytes"]);
    for key in ["records", "parquet_bytes"] {
        let of = |analysis: &Value| analysis["total"][key].as_f64().unwrap();
        let ratio = of(&sample) / of(&whole);
        assert!((0.8..1.3).contains(&ratio), "{key}: {ratio}");
    }
    bench
        .run("docetl analyze dir --sample 4000")
        .expect(0)
        .prints(&["measured by converting the first 4,000 records of each"]);
    bench.run("docetl analyze dir --sample 0").expect(2);
}

#[test]
fn nothing_is_written() {
    let bench = Bench::with(&["docetl", "document", "pandas", "numbers"]);
    for name in ["docetl", "document", "pandas", "numbers"] {
        let before = bench.files(name);
        bench.run(&format!("docetl analyze {name}")).expect(0);
        assert_eq!(bench.files(name), before, "{name}");
    }
}

#[test]
fn lines_fit_a_terminal() {
    let bench = Bench::with(&["docetl"]);
    let long = "a_step_with_a_name_that_has_more_letters_than_a_line_has_room_for";
    bench.write(&format!("docetl/{long}/{long}.json"), "[]");
    for number in 0..30 {
        bench.write(
            &format!("docetl/many/op_{number:02}.json"),
            format!("[{{\"n\": {number}}}]"),
        );
    }
    let text = bench.run("docetl analyze docetl").expect(0).stdout;
    for line in text
        .lines()
        .skip(1)
        .take_while(|line| !line.contains("measured"))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(
        text.contains("…_more_letters_than") || text.contains("…"),
        "{text}"
    );
    assert!(text.contains("21 more"), "{text}");
}

/// The sum of the files of a folder.
fn stored(bench: &Bench) -> i64 {
    let files = bench.files("docetl");
    files.values().map(|bytes| bytes.len() as i64).sum()
}

/// Checkpoints whose formats differ are listed, and are no part of what a migration is said to free.
#[test]
fn what_would_be_freed_is_what_is_freed() {
    let bench = Bench::with(&["docetl"]);
    let record = r#"{"id": 12345, "text": "the same text as ever", "tags": ["a", "b"]}"#;
    let records = |count| format!("[{}]", vec![record; count].join(", "));
    for name in ["same", "other", "torn", "newer"] {
        bench.write(&format!("docetl/x/{name}.json"), records(3000));
    }
    bench.run("docetl migrate docetl").expect(0);
    assert_eq!(
        analyze(&bench, "docetl")["checkpoints"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|checkpoint| !checkpoint["formats_differ"].is_null())
            .count(),
        0
    );
    let set = |name: &str, text: String, seconds: u64| {
        let name = format!("docetl/x/{name}.json");
        bench.write(&name, text);
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        let file = std::fs::File::options().write(true).open(bench.path(&name));
        file.unwrap().set_modified(time).unwrap();
    };
    set("other", records(2000), 100);
    set("torn", "[{".into(), 100);
    set("newer", records(1000), 4_000_000_000);
    let analysis = analyze(&bench, "docetl");
    let differ: Vec<_> = analysis["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|checkpoint| checkpoint["formats_differ"].as_str())
        .collect();
    assert_eq!(
        differ,
        [
            "`docetl/x/newer.parquet` does not hold the same records as `docetl/x/newer.json`; the JSON file counts",
            "`docetl/x/other.json` does not hold the same records as `docetl/x/other.parquet`; the Parquet file counts",
            differ[2],
        ]
    );
    assert!(
        differ[2].starts_with("`docetl/x/torn.json` is damaged"),
        "{}",
        differ[2]
    );
    let freed = analysis["freed_bytes"].as_i64().unwrap();
    let shown = coldpress::report::quantity::bytes(freed.unsigned_abs());
    let told = format!("`coldpress docetl migrate --remove-originals` would free {shown} (");
    bench
        .run("docetl analyze docetl")
        .expect(0)
        .prints(&[&told, differ[1]]);
    let before = stored(&bench);
    bench
        .run("docetl migrate docetl --remove-originals")
        .expect(3);
    assert_eq!(before - stored(&bench), freed);
    for name in ["other", "torn"] {
        assert!(bench.exists(&format!("docetl/x/{name}.json")));
    }
    // Nothing is left to be freed.
    let text = bench.run("docetl analyze docetl").expect(0).stdout;
    assert!(!text.contains("would free"), "{text}");
}
