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
        // Only the events have times.
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

/// At each record of the journal of a job of three stages, the figures are those of the state, even if they only followed from the
/// records since the last decision.
#[test]
fn figures_follow_from_records_in_all_stages() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let line = |id: u32| format!("{{\"text\": \"record {}\", \"n\": {id}}}\n", id % 30);
    let lines: String = (0..60).map(line).collect();
    std::fs::write(folder.path().join("in.jsonl"), lines).unwrap();
    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .operator("whitespace_normalization_mapper", [] as [(&str, i64); 0])
        .operator("document_deduplicator", [] as [(&str, i64); 0])
        .operator("text_length_filter", [("min_len", 9)])
        .operator("random_selector", [("select_num", 12)])
        .operator("text_length_filter", [("min_len", 3)])
        .set("work_dir", path("jobs"))
        .set("job_id", "job")
        .set("partition.size", 10)
        .set("checkpoint.strategy", "every_op")
        .build()
        .unwrap();
    let executor = ExecutorBuilder::new(recipe, coldpress_ops::builtin())
        .build()
        .unwrap();
    executor.run().unwrap();
    let file = executor.layout().journal_dir().join("000001.jsonl");
    let log = coldpress_storage::read_log(&file, None, coldpress_storage::TornTail::Refuse);
    let mut state = JobState::default();
    let mut figures = Figures::of(&state);
    let (mut followed, mut stages) = (0, 0);
    for frame in log.unwrap().frames {
        let record: JournalRecord = frame.decode().unwrap();
        state.apply(frame.epoch, &record).unwrap();
        match figures.apply(frame.epoch, &record) {
            Ok(()) => followed += 1,
            Err(_) => figures = Figures::of(&state),
        }
        assert_eq!(figures, Figures::of(&state), "{record:?}");
        stages = stages.max(figures.totals().stage + 1);
    }
    assert_eq!((stages, figures.totals().exported), (3, 12));
    assert!(followed > 40, "{followed}");
    // A first look shows the same about the operators as the detailed view.
    let view = monitor(executor.layout()).unwrap();
    let (counts, mine) = (
        |one: &OperatorPerformance| (one.name.clone(), one.records_in, one.records_out),
        OperatorPerformance::of_job(&figures),
    );
    assert!(
        view.operators
            .iter()
            .map(counts)
            .eq(mine.iter().map(counts))
    );
    assert_eq!(view.glance().checkpoints, figures.checkpoints().0);
    assert_eq!(view.glance().checkpoint_bytes, figures.checkpoints().1);
}

#[test]
fn a_glance_at_a_large_job_has_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path(), true);
    executor.run().unwrap();
    let layout = executor.layout();
    let mut view = monitor(layout).unwrap();
    let partition = view.partition_status[&0].clone();
    for index in 3..1500 {
        view.partition_status.insert(index, partition.clone());
    }
    let failed = view.partition_status.get_mut(&700).unwrap();
    failed.status = PartitionStatus::Failed;
    failed.error_message = Some("no luck".to_owned());
    view.overall_progress.total_partitions = 1500;
    view.overall_progress.completed_partitions = 1400;
    let text = view.glance().render_as(crate::Look::Plain);
    for said in [
        "   Partition 700: FAILED\n              Samples: 10\n              Error: no luck\n",
        "   1,400 completed and 99 pending (--detailed lists all partitions)\n",
        "text_length_filter",
        "Total Checkpoints: ",
    ] {
        assert!(text.contains(said), "{text}");
    }
    assert!(!text.contains("Partition  1"), "{text}");
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
    let damage = view.damage.as_ref().unwrap();
    assert!(damage.contains("the journal is damaged"), "{damage}");
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
    // This is a driver that began an attempt anew and died before it could say how it ended.
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
            beside: false,
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

/// A look at a job with a damaged journal must not read as if nothing had been done and all were well.
#[test]
fn damage_of_the_journal_comes_first_and_names_the_object() {
    use coldpress_job::{JobView, Layout, Scratch};
    use coldpress_storage::{LocalStore, StoreSchemes};

    let folder = tempfile::tempdir().unwrap();
    let schemes = StoreSchemes::default().with("disk", |url| {
        let folder = url.strip_prefix("disk://").unwrap_or(url);
        Ok(std::sync::Arc::new(LocalStore::new(folder)))
    });
    let base = format!("disk://{}", folder.path().join("bucket").display());
    let below = Scratch::Below(folder.path().join("scratch"));
    let layout = Layout::at_url(&base, "job".parse().unwrap(), &schemes, &below).unwrap();
    layout.create().unwrap();
    let lock = JobLock::acquire(&layout, &LockOptions::default()).unwrap();
    let (mut journal, _) = Journal::open(&layout, &lock, Mode::New).unwrap();
    let end = JournalRecord::Finished {
        status: Status::Stopped,
        error: None,
    };
    journal.append(&end).unwrap();
    journal.sync().unwrap();
    let mut summary = JobSummary::begun(&layout, lock.driver());
    summary.status = Status::Completed;
    summary.write(&layout).unwrap();
    layout.put_views();
    drop((journal, lock));
    let object = folder.path().join("bucket/job/journal/0000000001.jsonl");
    let mut bytes = std::fs::read(&object).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&object, bytes).unwrap();

    let id = "job".parse().unwrap();
    let seen = Layout::existing_at_url(&base, id, &schemes, &Scratch::Temporary).unwrap();
    let view = JobWatch::new(seen.clone()).look().unwrap();
    let damage = view.damage.clone().unwrap();
    let named = format!("`{base}/job/journal/0000000001.jsonl`");
    assert!(damage.contains(&named), "{damage}");
    let text = view.render_as(crate::Look::Plain, false);
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place("WARNING: the journal is damaged") < place("JOB OVERVIEW"));
    let listed = JobView::of(seen).unwrap().damage_for_list().unwrap();
    assert_eq!(listed.to_string(), damage);
}

/// The stand-in of a job in an object store is some seconds old, so its driver may have ended since.
#[test]
fn a_job_in_a_store_is_not_called_dead_before_its_end_is_looked_for() {
    use coldpress_job::{Layout, Scratch};
    use coldpress_storage::{LocalStore, StoreSchemes};

    let folder = tempfile::tempdir().unwrap();
    let schemes = StoreSchemes::default().with("disk", |url| {
        let folder = url.strip_prefix("disk://").unwrap_or(url);
        Ok(std::sync::Arc::new(LocalStore::new(folder)))
    });
    let base = format!("disk://{}", folder.path().join("bucket").display());
    let below = Scratch::Below(folder.path().join("scratch"));
    let layout = Layout::at_url(&base, "job".parse().unwrap(), &schemes, &below).unwrap();
    layout.create().unwrap();
    let lock = JobLock::acquire(&layout, &LockOptions::default()).unwrap();
    let (mut journal, _) = Journal::open(&layout, &lock, Mode::New).unwrap();
    journal.sync().unwrap();
    let id = "job".parse().unwrap();
    let seen = Layout::existing_at_url(&base, id, &schemes, &Scratch::Temporary).unwrap();
    let mut watch = JobWatch::new(seen);
    let mut look = || watch.look().unwrap().overall_progress.job_status;
    assert_eq!(look(), "planning");
    let end = JournalRecord::Finished {
        status: Status::Stopped,
        error: None,
    };
    journal.append(&end).unwrap();
    journal.sync().unwrap();
    drop((journal, lock));
    assert_eq!(look(), "stopped");
}
