use std::fs;
use std::path::Path;

use coldpress_docetl::{
    CheckpointName, Error, Format, IntermediateStore, MigrateOptions, Migration, Outcome, Record,
};

use crate::{records, set_time, store_in};

fn some() -> Vec<Record> {
    let mut all = records(&[
        r#"{"n": 1, "x": {"y": [NaN]}}"#,
        r#"{"n": 1.0, "late": "\ud800"}"#,
        "{}",
    ]);
    all.extend((0..40_000).map(|id| [("n", id)].into_iter().collect::<Record>()));
    all.extend(records(&[r#"{"n": "a text", "x": null}"#]));
    all
}

fn name() -> CheckpointName {
    CheckpointName::operation("s", "o").unwrap()
}

fn migrate(store: &IntermediateStore, options: MigrateOptions) -> Migration {
    store.migrate(&name(), options).unwrap().unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("s")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_checkpoint_is_the_same_in_the_other_format() {
    for to in Format::ALL {
        let from = if to == Format::Json {
            Format::Parquet
        } else {
            Format::Json
        };
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), from);
        store.save("s", "o", &some()).unwrap();
        let original = format!("o.{}", from.extension());

        let dry = migrate(&store, MigrateOptions::to(to).dry_run(true));
        assert_eq!((dry.outcome, dry.rows), (Outcome::WouldMigrate, 40_004));
        assert_eq!(
            files(folder.path()),
            [original.as_str()],
            "nothing was written"
        );

        let done = migrate(&store, MigrateOptions::to(to));
        assert_eq!(
            (done.outcome, done.rows, done.is_original_removed),
            (Outcome::Migrated, 40_004, false)
        );
        assert_eq!(files(folder.path()), ["o.json", "o.parquet"]);
        let made = folder.path().join(format!("s/o.{}", to.extension()));
        assert_eq!(done.bytes, fs::metadata(&made).unwrap().len());
        assert_eq!(
            dry.bytes, done.bytes,
            "{to}: what was measured is what was written"
        );
        assert_eq!(
            done.original_bytes,
            fs::metadata(folder.path().join("s").join(&original))
                .unwrap()
                .len()
        );
        let loaded = store.read(&name()).unwrap().unwrap();
        assert_eq!(
            (loaded.format, loaded.warnings.len()),
            (Format::Parquet, 0),
            "both hold the same"
        );
        assert_eq!(
            store
                .reader_of(&name(), to)
                .unwrap()
                .unwrap()
                .read_all()
                .unwrap(),
            some()
        );
    }
}

#[test]
fn originals_go_only_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Json);
    store.save("s", "o", &some()).unwrap();
    let options = MigrateOptions::to(Format::Parquet).remove_original(true);
    let done = migrate(&store, options);
    assert!(done.is_original_removed);
    assert_eq!(files(folder.path()), ["o.parquet"]);
    let again = migrate(&store, options);
    assert_eq!(
        (again.outcome, again.is_original_removed),
        (Outcome::AlreadyThere, false)
    );
    assert_eq!(store.load("s", "o").unwrap().unwrap(), some());
    assert_eq!(
        store
            .migrate(&CheckpointName::batch("none", 0).unwrap(), options)
            .unwrap(),
        None
    );
}

#[test]
fn what_an_earlier_migration_left_is_done_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Json);
    store.save("s", "o", &some()).unwrap();
    migrate(&store, MigrateOptions::to(Format::Parquet));
    let options = MigrateOptions::to(Format::Parquet).remove_original(true);
    let done = migrate(&store, options);
    assert_eq!(
        (done.outcome, done.is_original_removed),
        (Outcome::AlreadyThere, true)
    );
    assert_eq!(files(folder.path()), ["o.parquet"]);
}

#[test]
fn an_original_that_holds_something_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    store.save("s", "o", &some()).unwrap();
    let json = folder.path().join("s/o.json");
    fs::write(&json, r#"[{"other": 1}]"#).unwrap();
    set_time(&json, 100);
    let options = MigrateOptions::to(Format::Parquet).remove_original(true);
    let done = migrate(&store, options);
    assert!(!done.is_original_removed);
    assert!(
        done.warnings[0].ends_with("so it stays"),
        "{:?}",
        done.warnings
    );
    // A newer one counts, and is migrated again.
    set_time(&json, 4_000_000_000);
    let done = migrate(&store, options);
    assert_eq!(
        (done.outcome, done.rows, done.is_original_removed),
        (Outcome::Migrated, 1, true)
    );
    assert_eq!(
        store.load("s", "o").unwrap().unwrap(),
        records(&[r#"{"other": 1}"#])
    );
}

#[test]
fn a_damaged_original_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Json);
    store.save("s", "o", &some()).unwrap();
    let json = folder.path().join("s/o.json");
    let torn = &fs::read(&json).unwrap()[..300_000];
    fs::write(&json, torn).unwrap();
    let options = MigrateOptions::to(Format::Parquet).remove_original(true);
    for options in [options, options.dry_run(true)] {
        assert!(
            store
                .migrate(&name(), options)
                .unwrap_err()
                .to_string()
                .contains("is cut off")
        );
        assert_eq!(files(folder.path()), ["o.json"]);
    }
    assert_eq!(fs::read(&json).unwrap(), torn);
}

/// The times are those of a copied directory, which do not show which file is the later one.
#[test]
fn json_with_other_records_is_never_replaced() {
    for age in [100, 200] {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), Format::Parquet);
        store.save("s", "o", &records(&[r#"{"v": 1}"#])).unwrap();
        let json = folder.path().join("s/o.json");
        fs::write(&json, r#"[{"v": 2}]"#).unwrap();
        set_time(&json, age);
        set_time(&folder.path().join("s/o.parquet"), 200);
        let options = MigrateOptions::to(Format::Json);
        for options in [
            options,
            options.dry_run(true),
            options.remove_original(true),
        ] {
            let error = store.migrate(&name(), options).unwrap_err();
            assert!(matches!(error, Error::Differs { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("does not hold the same records"), "{text}");
            assert!(text.contains("so it stays"), "{text}");
            assert_eq!(fs::read_to_string(&json).unwrap(), r#"[{"v": 2}]"#);
            assert_eq!(files(folder.path()), ["o.json", "o.parquet"]);
        }
        // The choice of the file to read does not change.
        let loaded = store.load("s", "o").unwrap().unwrap();
        assert_eq!(loaded, records(&[r#"{"v": 1}"#]));
    }
}

#[test]
fn json_with_the_same_records_is_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    store.save("s", "o", &records(&[r#"{"v": 1}"#])).unwrap();
    let json = folder.path().join("s/o.json");
    // This spelling isn't the one of this crate.
    fs::write(&json, "[\n{\"v\":1}]").unwrap();
    set_time(&json, 100);
    let options = MigrateOptions::to(Format::Json);
    for options in [options.dry_run(true), options] {
        let done = migrate(&store, options);
        assert_eq!((done.outcome, done.rows), (Outcome::AlreadyThere, 1));
        assert_eq!(done.bytes, fs::metadata(&json).unwrap().len());
        assert_eq!(fs::read_to_string(&json).unwrap(), "[\n{\"v\":1}]");
    }
    let done = migrate(&store, options.remove_original(true));
    assert_eq!(
        (done.outcome, done.is_original_removed),
        (Outcome::AlreadyThere, true)
    );
    assert_eq!(files(folder.path()), ["o.json"]);
}

#[test]
fn damaged_json_is_replaced() {
    // The first record differs, too. The leftover of a killed writer is useless.
    for torn in ["", "[{\"v\": 1}", "[{\"v\": 2}, {\"v\"", "{}"] {
        for age in [100, 4_000_000_000] {
            let folder = tempfile::tempdir().unwrap();
            let store = store_in(folder.path(), Format::Parquet);
            store.save("s", "o", &records(&[r#"{"v": 1}"#])).unwrap();
            let json = folder.path().join("s/o.json");
            fs::write(&json, torn).unwrap();
            set_time(&json, age);
            let done = migrate(&store, MigrateOptions::to(Format::Json));
            assert_eq!(done.outcome, Outcome::Migrated, "{torn} {age}");
            assert_eq!(fs::read_to_string(&json).unwrap(), r#"[{"v": 1}]"#);
        }
    }
}
