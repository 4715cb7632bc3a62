//! Export paths that must not be written, and folders that cannot be.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::bench::{Bench, EXPORT};

const ADVICE: &str = "move it away, export elsewhere, or set `export_overwrite: always`";

#[track_caller]
fn check(bench: &Bench, path: &str, code: i32, message: &str) {
    bench
        .process(&format!("--export_path {path}"))
        .expect(code)
        .begins_with_error(message);
    assert!(
        !bench
            .path("jobs/j/results")
            .read_dir()
            .is_ok_and(|mut files| files.next().is_some())
    );
}

#[test]
fn what_is_not_ours_is_not_replaced() {
    let bench = Bench::with_input();
    bench.write("theirs.jsonl", "precious\n");
    let message =
        format!("export path `theirs.jsonl` exists and was not made by Coldpress; {ADVICE}");
    check(&bench, "theirs.jsonl", 4, &message);
    check(
        &bench,
        "./theirs.jsonl",
        4,
        &message.replace("`theirs", "`./theirs"),
    );
    assert_eq!(bench.bytes("theirs.jsonl"), b"precious\n");
    symlink("theirs.jsonl", bench.path("link.jsonl")).unwrap();
    let message = format!("export path `link.jsonl` is a link or no regular file; {ADVICE}");
    check(&bench, "link.jsonl", 4, &message);
    fs::create_dir(bench.path("shards")).unwrap();
    bench.write("shards/keep.txt", "precious\n");
    let advice = "move it away or export elsewhere";
    let message = format!("export path `shards` exists and was not made by Coldpress; {advice}");
    check(&bench, "shards/", 4, &message);
    let message = format!("export path `theirs.jsonl` is not a directory; {advice}");
    check(&bench, "theirs.jsonl/", 4, &message);
    assert_eq!(bench.bytes("shards/keep.txt"), b"precious\n");
    bench
        .process("--export_path theirs.jsonl --export_overwrite always")
        .expect(0);
    assert_eq!(bench.bytes("theirs.jsonl"), bench.bytes("in.jsonl"));
}

#[test]
fn a_directory_is_no_file() {
    let bench = Bench::with_input();
    fs::create_dir(bench.path("dir.jsonl")).unwrap();
    let ran = bench.process("--export_path dir.jsonl").expect(4);
    ran.tells(&["error: export path `dir.jsonl` is a directory; end it in `/` to export shards"]);
    bench
        .process("--export_path dir.jsonl --export_overwrite always")
        .expect(4);
    assert_eq!(fs::read_dir(bench.path("dir.jsonl")).unwrap().count(), 0);
}

#[test]
fn what_was_ours_and_was_changed_is_not_ours() {
    let bench = Bench::with_input();
    bench.process("").expect(0);
    bench
        .run("process --config recipe.yaml --job_id other")
        .expect(0);
    let mut text = bench.bytes(EXPORT);
    text[0] = b'[';
    bench.write(EXPORT, &text);
    let ran = bench
        .run("process --config recipe.yaml --job_id third")
        .expect(4);
    ran.begins_with_error(&format!(
        "export path `{EXPORT}` was changed since Coldpress made it; {ADVICE}"
    ));
    assert_eq!(bench.bytes(EXPORT), text);
    let ran = bench
        .run("process --config recipe.yaml --job_id fourth --export_overwrite never")
        .expect(4);
    ran.tells(&[EXPORT]);
}

#[test]
fn an_input_is_no_place_for_the_output() {
    let bench = Bench::with_input();
    let input = bench.bytes("in.jsonl");
    for path in ["in.jsonl", "./in.jsonl"] {
        let ran = bench.process(&format!("--export_path {path} --export_overwrite always"));
        assert_eq!(bench.bytes("in.jsonl"), input);
        ran.expect(4).tells(&["in.jsonl"]);
    }
    // An export of ours that another job reads.
    bench.process("").expect(0);
    let made = bench.bytes(EXPORT);
    let line = format!("process --config recipe.yaml --job_id next --dataset_path {EXPORT}");
    bench.run(&line).expect(4).tells(&[EXPORT]);
    assert_eq!(bench.bytes(EXPORT), made);
}

#[test]
fn an_input_is_no_place_for_what_goes_beside_the_output() {
    let bench = Bench::with_input();
    let input = bench.bytes("in.jsonl");
    fs::create_dir_all(bench.path("out")).unwrap();
    let stats = "out/clean_stats.jsonl";
    fs::copy(bench.path("in.jsonl"), bench.path(stats)).unwrap();
    let line = "--export_path out/clean.jsonl --export_stats true --export_overwrite always";
    let ran = bench.process(&format!("{line} --dataset_path {stats}"));
    assert_eq!(bench.bytes(stats), input);
    ran.expect(4).begins_with_error(&format!(
        "the file beside the export `{stats}` would replace the input `{stats}`; export elsewhere"
    ));
}

#[test]
fn a_missing_folder_is_made() {
    let bench = Bench::with_input();
    bench
        .process("--export_path new/and/deeper/o.jsonl")
        .expect(0);
    assert_eq!(
        bench.bytes("new/and/deeper/o.jsonl"),
        bench.bytes("in.jsonl")
    );
}

/// Folders of the system in which not even the superuser makes files stand for read-only ones; where permissions
/// bind, a folder without write permission is tried as well.
#[test]
fn a_folder_that_cannot_be_written() {
    let bench = Bench::with_input();
    let message =
        "cannot write to the folder of `/proc/o.jsonl`: No such file or directory (os error 2)";
    check(&bench, "/proc/o.jsonl", 1, message);
    let message = "cannot create folder `/proc/new`: No such file or directory (os error 2)";
    check(&bench, "/proc/new/o.jsonl", 1, message);
    let ran = bench.process("--export_path /sys/o.jsonl").expect(1);
    ran.tells(&[
        "error: cannot write to the folder of `/sys/o.jsonl`: Permission denied",
        "permit that to the user who runs the job",
    ]);
    let ran = bench.process("--export_path in.jsonl/o.jsonl").expect(1);
    ran.tells(&["error: cannot create folder `in.jsonl`: "]);
    fs::create_dir(bench.path("locked")).unwrap();
    fs::set_permissions(bench.path("locked"), Permissions::from_mode(0o555)).unwrap();
    if fs::write(bench.path("locked/probe"), "").is_err() {
        let ran = bench.process("--export_path locked/o.jsonl").expect(1);
        ran.tells(&["error: cannot write to the folder of `locked/o.jsonl`: Permission denied"]);
    }
}

#[test]
fn a_path_that_names_no_file() {
    let bench = Bench::with_input();
    for path in ["/", "..", "out/o.txt"] {
        bench
            .process(&format!("--export_path {path}"))
            .expect(2)
            .tells(&["export_path"]);
    }
}

#[test]
fn folders_of_the_job_that_cannot_be_made() {
    let bench = Bench::with_input();
    for key in [
        "checkpoint_dir",
        "event_log_dir",
        "partition_dir",
        "work_dir",
    ] {
        let ran = bench
            .process(&format!("--{key} /proc/x --checkpoint.strategy every_op"))
            .expect(1);
        ran.begins_with_error(
            "cannot make the folder `/proc/x`: No such file or directory (os error 2); choose another place, or mend \
             this one",
        );
        assert!(!bench.has_exported(), "{key}");
    }
    let file = bench
        .path("in.jsonl")
        .canonicalize()
        .unwrap()
        .display()
        .to_string();
    for key in [
        "checkpoint_dir",
        "event_log_dir",
        "partition_dir",
        "work_dir",
    ] {
        let ran = bench
            .process(&format!("--{key} in.jsonl --checkpoint.strategy every_op"))
            .expect(1);
        ran.begins_with_error(&format!(
            "cannot make the folder `{file}`: a file of that name is in the way; move it away, or choose another place"
        ));
        assert!(!bench.has_exported(), "{key}");
    }
}

#[test]
fn what_packs_itself_is_not_packed_again() {
    let bench = Bench::with_input();
    for path in ["out/o.parquet.gz", "out/o.arrow.zst", "out/o.feather.gz"] {
        let ran = bench.process(&format!("--export_path {path}")).expect(2);
        ran.begins_with_error(&format!(
            "command line: `export_path` must be a path that ends in `.jsonl`, `.json`, `.csv` or `.tsv`, each also \
             with `.gz` or `.zst`, in `.parquet`, `.arrow`, `.feather` or `/`, unless `export_type` is given, found \
             `{path}`"
        ));
        assert!(!bench.path("jobs").exists() && !bench.path("out").exists());
    }
}

#[test]
fn only_parquet_compresses_inside() {
    let bench = Bench::with_input();
    let ran = bench.process("--export_compression zstd").expect(2);
    ran.begins_with_error(
        "export_compression: `out/o.jsonl` is an export whose form does not compress inside, which this release does \
         not support; `export_compression` is for Parquet; pack JSONL, JSON and CSV by the suffix, as in .jsonl.zst",
    );
    assert!(!bench.path("jobs").exists());
    let line = "--export_path out/o.parquet";
    bench.process(line).expect(0);
    let snappy = bench.bytes("out/o.parquet");
    // Another compression is another export, made of the same results.
    bench
        .process(&format!("{line} --export_compression none"))
        .expect(0);
    let plain = bench.bytes("out/o.parquet");
    assert!(plain.len() > snappy.len(), "{} bytes", plain.len());
}

#[test]
fn what_lies_where_companions_go_is_not_replaced() {
    let bench = Bench::with_input();
    fs::create_dir_all(bench.path("out/dropped")).unwrap();
    bench.write("out/dropped/theirs.txt", "precious\n");
    let line = "--export_dropped out/dropped --export_stats true";
    for name in [
        "out/dropped/op_000_text_length_filter.jsonl",
        "out/o_stats.jsonl",
    ] {
        bench.write(name, "precious\n");
        bench.process(line).expect(4).begins_with_error(&format!(
            "`{name}` exists and was not made by Coldpress; move it away, or set `export_overwrite: always`"
        ));
        assert!(!bench.has_exported());
        assert_eq!(bench.bytes(name), b"precious\n");
        fs::remove_file(bench.path(name)).unwrap();
    }
    // Files of other names are nobody's business.
    bench.process(line).expect(0);
    assert_eq!(bench.bytes("out/dropped/theirs.txt"), b"precious\n");
    assert_eq!(
        bench.bytes("out/dropped/op_000_text_length_filter.jsonl"),
        b""
    );
    let stats = bench.bytes("out/o_stats.jsonl");
    assert_eq!(stats.split(|byte| *byte == b'\n').count(), 31);
}

/// Files of others in the places of files that a job makes besides its outputs.
#[test]
fn what_is_in_the_place_of_a_jobs_own_file_stays() {
    let stranger = "somebody's notes";
    for place in [
        "out/.o.jsonl.coldpress.json",
        "jobs/j/recipe.yaml",
        "jobs/j/job_summary.json",
        "jobs/j/metadata/schema.json",
    ] {
        let bench = Bench::with_input();
        fs::create_dir_all(bench.path(place).parent().unwrap()).unwrap();
        bench.write(place, stranger);
        let ran = bench.process("");
        assert_ne!(ran.code, 0, "{place}");
        assert!(ran.stderr.contains(place), "{place}: {}", ran.stderr);
        assert_eq!(bench.bytes(place), stranger.as_bytes(), "{place}");
    }
}

/// An input under the name of an ownership file, and one that is also the event log.
#[test]
fn an_input_that_is_a_jobs_own_file_by_another_name_stays() {
    let bench = Bench::with_input();
    let input = bench.bytes("in.jsonl");
    fs::create_dir_all(bench.path("out")).unwrap();
    bench.write("out/.o.jsonl.coldpress.json", &input);
    let line = "--dataset_path out/.o.jsonl.coldpress.json --export_overwrite always";
    bench
        .process(line)
        .expect(4)
        .tells(&["would replace the input"]);
    assert_eq!(bench.bytes("out/.o.jsonl.coldpress.json"), input);
    fs::remove_file(bench.path("out/.o.jsonl.coldpress.json")).unwrap();

    fs::create_dir_all(bench.path("jobs/k/event_logs")).unwrap();
    fs::hard_link(
        bench.path("in.jsonl"),
        bench.path("jobs/k/event_logs/events.jsonl"),
    )
    .unwrap();
    bench.run("process --config recipe.yaml --job_id k");
    assert_eq!(bench.bytes("in.jsonl"), input);
}
