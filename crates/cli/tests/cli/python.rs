//! A function in Python between native operators, in worker processes that die with their driver again and again.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::Bench;

const LINE: &str = "process --config recipe.yaml --job_id a --executor_type process";

/// Records in each partition.
const SIZE: u64 = 10;

fn recipe(log: &str) -> String {
    format!(
        "\
dataset_path: in.jsonl
export_path: out.jsonl
work_dir: jobs
np: 2
partition: {{size: {SIZE}}}
process:
  - whitespace_normalization_mapper:
  - python_lambda_mapper:
      lambda_str: 'lambda d: (open(\"{log}\", \"a\").write(str(d[\"id\"]) + chr(10)), {{**d, \"text\": d[\"text\"] + \" \" + str(len(d[\"text\"]))}})[1]'
  - text_length_filter: {{min_len: 8}}
"
    )
}

#[test]
fn published_answers_are_not_asked_for_again_whatever_dies() {
    let bench = Bench::new();
    let line = |id: u32| {
        format!(
            "{{\"id\": {id}, \"text\": \"a  {}\"}}\n",
            "b".repeat(id as usize % 9)
        )
    };
    bench.write("in.jsonl", (0..60).map(line).collect::<String>());
    bench.write("recipe.yaml", recipe("undisturbed.log"));
    bench.run(LINE).expect(0);
    let export = bench.read("out.jsonl");
    assert!(export.lines().count() > 20);
    assert_eq!(bench.read("undisturbed.log").lines().count(), 60);

    bench.write("recipe.yaml", recipe("seen.log"));
    let line = &LINE.replace("--job_id a", "--job_id b");
    let points = [
        "driver.publish:2",
        "driver.after_sync:5",
        "driver.publish:3",
        "driver.before_sync:6",
        "driver.publish:1",
        "export.intent:1",
    ];
    let mut published_before: Vec<u64> = Vec::new();
    for point in points {
        bench.crash_at(point, line);
        let published = of_type(&bench, "published");
        // Published results stay published.
        assert!(published.starts_with(&published_before), "{point}");
        published_before = published;
    }
    bench.run(line).expect(0);
    assert_eq!(bench.read("out.jsonl"), export);

    let seen = counted(bench.read("seen.log").lines().map(|id| id.parse().unwrap()));
    let attempts = counted(of_type(&bench, "attempt_started").into_iter());
    for id in 0..60 {
        let attempts = attempts[&(id / SIZE)];
        let seen = seen[&id];
        assert!(
            (1..=attempts).contains(&seen),
            "record {id}: {seen} of {attempts}"
        );
    }
}

fn counted(values: impl Iterator<Item = u64>) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts
}

/// The partitions of all records of a type in the journal of the job `b`, in order.
fn of_type(bench: &Bench, of_type: &str) -> Vec<u64> {
    let journal = bench.journal_of("b");
    let whole = journal
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let records = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records = records.map(|mut line| line["record"].take());
    let records = records.filter(|record| record["type"] == of_type);
    records
        .map(|record| record["partition"].as_u64().unwrap())
        .collect()
}
