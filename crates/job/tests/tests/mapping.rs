use coldpress_job::{JournalRecord, Mode, dataset_mapping, final_mapping_report};
use serde_json::{Value, json};

use crate::support::{Job, attempt, failure, partitions, plan, publication, recipe};

fn job() -> (Job, coldpress_job::JobState) {
    let job = Job::new();
    let recipe = recipe(&["a", "b"]);
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..3),
        JournalRecord::PlanCompleted {
            partitions: 3,
            records: 300,
        },
        attempt(0, 1),
        attempt(0, 2),
        JournalRecord::Published(publication(0, 1, 2, &recipe)),
        attempt(1, 1),
        failure(1),
    ]);
    (job, driver.state)
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_dataset_mapping_has_every_field_of_data_juicer() {
    let (_job, state) = job();
    let decisions = vec!["100 records a partition, as the recipe says".to_owned()];
    let mapping = serde_json::to_value(dataset_mapping(&state, &decisions)).unwrap();
    for key in [
        "original_dataset_path",
        "original_dataset_size",
        "partition_count",
        "partition_size",
        "mapping_version",
        "created_timestamp",
        "partitions",
    ] {
        assert!(keys(&mapping).contains(&key), "{key}");
    }
    assert_eq!(mapping["schema_version"], 1);
    assert_eq!(mapping["original_dataset_path"], "/data/part-0.jsonl");
    assert_eq!(mapping["original_dataset_size"], 300);
    assert_eq!(
        mapping["partition_size"], 120,
        "the setting, not the largest"
    );
    assert_eq!(mapping["plan_complete"], true);
    assert_eq!(mapping["decisions"], json!(decisions));
    let partition = &mapping["partitions"][1];
    for key in [
        "partition_id",
        "original_start_idx",
        "original_end_idx",
        "sample_count",
        "file_size_bytes",
        "checksum",
        "created_timestamp",
        "processing_status",
        "error_message",
        "processing_start_time",
        "processing_end_time",
        "retry_count",
    ] {
        assert!(keys(partition).contains(&key), "{key}");
    }
    assert_eq!(partition["original_start_idx"], 100);
    assert_eq!(partition["original_end_idx"], 200);
    assert_eq!(partition["file_size_bytes"], 1000);
    assert_eq!(partition["processing_status"], "failed");
    assert_eq!(partition["error_message"], "out of memory");
    assert_eq!(mapping["partitions"][0]["retry_count"], 1);
    assert_eq!(mapping["partitions"][2]["processing_status"], "pending");
}

#[test]
fn the_final_report_counts_what_came_out() {
    let (_job, state) = job();
    let report = serde_json::to_value(final_mapping_report(&state, &[])).unwrap();
    assert_eq!(
        report["original_dataset"],
        json!({"path": "/data/part-0.jsonl", "total_samples": 300, "partition_count": 3})
    );
    assert_eq!(
        report["processing_summary"],
        json!({
            "total_partitions": 3,
            "successful_partitions": 1,
            "failed_partitions": 1,
            "total_processed_samples": 89,
            "total_input_samples": 100,
            "dropped_samples": 10,
            "quarantined_samples": 1,
            "stage": 0,
            "stages": 1,
        })
    );
    assert_eq!(
        report["partition_details"][0],
        json!({
            "partition_id": 0,
            "original_range": "0-100",
            "original_samples": 100,
            "processed_samples": 89,
            "status": "completed",
            "processing_time": 1.0,
            "error": null,
            "dropped_samples": 10,
            "quarantined_samples": 1,
        })
    );
    assert_eq!(report["partition_details"][1]["error"], "out of memory");
}

#[test]
fn a_job_without_a_plan_has_empty_views() {
    let state = coldpress_job::JobState::default();
    let mapping = dataset_mapping(&state, &[]);
    assert_eq!((mapping.partition_count, mapping.partition_size), (0, 0));
    assert_eq!(final_mapping_report(&state, &[]).partition_details, []);
}

#[test]
fn the_size_of_partitions_is_the_setting_where_it_counts() {
    let size_with = |settings: Value| {
        let JournalRecord::JobPlanned(mut planned) = plan(1) else {
            panic!("a plan")
        };
        planned.plan_settings = serde_json::from_value(settings).unwrap();
        let job = Job::new();
        let mut driver = job.drive(Mode::New);
        driver.put(&[JournalRecord::JobPlanned(planned), partitions(0..3)]);
        dataset_mapping(&driver.state, &[]).partition_size
    };
    let mut settings = json!({
        "max_records": 5000, "max_bytes": 1, "max_record_bytes": 1, "limit": null, "copying": "auto",
    });
    assert_eq!(size_with(settings.clone()), 5000);
    settings["shares"] = json!([{"partitions": 3, "length": 3000}]);
    assert_eq!(
        size_with(settings),
        100,
        "the largest of a number that was asked for"
    );
    assert_eq!(
        size_with(json!({"size": 7})),
        100,
        "settings of an unknown form"
    );
}
