//! Too few open files.

use crate::bench::{Bench, PROCESS};

#[test]
fn too_few_open_files_stop_the_job_and_spoil_nothing() {
    stops_and_spoils_nothing("default");
}

#[test]
fn too_few_open_files_for_worker_processes_stop_the_job_and_spoil_nothing() {
    stops_and_spoils_nothing("process");
}

fn stops_and_spoils_nothing(executor: &str) {
    let bench = Bench::new();
    let mut codes = Vec::new();
    for limit in [6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 256] {
        bench.clear();
        let ran = bench.script(&format!(
            "ulimit -n {limit}; exec $COLDPRESS {PROCESS} --executor_type {executor}"
        ));
        codes.push(ran.code);
        if ran.code != 0 {
            let ran = ran.expect(1);
            let expected =
                format!("the process may have {limit} files open (`ulimit -n`), and needs more: ");
            assert!(ran.error().contains(&expected), "{limit}: {}", ran.stderr);
            assert!(!bench.path("out/o.jsonl").exists());
            bench.run(PROCESS).expect(0);
        }
        assert_eq!(bench.bytes("out/o.jsonl"), bench.expected, "{limit}");
        let spoilt = bench.events().into_iter().find(|event| {
            let kind = event["event_type"].as_str().unwrap();
            let message = event["message"].as_str().unwrap();
            // What cannot be opened is not damaged.
            matches!(kind, "retry" | "partition_failed")
                || message.contains("damaged")
                || message.contains("no good")
        });
        assert_eq!(spoilt, None, "{limit}");
    }
    assert_eq!(
        (codes.first(), codes.last()),
        (Some(&1), Some(&0)),
        "{codes:?}"
    );
}

/// An operator that needs the whole dataset reads a file of each partition.
#[test]
fn a_barrier_needs_no_more_open_files_for_more_partitions() {
    let bench = Bench::new();
    let recipe = "\
dataset_path: in.jsonl
export_path: out/o.jsonl
work_dir: jobs
np: 2
partition: {size: 2}
process:
  - document_deduplicator:
";
    bench.write("dedup.yaml", recipe);
    let process = "process --config dedup.yaml --job_id j --no-progress";
    bench
        .script(&format!("ulimit -n 100; exec $COLDPRESS {process}"))
        .expect(0);
    let few = bench.bytes("out/o.jsonl");
    bench.clear();
    bench
        .run(&format!("{process} --partition.size 1000"))
        .expect(0);
    assert_eq!(bench.bytes("out/o.jsonl"), few);
}
