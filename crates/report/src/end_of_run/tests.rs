use std::path::PathBuf;

use coldpress_executor::{FailedPartition, UnreadablePart};
use coldpress_failure::ErrorClass;
use coldpress_record::OperatorLedger;

use super::*;

fn report(status: Status) -> Report {
    let mut ledger = Ledger::new(["clean_links_mapper", "text_length_filter"]);
    ledger.records = 1_500;
    let operator = |name: &str, records_in, out, dropped, quarantined| OperatorLedger {
        name: name.into(),
        records_in,
        out,
        dropped,
        quarantined,
        ..OperatorLedger::default()
    };
    ledger.operators[0] = operator("clean_links_mapper", 1_500, 1_499, 0, 1);
    ledger.operators[1] = operator("text_length_filter", 1_499, 1_200, 299, 0);
    Report {
        job_id: "demo".to_owned(),
        status,
        already_complete: false,
        ledger,
        partitions: 3,
        partitions_reused: 0,
        partitions_resumed: 0,
        failed_partitions: Vec::new(),
        errors: Vec::new(),
        unreadable: Vec::new(),
        input_bytes: 2_000_000,
        export_bytes: 1_900_000,
        seconds: 2.0,
        operators: Vec::new(),
        deduplication: Vec::new(),
        losses: Vec::new(),
        warnings: Vec::new(),
        fields: None,
        companions: Vec::new(),
        trace_dir: None,
        export_path: PathBuf::from("out/clean.jsonl"),
        job_dir: PathBuf::from("/jobs/demo"),
        checkpoint_dir: PathBuf::from("/jobs/demo/checkpoints"),
        event_log: Some(PathBuf::from("/jobs/demo/event_logs/events.jsonl")),
        quarantine_dir: Some(PathBuf::from("/jobs/demo/quarantine")),
        resumption_command: "coldpress process --config r.yaml --job_id demo".to_owned(),
    }
}

#[test]
fn a_whole_run() {
    let expected = "\
Job demo: completed
Records     1,500 in, 1,200 kept, 299 dropped, 1 quarantined
Partitions  3
Time        2.00 s for 2.0 MB (1.0 MB/s)

Operator               In   Kept  Dropped  Quarantined  Seconds
clean_links_mapper  1,500  1,499        0            1
text_length_filter  1,499  1,200      299            0

Output      out/clean.jsonl (1.9 MB)
Job         /jobs/demo
Checkpoints /jobs/demo/checkpoints
Events      /jobs/demo/event_logs/events.jsonl
Quarantine  /jobs/demo/quarantine
Run again   coldpress process --config r.yaml --job_id demo
";
    assert_eq!(render_report(&report(Status::Completed)), expected);
}

#[test]
fn a_stopped_run_has_no_output_and_no_pace() {
    let text = render_report(&Report {
        partitions_reused: 1,
        ..report(Status::Stopped)
    });
    assert!(
        text.contains("stopped") && text.contains("Resume      coldpress"),
        "{text}"
    );
    assert!(text.contains("3, 1 from an earlier run"), "{text}");
    assert!(!text.contains("Output") && !text.contains("MB/s"), "{text}");
}

#[test]
fn what_is_lost_is_named_and_cannot_reach_the_terminal() {
    let failed = |partition| FailedPartition {
        partition,
        source: "a.jsonl".to_owned(),
        part: "rows 1000 to 2000".to_owned(),
        start: 1000,
        end: 2000,
        records: 1,
        attempts: 4,
        error: "bad\u{1b}[2J\nluck".to_owned(),
    };
    let unreadable = UnreadablePart {
        source: "data.jsonl".to_owned(),
        start: 5_000,
        length: 0,
        reason: "it is torn".to_owned(),
    };
    let report = Report {
        failed_partitions: (0..12).map(failed).collect(),
        unreadable: vec![unreadable],
        checkpoint_dir: PathBuf::from("/big/demo"),
        ..report(Status::CompletedWithFailures)
    };
    let text = render_report(&report);
    for part in [
        "without a part of its input",
        "1,512 in, 1,200 kept, 299 dropped, 1 quarantined, 12 in failed partitions\n",
        "Partition 9 failed after 4 attempts: 1 record of a.jsonl, rows 1000 to 2000, are not in the output\n  bad\\u{1b}[2J\n      luck\n",
        "... and 2 more failed partitions",
        "Unreadable: data.jsonl from byte 5,000 on\n  it is torn",
        "Checkpoints /big/demo",
        "Try again   coldpress",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(
        !text.contains("Partition 10") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn fields_of_several_types_and_files_beside_the_output_are_named() {
    let view = serde_json::from_str(
        r#"{"schema_version": 1, "records": 9, "complete": true, "further_values": 0, "fields": [
            {"name": "text", "usual": "text", "types": [{"type": "text", "count": 9}], "nulls": 0, "missing": 0, "odd": null},
            {"name": "n", "usual": "integer", "types": [{"type": "integer", "count": 7}, {"type": "text", "count": 1}], "nulls": 1,
             "missing": 0, "odd": {"type": "text", "path": "b.jsonl", "position": 1200}}]}"#,
    );
    let report = Report {
        fields: Some(view.unwrap()),
        companions: vec![PathBuf::from("out/clean_stats.jsonl")],
        trace_dir: Some(PathBuf::from("jobs/demo/trace")),
        ..report(Status::Completed)
    };
    let text = render_report(&report);
    for part in [
        "\nField n is of several types: 7 integer, 1 text\n  the first text is in the record at byte 1,200 of b.jsonl\n",
        "\nBeside it   out/clean_stats.jsonl\nTraces      jobs/demo/trace\nJob ",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains("Field text"), "{text}");
}

#[test]
fn failed_attempts_are_summed_up() {
    let mut report = report(Status::Completed);
    report.errors = vec![ErrorSummary {
        class: ErrorClass::Memory,
        attempts: 2,
        partition: 7,
        message: "the worker process was killed".to_owned(),
        advice: ErrorClass::Memory.advice(),
    }];
    let text = render_report(&report);
    let expected = "\n2 failed attempts, the last of partition 7 (memory)\n  the worker process was killed\n  set `np` lower";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn only_a_fresh_run_reads_again_what_could_not_be_read() {
    let mut report = report(Status::CompletedWithFailures);
    report.unreadable = vec![UnreadablePart {
        source: "torn.jsonl.gz".to_owned(),
        start: 40,
        length: 0,
        reason: "incomplete deflate stream".to_owned(),
    }];
    let text = render_report(&report);
    let next = "Try again   coldpress process --config r.yaml --job_id demo";
    assert!(text.ends_with(&format!("{next} --fresh\n")), "{text}");
    // Any run tries a failed partition again.
    report.failed_partitions = vec![FailedPartition {
        partition: 1,
        source: "torn.jsonl.gz".to_owned(),
        part: "bytes 0 to 40".to_owned(),
        start: 0,
        end: 40,
        records: 30,
        attempts: 1,
        error: "it failed".to_owned(),
    }];
    let text = render_report(&report);
    assert!(text.ends_with(&format!("{next}\n")), "{text}");
    assert!(
        text.contains("1 quarantined, 30 in failed partitions\n"),
        "{text}"
    );
}
