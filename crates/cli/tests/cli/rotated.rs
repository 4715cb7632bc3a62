//! Filters of `coldpress events` over a log of many rotated and compressed files.

use std::fs;

use serde_json::Value;

use crate::bench::Bench;

/// Two stages over 100 partitions, and a log that is rotated every 4 kB (a fast machine tells many small partitions in one event).
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition: {size: 2}
event_logging: {max_log_size_mb: 0.004, backup_count: 0, log_level: DEBUG}
process:
  - whitespace_normalization_mapper:
  - document_deduplicator:
  - text_length_filter: {min_len: 8}
";

/// Returns whether a filter selects an event, by the rules in docs/events.md.
type Wanted = Box<dyn Fn(&Value) -> bool>;

fn has(field: &'static str, value: impl Into<Value>) -> Wanted {
    let value = value.into();
    Box::new(move |event| event[field] == value)
}

fn events(bench: &Bench, flags: &str) -> Vec<Value> {
    let command = format!("events job --base-dir jobs --json {flags}");
    serde_json::from_str(&bench.run(&command).expect(0).stdout).unwrap()
}

fn time(event: &Value) -> f64 {
    event["timestamp"].as_f64().unwrap()
}

#[test]
fn filters_find_the_same_in_all_files_of_a_log() {
    let bench = Bench::new();
    let line = |id: u32| format!("{{\"id\": {id}, \"text\": \"text  {}\"}}\n", id % 150);
    bench.write("in.jsonl", (0..200).map(line).collect::<String>());
    bench.write("recipe.yaml", RECIPE);
    bench.process("job");
    let files = fs::read_dir(bench.path("jobs/job/event_logs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|name| name.ends_with(".gz")).collect();
    let rotated = names
        .iter()
        .filter(|name| name.starts_with("events."))
        .count();
    assert!(rotated >= 8, "{names:?}");

    let all = events(&bench, "");
    let numbers = all.iter().map(|event| event["sequence"].as_u64().unwrap());
    assert!(numbers.eq(1..=all.len() as u64));
    // Two instants inside the log, far from its newest file.
    let (since, until) = (time(&all[all.len() / 5]), time(&all[all.len() / 2]));
    let stage = |event: &Value| {
        let said = event["metadata"]["stage"].as_u64();
        said.or(event["partition_id"].as_u64().map(|_| 0))
    };
    let dedup = "document_deduplicator";
    let cases: Vec<(String, Wanted)> = vec![
        (
            "--type op_complete".into(),
            has("event_type", "op_complete"),
        ),
        (
            "--type PARTITION_START,partition_complete".into(),
            Box::new(|event| {
                event["event_type"] == "partition_start"
                    || event["event_type"] == "partition_complete"
            }),
        ),
        ("--partition 41".into(), has("partition_id", 41)),
        (
            "--stage 2".into(),
            Box::new(move |event| stage(event) == Some(1)),
        ),
        (
            "--stage 1 --partition 97".into(),
            Box::new(move |event| stage(event) == Some(0) && event["partition_id"] == 97),
        ),
        (format!("--op {dedup}"), has("operation_name", dedup)),
        (
            format!("--since {since} --until {until}"),
            Box::new(move |event| (since..until).contains(&time(event))),
        ),
        (
            format!("--since {since} --type op_complete --op text_length_filter"),
            Box::new(move |event| {
                time(event) >= since
                    && event["event_type"] == "op_complete"
                    && event["operation_name"] == "text_length_filter"
            }),
        ),
        (
            "--level INFO".into(),
            Box::new(|event| event["level"] != "DEBUG"),
        ),
        (
            "--grep PARTITION_00004".into(),
            Box::new(|event| event.to_string().to_lowercase().contains("partition_00004")),
        ),
    ];
    for (flags, wanted) in cases {
        let found = events(&bench, &flags);
        let expected: Vec<&Value> = all.iter().filter(|event| wanted(event)).collect();
        assert!(
            !expected.is_empty() && expected.len() < all.len(),
            "{flags}"
        );
        let numbers = |events: &[&Value]| -> Vec<u64> {
            let numbers = events.iter().map(|event| event["sequence"].as_u64());
            numbers.map(Option::unwrap).collect()
        };
        let found: Vec<&Value> = found.iter().collect();
        assert_eq!(numbers(&found), numbers(&expected), "{flags}");
    }
}
