//! Directories that aren't DocETL's, and damaged files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use crate::bench::{Bench, CONFIG};
use crate::shared::Ran;

const COMMANDS: [&str; 2] = ["analyze", "migrate"];

#[test]
fn a_folder_must_be_one_of_docetl() {
    let bench = Bench::new();
    bench.write("file", "[]");
    bench.write("other/readme.md", "");
    bench.write("other/sub/deeper/x.json", "[]");
    std::fs::create_dir(bench.path("empty")).unwrap();
    for command in COMMANDS {
        let says = |dir: &str, code: i32, message: &str| {
            bench
                .run(&format!("docetl {command} {dir}"))
                .expect(code)
                .begins_with_error(message);
        };
        says("nowhere", 5, "there is no folder `nowhere`");
        says(
            "file",
            5,
            "`file` is a file; give the folder that `intermediate_dir` names in the pipeline",
        );
        for dir in ["empty", "other"] {
            let message = format!(
                "`{dir}` is not an intermediate directory of DocETL: it has no `{CONFIG}` and no file `STEP/OPERATION.json`"
            );
            says(dir, 5, &message);
        }
    }
}

#[test]
fn a_directory_without_checkpoints_is_one() {
    let bench = Bench::new();
    bench.write(&format!("dir/{CONFIG}"), "{}");
    for command in COMMANDS {
        let ran = bench.run(&format!("docetl {command} dir")).expect(0);
        assert_eq!(ran.stdout, "no checkpoints in dir\n");
    }
    let analysis = bench.run("docetl analyze dir --json").expect(0).json();
    assert_eq!(analysis["total"]["checkpoints"], 0);
}

/// The command run in the wrong folder by mistake leaves the files there alone.
#[test]
fn originals_are_removed_only_where_docetl_was() {
    let bench = Bench::with(&["docetl"]);
    std::fs::remove_file(bench.path("docetl").join(CONFIG)).unwrap();
    let before = bench.files("docetl");
    bench.run("docetl migrate docetl --remove-originals").expect(4).begins_with_error(&format!(
        "`docetl` has no `{CONFIG}`, so its files may not be DocETL's; leave out --remove-originals"
    ));
    assert_eq!(bench.files("docetl"), before);
    bench.run("docetl migrate docetl").expect(0);
}

#[test]
fn damaged_files_are_reported_and_the_others_migrated() {
    let bench = Bench::with(&["docetl"]);
    let damaged = [
        ("torn", "[{\"a\": 1}, {\"a\""),
        ("empty", ""),
        ("object", "{\"a\": 1}"),
        ("numbers", "[1, 2]"),
        ("more", "[{}] []"),
        ("text", "\u{fffd} not JSON at all \u{1b}[31m"),
    ];
    for (name, text) in damaged {
        bench.write(&format!("docetl/odd/{name}.json"), text);
    }
    bench.write("docetl/odd/bytes.json", b"[{\"a\": \"\xff\xfe\"}]");
    bench.write("docetl/odd/false.parquet", b"PAR1 nothing of the kind PAR1");
    let before = bench.files("docetl");
    let analysis = bench.run("docetl analyze docetl --json").expect(3).json();
    assert_eq!(
        analysis["unreadable"].as_array().unwrap().len(),
        8,
        "{analysis}"
    );
    assert_eq!(analysis["total"]["checkpoints"], 13);
    bench
        .run("docetl analyze docetl")
        .expect(3)
        .prints(&["not counted: `docetl/odd/torn.json` is damaged"]);

    let ran = bench
        .run("docetl migrate docetl --remove-originals")
        .expect(3);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    let after = bench.files("docetl");
    for (name, _) in damaged {
        let file = format!("odd/{name}.json");
        assert_eq!(after[&file], before[&file], "{name}");
        assert!(
            ran.stdout
                .contains(&format!("not migrated: `docetl/{file}`")),
            "{name}: {}",
            ran.stdout
        );
    }
    assert_eq!(after["odd/false.parquet"], before["odd/false.parquet"]);
    // The directory is then no longer only Parquet; the other files are there.
    assert_eq!(
        after
            .keys()
            .filter(|name| name.ends_with(".parquet"))
            .count(),
        14
    );
    let rows = bench.run("docetl migrate docetl --json").expect(3).json();
    let failed = rows["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "failed");
    assert_eq!(failed.count(), 8, "{rows}");
}

#[test]
fn a_link_out_of_the_directory_is_not_followed() {
    let bench = Bench::with(&["docetl"]);
    bench.write("outside/secret.json", "[{\"secret\": 1}]");
    symlink(bench.path("outside"), bench.path("docetl/linked")).unwrap();
    symlink(
        bench.path("outside/secret.json"),
        bench.path("docetl/prepare/linked.json"),
    )
    .unwrap();
    for line in [
        "analyze docetl --json",
        "migrate docetl --remove-originals --json",
    ] {
        let ran = bench.run(&format!("docetl {line}")).expect(3);
        assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
        let reason = "it is a link that leads out of the intermediate directory; replace it by what it leads to";
        let expected = serde_json::json!([
            {"path": "docetl/linked", "reason": reason},
            {"path": "docetl/prepare/linked.json", "reason": reason},
        ]);
        let told = ran.json();
        assert_eq!(told["not_looked_at"], expected);
        assert_eq!(told["checkpoints"].as_array().unwrap().len(), 13);
    }
    assert_eq!(
        bench.files("outside").into_keys().collect::<Vec<_>>(),
        ["secret.json"]
    );
}

#[test]
fn what_cannot_be_a_checkpoint_is_listed() {
    let bench = Bench::with(&["docetl"]);
    let odd = |name: &[u8]| bench.path("docetl").join(OsStr::from_bytes(name));
    let long = "x".repeat(201);
    let long_file = format!("odd/{long}.json");
    let refused: [(&[u8], &str); 7] = [
        (b"con", "it is the name of a device on Windows"),
        (b"gone", "it is a link to nothing; remove it"),
        (b"odd/a\nb.json", "it has a control character"),
        (b"odd/gone.parquet", "it is a link to nothing; remove it"),
        (long_file.as_bytes(), "it has more than 200 bytes"),
        (b"odd/\xff.json", "its name is not UTF-8"),
        (b"\xfe", "its name is not UTF-8"),
    ];
    std::fs::create_dir(odd(b"odd")).unwrap();
    for (name, reason) in refused {
        let path = odd(name);
        if reason.contains("link") {
            symlink(bench.path("nowhere"), path).unwrap();
        } else if path.extension().is_some() {
            std::fs::write(path, "[]").unwrap();
        } else {
            std::fs::create_dir(&path).unwrap();
            for file in ["one.json", "two.json"] {
                std::fs::write(path.join(file), "[]").unwrap();
            }
        }
    }
    // These are not DocETL's.
    bench.write("outside.json", "[]");
    symlink(bench.path("outside.json"), odd(b"outside.json")).unwrap();
    std::fs::create_dir(odd(b"\xfd")).unwrap();
    std::fs::write(odd(b"odd/.a\nb.json"), "[]").unwrap();
    std::fs::write(odd(b"odd/\xff.txt"), "").unwrap();
    for command in COMMANDS {
        let line = format!("docetl {command} docetl --json");
        let told = bench.run(&line).expect(3).json();
        let found = told["not_looked_at"].as_array().unwrap();
        assert_eq!(found.len(), refused.len(), "{told}");
        for (found, (name, reason)) in found.iter().zip(refused) {
            assert_eq!(
                found["path"],
                *format!("docetl/{}", String::from_utf8_lossy(name))
            );
            assert!(
                found["reason"].as_str().unwrap().ends_with(reason),
                "{found}"
            );
        }
        bench
            .run(&format!("docetl {command} docetl"))
            .expect(3)
            .prints(&[
                "not looked at: `docetl/gone`: it is a link to nothing; remove it\n",
                "not looked at: `docetl/odd/a\\nb.json`: `a\\nb` cannot be the name of an operation: it has a control character\n",
                "not looked at: `docetl/\u{fffd}`: its name is not UTF-8\n",
            ]);
    }
}

#[test]
fn a_directory_may_have_any_name() {
    let bench = Bench::with(&["docetl"]);
    let name = OsStr::from_bytes(b"dir\xff");
    bench.write("docetl/odd/torn.json", "[");
    std::fs::rename(bench.path("docetl"), bench.root().join(name)).unwrap();
    for (line, list) in [
        ("analyze --json", "unreadable"),
        ("migrate --json", "checkpoints"),
    ] {
        let mut command = bench.command(&format!("docetl {line}"));
        let ran = Ran::of(command.arg(name).output().unwrap()).expect(3);
        let told = ran.json()[list].to_string();
        assert!(told.contains("dir\u{fffd}/odd/torn.json"), "{told}");
    }
}

#[test]
fn a_folder_or_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::with(&["docetl"]);
    let forbid = |name: &str| {
        let permissions = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(bench.path(name), permissions).unwrap();
    };
    forbid("docetl/prepare/measure.json");
    // Root reads everything.
    if std::fs::File::open(bench.path("docetl/prepare/measure.json")).is_ok() {
        return;
    }
    bench
        .run("docetl migrate docetl")
        .expect(3)
        .prints(&["not migrated: ", "measure.json"]);
    forbid("docetl/prepare");
    bench
        .run("docetl analyze docetl")
        .expect(1)
        .tells(&["docetl/prepare"]);
}
