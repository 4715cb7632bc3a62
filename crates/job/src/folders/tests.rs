use std::path::Path;

use coldpress_config::PathSettings;

use super::*;
use crate::Error;
use crate::id::JobId;
use crate::layout::Layout;

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
fn everything_is_made_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = settings(&dir.path().join("deep/w"));
    Layout::new(&paths, id()).unwrap().create().unwrap();
    let layout = Layout::new(&paths, id()).unwrap();
    layout.create().unwrap();
    for folder in [
        layout.journal_dir(),
        layout.metadata_dir(),
        layout.results_dir(),
        layout.quarantine_dir(),
        layout.partition_dir().to_path_buf(),
        layout.checkpoint_dir().to_path_buf(),
        layout.event_log_dir().to_path_buf(),
    ] {
        assert!(folder.is_dir(), "{}", folder.display());
    }
    assert!(!layout.intermediate_dir().exists());
    let link = |layout: &Layout| std::fs::read_link(layout.events_link()).unwrap();
    assert_eq!(link(&layout), Path::new("event_logs/events.jsonl"));
    // The log moves with the next recipe, and so does the link.
    paths.event_log_dir = Some(dir.path().join("fast").to_str().unwrap().to_owned());
    let moved = Layout::new(&paths, id()).unwrap();
    moved.create().unwrap();
    assert_eq!(link(&moved), moved.events());
    std::fs::write(moved.events(), b"x").unwrap();
    assert_eq!(std::fs::read(layout.events_link()).unwrap(), b"x");
}

#[track_caller]
fn check_refused(prepare: impl Fn(&Path), work_dir: &str, parts: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path());
    let layout = Layout::new(&settings(&dir.path().join(work_dir)), id()).unwrap();
    let error = layout.create().unwrap_err();
    assert!(matches!(error, Error::Folder { .. }), "{error:?}");
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn what_is_in_the_way_is_named() {
    let file = |dir: &Path| std::fs::write(dir.join("w"), b"x").unwrap();
    check_refused(file, "w", &["/w`", "file of that name is in the way"]);
    check_refused(file, "w/x", &["/w`", "file of that name is in the way"]);
    let job_file = |dir: &Path| {
        std::fs::create_dir(dir.join("w")).unwrap();
        std::fs::write(dir.join("w/job"), b"x").unwrap();
    };
    check_refused(job_file, "w", &["/w/job`", "in the way", "move it away"]);
    let long = "x".repeat(300);
    check_refused(|_| {}, &long, &["too long"]);
    let events = |dir: &Path| {
        std::fs::create_dir_all(dir.join("w/job")).unwrap();
        std::fs::write(dir.join("w/job/events.jsonl"), b"x").unwrap();
    };
    check_refused(events, "w", &["events.jsonl", "link to the event log"]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_named() {
    use std::os::unix::fs::symlink;
    let circle = |dir: &Path| {
        symlink(dir.join("b"), dir.join("a")).unwrap();
        symlink(dir.join("a"), dir.join("b")).unwrap();
    };
    check_refused(circle, "a", &["/a`", "in a circle", "repair the link"]);
    check_refused(circle, "a/x", &["/a`", "in a circle"]);
    let dangling = |dir: &Path| symlink(dir.join("gone"), dir.join("w")).unwrap();
    check_refused(dangling, "w", &["/w`", "leads nowhere"]);
}

#[cfg(unix)]
#[test]
fn folders_that_may_not_be_written_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let closed = |dir: &Path| {
        std::fs::create_dir(dir.join("w")).unwrap();
        let mode = std::fs::Permissions::from_mode(0o500);
        std::fs::set_permissions(dir.join("w"), mode).unwrap();
    };
    if rustix::process::geteuid().is_root() {
        // Permissions do not bind root, so the system's answer is simulated.
        let refused = |errno: rustix::io::Errno| {
            coldpress_storage::Error::io("create folder", "/w", errno.into())
        };
        for (errno, part) in [
            (rustix::io::Errno::ACCESS, "may not write"),
            (rustix::io::Errno::ROFS, "read-only"),
            (rustix::io::Errno::NOSPC, "full"),
            (rustix::io::Errno::NOTDIR, "not a folder"),
            (rustix::io::Errno::IO, "Input/output error"),
        ] {
            let message = create::explain(Path::new("/w"), refused(errno)).to_string();
            assert!(
                message.contains(part) && message.contains("`/w`"),
                "{message}"
            );
        }
    } else {
        check_refused(closed, "w", &["/w/job`", "may not write"]);
    }
}

#[test]
fn places_that_are_kept_for_the_jobs_own_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let mut paths = settings(&root.join("w"));
    paths.checkpoint_dir = Some(root.join("c").to_str().unwrap().to_owned());
    let layout = Layout::new(&paths, id()).unwrap();
    for (place, reserves, would_make) in [
        ("w/job/journal/000001.jsonl", true, true),
        ("w/job/results/partition_000000.e1.a1.jsonl", true, true),
        ("w/job/results/mine.jsonl", true, false),
        ("w/job/job_summary.json", true, true),
        ("w/job/out.jsonl", false, false),
        ("w/job/mine/journal/000001.jsonl", false, false),
        ("c/job/partition_000000_deltas.e1.a1.parquet", true, true),
        ("c/job/mine.jsonl", true, false),
        ("c/mine.jsonl", false, false),
        ("w/other/journal/000001.jsonl", false, false),
    ] {
        let place = root.join(place);
        let places = layout.places().unwrap();
        let found = (places.reserves(&place), places.would_make(&place));
        assert_eq!(found, (reserves, would_make), "{}", place.display());
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_refused() {
    use std::os::unix::fs::symlink;
    for name in [
        "results",
        "checkpoints",
        "journal",
        "event_logs",
        "intermediate",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(&settings(dir.path()), id()).unwrap();
        layout.create().unwrap();
        std::fs::create_dir(dir.path().join("elsewhere")).unwrap();
        let _ = std::fs::remove_dir(layout.job_dir().join(name));
        symlink("../elsewhere", layout.job_dir().join(name)).unwrap();
        for refused in [layout.prove(), layout.create()] {
            assert!(
                matches!(refused, Err(Error::Linked { .. })),
                "{name}: {refused:?}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_jobs_folder_itself_may_lie_behind_a_link() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("disk")).unwrap();
    std::os::unix::fs::symlink("disk", dir.path().join("w")).unwrap();
    let layout = Layout::new(&settings(&dir.path().join("w")), id()).unwrap();
    layout.create().unwrap();
    layout.prove().unwrap();
}
