use std::path::Path;
use std::process::{Command, ExitStatus};

use coldpress_docetl::{CheckpointName, Error, Format, MigrateOptions, Record};
use coldpress_storage::crash_point;

use crate::{records, store_in};

const FOLDER: &str = "COLDPRESS_TEST_FOLDER";
const WORK: &str = "COLDPRESS_TEST_WORK";

fn old() -> Vec<Record> {
    records(&[r#"{"old": 1}"#])
}

/// Returns records in parts, each of which begins a file because it adds columns.
fn parts() -> [Vec<Record>; 3] {
    [
        records(&[r#"{"id": 1}"#, r#"{"id": 2}"#]),
        records(&[r#"{"id": "text"}"#]),
        records(&[r#"{"more": [1, 2.0], "id": null}"#]),
    ]
}

fn new() -> Vec<Record> {
    parts().concat()
}

fn base() -> CheckpointName {
    CheckpointName::operation("s", "base").unwrap()
}

/// Returns the input of an operation whose changes are shorter than its whole result.
fn given() -> Vec<Record> {
    let text = |id: i64| {
        Record::from_iter([(
            "text",
            format!("{id} {}", "of which much is the same ".repeat(9)),
        )])
    };
    (0..200).map(text).collect()
}

fn made() -> Vec<Record> {
    let mut made = given();
    for (record, id) in made.iter_mut().zip(0i64..) {
        record.insert("id", id % 3);
    }
    made
}

fn name() -> CheckpointName {
    CheckpointName::operation("s", "o").unwrap()
}

/// Does the work of the child process. It isn't a test of its own, and does nothing without the variables.
#[test]
fn child() {
    let (Some(folder), Ok(work)) = (std::env::var_os(FOLDER), std::env::var(WORK)) else {
        return;
    };
    let folder = Path::new(&folder);
    let (verb, format) = work.split_once(' ').unwrap();
    let format = Format::of_extension(format).unwrap();
    let store = store_in(folder, format);
    match verb {
        "save" => {
            let mut writer = store.writer(&name()).unwrap();
            parts()
                .iter()
                .for_each(|part| writer.write_all(part).unwrap());
            writer.finish().unwrap();
        }
        "since" => drop(store.save_since(&name(), &base(), &made()).unwrap()),
        "remove" => drop(store.remove(&base()).unwrap()),
        // More than fits on a small disk.
        "fill" => {
            let text = |id: u128| {
                format!(
                    "{:x}",
                    id.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
                )
            };
            let large: Vec<Record> = (1..40_000)
                .map(|id| [("id", text(id))].into_iter().collect())
                .collect();
            store.save("s", "o", &large).unwrap();
        }
        _ => {
            let options = MigrateOptions::to(format).remove_original(true);
            store.migrate(&name(), options).unwrap().unwrap();
        }
    }
}

fn run(work: &str, point: &str, loses: bool, folder: &Path) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "crash::child"])
        .env(FOLDER, folder)
        .env(WORK, work)
        .env(crash_point::VARIABLE, point);
    if loses {
        command.env(crash_point::LOSES_VARIABLE, "unsynced");
    }
    command.output().unwrap().status
}

/// The points where a writer can be killed; each is passed several times.
const POINTS: [&str; 6] = [
    "new_file_before_sync",
    "new_file_before_folder_sync",
    "docetl_before_rename",
    "rename_before_folder_sync",
    "docetl_after_rename",
    "docetl_before_original_goes",
];

/// Kills the child at every point that it passes, and returns the number of points.
fn killed_everywhere(work: &str, prepare: impl Fn(&Path), check: impl Fn(&Path, &str)) -> usize {
    use std::os::unix::process::ExitStatusExt;
    let mut kills = 0;
    for point in POINTS {
        for hit in 1.. {
            let point = format!("{point}:{hit}");
            let mut was_killed = false;
            for loses in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                prepare(folder.path());
                let status = run(work, &point, loses, folder.path());
                was_killed = status.signal() == Some(9);
                assert!(was_killed || status.success(), "{work} {point}: {status}");
                check(folder.path(), &format!("{work} {point} {loses}"));
                kills += usize::from(was_killed);
            }
            if !was_killed {
                break;
            }
        }
    }
    kills
}

#[test]
fn a_killed_save_leaves_the_old_checkpoint_or_the_new_one() {
    for before in Format::ALL {
        for format in Format::ALL {
            let work = format!("save {}", format.extension());
            let prepare =
                |folder: &Path| drop(store_in(folder, before).save("s", "o", &old()).unwrap());
            let kills = killed_everywhere(&work, prepare, |folder, what| {
                let store = store_in(folder, format);
                let loaded = store.load("s", "o").unwrap().unwrap();
                assert!(
                    loaded == old() || loaded == new(),
                    "{what}: {} records",
                    loaded.len()
                );
                // Leftovers must not be in the way.
                store.save("s", "o", &old()).unwrap();
                assert_eq!(store.load("s", "o").unwrap().unwrap(), old(), "{what}");
            });
            assert!(kills >= 8, "{kills}");
        }
    }
}

/// A save of Parquet that is killed before the JSON of the last save is removed leaves both. The Parquet counts, and a migration
/// leaves it to people to decide between them.
#[test]
fn json_that_a_killed_save_left_does_not_count_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let json = store_in(folder.path(), Format::Json);
    json.save("s", "o", &old()).unwrap();
    run(
        "save parquet",
        "docetl_after_rename:1",
        false,
        folder.path(),
    );
    assert_eq!(json.list().unwrap().len(), 2);
    assert!(json.load("s", "o").unwrap().unwrap() == new());
    let refused = json.migrate(&name(), MigrateOptions::to(Format::Json));
    assert!(matches!(refused, Err(Error::Differs { .. })), "{refused:?}");
    assert!(json.load("s", "o").unwrap().unwrap() == new());
    // Saving again completes it.
    let parquet = store_in(folder.path(), Format::Parquet);
    parquet.save("s", "o", &new()).unwrap();
    assert_eq!(parquet.list().unwrap().len(), 1);
    parquet
        .migrate(&name(), MigrateOptions::to(Format::Json))
        .unwrap();
    assert!(parquet.load("s", "o").unwrap().unwrap() == new());
}

#[test]
fn a_killed_migration_loses_nothing_and_goes_on() {
    for format in Format::ALL {
        let from = if format == Format::Json {
            Format::Parquet
        } else {
            Format::Json
        };
        let work = format!("migrate {}", format.extension());
        let prepare = |folder: &Path| drop(store_in(folder, from).save("s", "o", &new()).unwrap());
        let kills = killed_everywhere(&work, prepare, |folder, what| {
            let store = store_in(folder, format);
            assert!(store.load("s", "o").unwrap().unwrap() == new(), "{what}");
            let options = MigrateOptions::to(format).remove_original(true);
            store.migrate(&name(), options).unwrap().unwrap();
            assert!(store.load("s", "o").unwrap().unwrap() == new(), "{what}");
            let listed = store.list().unwrap();
            assert_eq!((listed.len(), listed[0].format), (1, format), "{what}");
        });
        assert!(kills >= 10, "{kills}");
    }
}

#[test]
fn a_killed_save_of_changes_leaves_the_old_checkpoint_or_the_new_one() {
    let prepare = |folder: &Path| {
        let store = store_in(folder, Format::Parquet);
        store.write(&base(), &given()).unwrap();
        store.write(&name(), &old()).unwrap();
    };
    let kills = killed_everywhere("since parquet", prepare, |folder, what| {
        let store = store_in(folder, Format::Parquet);
        let loaded = store.load("s", "o").unwrap().unwrap();
        assert!(loaded == old() || loaded == made(), "{what}");
        assert_eq!(store.load("s", "base").unwrap().unwrap(), given(), "{what}");
    });
    assert!(kills >= 8, "{kills}");
}

#[test]
fn a_killed_removal_leaves_all_that_is_not_removed() {
    let prepare = |folder: &Path| {
        let store = store_in(folder, Format::Parquet);
        store.write(&base(), &given()).unwrap();
        store.save_since(&name(), &base(), &made()).unwrap();
        assert_eq!(store.base_of(&name()).unwrap(), Some(base()));
    };
    let kills = killed_everywhere("remove parquet", prepare, |folder, what| {
        let store = store_in(folder, Format::Parquet);
        assert_eq!(store.load("s", "o").unwrap().unwrap(), made(), "{what}");
        store.remove(&base()).unwrap();
        assert_eq!(store.load("s", "base").unwrap(), None, "{what}");
        assert_eq!(store.load("s", "o").unwrap().unwrap(), made(), "{what}");
    });
    assert!(kills >= 6, "{kills}");
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that tests nothing must say so")]
fn a_full_disk_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mount = format!("mount -t tmpfs -o size=128k tmpfs {}", small.display());
    let in_namespace = |script: &str| {
        Command::new("unshare")
            .args(["-rm", "sh", "-euc", script])
            .output()
    };
    if !in_namespace(&mount).is_ok_and(|output| output.status.success()) {
        let told = "NOTHING IS TESTED: `unshare -rm` and `mount` are not permitted here";
        let required = std::env::var_os("COLDPRESS_MOUNTS_REQUIRED");
        assert!(
            required.is_none_or(|value| value != "1"),
            "{told}, and COLDPRESS_MOUNTS_REQUIRED is 1"
        );
        eprintln!("{told}");
        return;
    }
    let program = std::env::current_exe().unwrap();
    for format in Format::ALL {
        let before = folder.path().join("before");
        store_in(&before, format).save("s", "o", &old()).unwrap();
        // The child fails, and the previous content is copied out.
        let script = format!(
            "{mount}; cp -r {before}/. {small}; \
             if {FOLDER}={small} {WORK}='fill {format}' {program} --exact crash::child 2>&1; then exit 3; fi; \
             ls -A {small}/s; rm -rf {before}; cp -r {small} {before}",
            before = before.display(),
            small = small.display(),
            format = format.extension(),
            program = program.display(),
        );
        let output = in_namespace(&script).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            text.contains("StorageFull") || text.contains("No space left"),
            "{text}"
        );
        assert!(
            text.ends_with(&format!("\no.{}\n", format.extension())),
            "nothing else is left: {text}"
        );
        assert_eq!(
            store_in(&before, format).load("s", "o").unwrap().unwrap(),
            old()
        );
        std::fs::remove_dir_all(&before).unwrap();
    }
}
