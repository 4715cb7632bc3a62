use super::*;

fn id() -> JobId {
    "job".parse().unwrap()
}

fn settings(work_dir: &Path) -> PathSettings {
    PathSettings {
        work_dir: work_dir.to_str().unwrap().to_owned(),
        ..PathSettings::default()
    }
}

#[test]
fn folders_elsewhere_get_the_job_id_once() {
    let mut paths = settings(Path::new("/w"));
    let layout = Layout::new(&paths, id()).unwrap();
    assert_eq!(layout.job_dir(), Path::new("/w/job"));
    assert_eq!(layout.work_dir(), Path::new("/w"));
    assert_eq!(layout.checkpoint_dir(), Path::new("/w/job/checkpoints"));
    assert_eq!(layout.events(), Path::new("/w/job/event_logs/events.jsonl"));
    assert_eq!(layout.partition_dir(), Path::new("/w/job/partitions"));

    for end in ["", "/", "/job", "/job/"] {
        paths.work_dir = format!("/w{end}");
        paths.checkpoint_dir = Some(format!("/c{end}"));
        paths.event_log_dir = Some(format!("/e{end}"));
        paths.partition_dir = Some(format!("/p{end}"));
        let layout = Layout::new(&paths, id()).unwrap();
        assert_eq!(layout.job_dir(), Path::new("/w/job"), "{end}");
        assert_eq!(layout.checkpoint_dir(), Path::new("/c/job"));
        assert_eq!(layout.event_log_dir(), Path::new("/e/job/event_logs"));
        assert_eq!(layout.partition_dir(), Path::new("/p/job"));
    }
}

#[test]
fn relative_paths_become_absolute() {
    let layout = Layout::new(&settings(Path::new("outputs")), id()).unwrap();
    assert!(layout.job_dir().is_absolute());
    assert!(layout.job_dir().ends_with("outputs/job"));
}

#[test]
fn dots_are_taken_out_of_the_jobs_folders() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("here")).unwrap();
    let layout = Layout::new(&settings(&root.join("here/../w")), id()).unwrap();
    assert_eq!(layout.job_dir(), root.join("w/job"));
    assert_eq!(layout.results_dir(), root.join("w/job/results"));
    let base = root.join("here/../w");
    assert_eq!(
        Layout::in_dir(&base, id()).unwrap().job_dir(),
        root.join("w/job")
    );
}
