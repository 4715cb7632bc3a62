//! JSON: one array of all records.

use super::*;

fn array_of(partitions: &[&str], form: &str) -> String {
    let mut bench = Bench::new();
    for partition in partitions {
        bench.plain(partition);
    }
    let files = bench.exported(&bench.target(&format!("a.{form}"), 0));
    text_of(&files)
}

#[test]
fn records_stand_in_one_array() {
    for form in ["json", "json.gz", "json.zst"] {
        assert_eq!(array_of(&[], form), "[]\n");
        assert_eq!(array_of(&["", ""], form), "[]\n");
        assert_eq!(array_of(&["{\"a\": 1}\n"], form), "[\n{\"a\": 1}\n]\n");
        assert_eq!(
            array_of(&["{\"a\": 1}\n{}\n", "", "{\"b\": \"\\n,\"}\n"], form),
            "[\n{\"a\": 1},\n{},\n{\"b\": \"\\n,\"}\n]\n"
        );
    }
}

#[test]
fn long_records_pass_through_the_buffer() {
    let records: Vec<String> = (0..5)
        .map(|n| format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(700_000 * n)))
        .collect();
    let text = array_of(&[&(records.join("\n") + "\n")], "json");
    assert!(text == format!("[\n{}\n]\n", records.join(",\n")));
}

#[test]
fn each_shard_is_an_array() {
    let mut bench = Bench::new();
    let rows: String = (0..100).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let (one, two) = rows.split_at(500);
    bench.plain(one).plain(two);
    for form in ["json", "json.gz"] {
        let shards = bench.exported(&bench.typed("a/", form, 200));
        assert!(shards.len() > 4);
        let mut records = Vec::new();
        for shard in &shards {
            let text = text_of(std::slice::from_ref(shard));
            let array: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            records.extend(array);
        }
        let numbers = records.iter().map(|record| record["n"].as_u64().unwrap());
        assert!(numbers.eq(0..100));
    }
}
