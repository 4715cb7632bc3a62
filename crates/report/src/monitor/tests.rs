use coldpress_config::Recipe;
use coldpress_executor::{Executor, ExecutorBuilder};
use coldpress_job::{JobLock, Journal, JournalRecord, LockOptions, Mode, Status};

use super::*;

fn executor(folder: &std::path::Path, log: bool) -> Executor {
    let path = |name: &str| folder.join(name).display().to_string();
    let lines: String = (0..25)
        .map(|id| format!("{{\"text\": \"record {id}\"}}\n"))
        .collect();
    std::fs::write(folder.join("in.jsonl"), lines).unwrap();
    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .operator("text_length_filter", [("min_len", 9)])
        .set("work_dir", path("jobs"))
        .set("job_id", "job")
        .set("partition.size", 10)
        .set("checkpoint.strategy", "every_op")
        .set("event_logging.enabled", log)
        .build()
        .unwrap();
    ExecutorBuilder::new(recipe, coldpress_ops::builtin())
        .build()
        .unwrap()
}

#[track_caller]
fn check_counts(view: &MonitorView) {
    let progress = &view.overall_progress;
    assert_eq!(
        (progress.total_partitions, progress.completed_partitions),
        (3, 3)
    );
    assert_eq!(
        (progress.total_samples, progress.processed_samples),
        (25, 25)
    );
    assert_eq!(
        (progress.exported_samples, progress.dropped_samples),
        (15, 10)
    );
    assert_eq!(progress.job_status, "completed");
    assert_eq!(progress.progress_percentage, 100.0);
}

#[test]
fn counts_do_not_need_the_event_log() {
    for log in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let executor = executor(folder.path(), log);
        executor.run().unwrap();
        let view = monitor(executor.layout()).unwrap();
        check_counts(&view);
        assert_eq!(view.operators[0].records_out, 15);
        let partition = &view.partition_status[&0];
        assert_eq!(partition.status, PartitionStatus::Completed);
        assert_eq!(
            (
                partition.completed_ops[0].input_rows,
                partition.completed_ops[0].output_rows
            ),
            (10, 0)
        );
        assert_eq!(partition.checkpoints.len(), 1);
        // Only the events know when.
        assert_eq!(partition.start_time.is_some(), log);
        assert_eq!(partition.checkpoints[0].timestamp.is_some(), log);
    }
}

#[test]
fn a_damaged_log_and_lost_views_cost_no_counts() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path(), true);
    executor.run().unwrap();
    let layout = executor.layout();
    let log = std::fs::read_to_string(layout.events()).unwrap();
    std::fs::write(layout.events(), format!("no event\n{log}")).unwrap();
    std::fs::remove_file(layout.summary()).unwrap();
    std::fs::write(layout.dataset_mapping(), "{").unwrap();
    let view = monitor(layout).unwrap();
    check_counts(&view);
    assert!(view.job_summary.is_none());
    assert_eq!(view.dataset_mapping.as_ref().unwrap().partition_count, 3);
    assert!(
        view.remarks
            .iter()
            .any(|remark| remark.contains("1 line of the event log")),
        "{:?}",
        view.remarks
    );
    assert!(view.render(true).contains("Note: 1 line"));
}

#[test]
fn without_a_journal_the_summary_speaks() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path(), true);
    executor.run().unwrap();
    let layout = executor.layout();
    let file = layout.journal_dir().join("000001.jsonl");
    let journal = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, journal.replacen("job_planned", "job_plannde", 1)).unwrap();
    let view = monitor(layout).unwrap();
    check_counts(&view);
    assert!(
        view.remarks.iter().any(|remark| remark.contains("damaged")),
        "{:?}",
        view.remarks
    );
    assert!(view.partition_status.is_empty());

    std::fs::remove_file(layout.summary()).unwrap();
    assert!(monitor(layout).is_err());
}

#[test]
fn nothing_is_at_work_where_nobody_drives() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path(), true);
    executor.run().unwrap();
    let layout = executor.layout();
    // A driver that began an attempt anew and died before it could say how it ended.
    let lock = JobLock::acquire(layout, &LockOptions::default()).unwrap();
    let (mut journal, state) = Journal::open(layout, &lock, Mode::Resume).unwrap();
    let mut recipe = state.recipe().unwrap().clone();
    recipe.chain[1] = recipe.chain[0];
    journal.append(&JournalRecord::RecipeSet(recipe)).unwrap();
    journal
        .append(&JournalRecord::AttemptStarted {
            stage: 0,
            partition: 1,
            attempt: 1,
            at_millis: 0,
        })
        .unwrap();
    journal.sync().unwrap();
    let view = monitor(layout).unwrap();
    assert_eq!(
        view.partition_status[&1].status,
        PartitionStatus::Processing
    );
    assert_eq!(view.overall_progress.processing_partitions, 1);
    assert_eq!(view.overall_progress.job_status, Status::Running.name());
    drop(lock);
    std::fs::remove_file(layout.summary()).unwrap();
    let view = monitor(layout).unwrap();
    assert_eq!(view.partition_status[&1].status, PartitionStatus::Pending);
    assert_eq!(view.overall_progress.processing_partitions, 0);
    assert_eq!(view.overall_progress.job_status, "interrupted");
}
