//! Operators of Data-Juicer's Python package. Here a stand-in of a few lines takes the package's place; `cargo xtask peers` runs the
//! real one.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use coldpress_assets::AssetFolders;
use coldpress_operator::{
    ChainHash, ChainSettings, Node, OperatorCall, OperatorKind, Pipeline, PythonSettings, Shared,
};
use coldpress_record::{Batch, Lines};
use serde_json::{Value, json};

/// The stand-in.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/package");

/// Makes a Python that finds packages in a folder.
fn python(folder: &Path, packages: &Path) -> String {
    let path = folder.join("python");
    let script = format!(
        "#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH='{}' exec python3 \"$@\"\n",
        packages.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

struct Bench {
    folder: tempfile::TempDir,
    settings: ChainSettings,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let interpreter = python(folder.path(), Path::new(PACKAGE));
        Self {
            folder,
            settings: settings(&interpreter),
        }
    }

    fn pipeline(&self, name: &str, params: &Value) -> Result<Pipeline, String> {
        let params = params.as_object().unwrap().iter();
        let call = params.fold(OperatorCall::new(name), |call, (name, value)| {
            call.with(name, Node::from_json(value))
        });
        let registry = coldpress_ops::builtin().with_assets(AssetFolders::default());
        Pipeline::resolve(&registry, &[call], &self.settings).map_err(|error| error.to_string())
    }

    /// Runs an operator; returns the lines that came out and why records failed.
    fn run(&self, name: &str, params: &Value, records: &[&str]) -> (Vec<String>, Vec<String>) {
        let pipeline = self.pipeline(name, params).unwrap();
        let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
        let (mut batch, mut lines) = (Batch::default(), Lines::new(0));
        for (at, record) in (0..).zip(records) {
            lines.push(at, record.as_bytes());
        }
        batch.fill(&mut lines, chain.fields(), &mut Vec::new());
        chain.begin(&mut batch);
        let mut tally = chain.tally();
        chain.run(&mut batch, 0..1, &mut tally).unwrap();
        let line = |row: &u32| {
            let mut line = Vec::new();
            batch.write_record(*row as usize, chain.fields(), &mut line);
            String::from_utf8(line).unwrap().trim_end().to_owned()
        };
        let failed = tally.quarantined.iter().map(|failed| failed.error.clone());
        (
            batch.selection().iter().map(line).collect(),
            failed.collect(),
        )
    }
}

fn settings(interpreter: &str) -> ChainSettings {
    ChainSettings {
        text_key: "text".to_owned(),
        seed: 0,
        skip_op_error: true,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: PythonSettings {
            interpreter: Some(interpreter.to_owned()),
            ..PythonSettings::default()
        },
    }
}

#[test]
fn a_mapper_of_the_package_changes_what_it_changes_alone() {
    let records = [
        r#"{"n": 1.50, "text": "a"}"#,
        r#"{"text": "bad"}"#,
        r#"{"text": "b"}"#,
    ];
    let (out, failed) = Bench::new().run("shout_mapper", &json!({"mark": "?"}), &records);
    assert_eq!(out, [r#"{"n": 1.50, "text": "A?"}"#, r#"{"text": "B?"}"#]);
    assert!(failed[0].starts_with("ValueError: too bad"), "{failed:?}");
    assert_eq!(failed.len(), 1);
}

#[test]
fn a_mapper_that_sees_many_may_make_any_number() {
    let records = [
        r#"{"n": 1.50, "text": "a b"}"#,
        r#"{"text": ""}"#,
        r#"{"text": "c"}"#,
    ];
    let (out, failed) = Bench::new().run("halves_mapper", &json!({}), &records);
    let expected = [
        r#"{"n": 1.50, "text": "a"}"#,
        r#"{"n": 1.50, "text": "b"}"#,
        r#"{"text": "c"}"#,
    ];
    assert_eq!(
        (out.as_slice(), failed.len()),
        (&expected.map(str::to_owned)[..], 0)
    );
}

#[test]
fn tags_have_a_place() {
    let (out, _) = Bench::new().run("tag_mapper", &json!({}), &[r#"{"text": "abc"}"#]);
    assert_eq!(out, [r#"{"text": "abc", "__dj__meta__": {"tag": 3}}"#]);
}

#[test]
fn a_filter_of_the_package_decides_and_has_statistics() {
    let bench = Bench::new();
    let records = [
        r#"{"text": "a bcde"}"#,
        r#"{"text": "a"}"#,
        r#"{"text": ""}"#,
    ];
    let (out, failed) = bench.run("width_filter", &json!({"least": 4}), &records);
    assert_eq!(out, [records[0]]);
    assert!(failed[0].starts_with("ValueError: max()"), "{failed:?}");
    let pipeline = bench.pipeline("width_filter", &json!({})).unwrap();
    let operator = &pipeline.operators()[0];
    assert_eq!(operator.kind(), OperatorKind::Filter);
    let names: Vec<&str> = operator.stats().iter().map(|stat| &*stat.name).collect();
    assert_eq!(names, ["width_filter", "word_widths"]);
}

#[test]
fn operators_of_custom_files_run() {
    let mut bench = Bench::new();
    let own = Path::new(PACKAGE).join("own.py");
    bench.settings.python.custom_operators = vec![own.to_str().unwrap().to_owned()];
    let (out, _) = bench.run("own_mapper", &json!({}), &[r#"{"text": "a"}"#]);
    assert_eq!(out, [r#"{"text": "a", "own": true}"#]);
    let hash = |bench: &Bench| {
        bench
            .pipeline("own_mapper", &json!({}))
            .unwrap()
            .hashes(ChainHash::base("test"))
    };
    let before = hash(&bench);
    assert_eq!(before, hash(&bench));
    // Another source is another operator. A description is asked for once per process, so this is another interpreter.
    let mut other = Bench::new();
    let own = other.folder.path().join("own.py");
    let source = fs::read_to_string(Path::new(PACKAGE).join("own.py")).unwrap();
    fs::write(&own, source.replace("True", "False")).unwrap();
    other.settings.python.custom_operators = vec![own.to_str().unwrap().to_owned()];
    assert_ne!(before, hash(&other));
}

#[test]
fn an_own_operator_runs_in_the_package_where_the_recipe_wants_it() {
    let mut bench = Bench::new();
    let message = bench
        .pipeline("alphanumeric_filter", &json!({"compat": "python"}))
        .unwrap_err();
    assert!(
        message.contains("has no operator of this name"),
        "{message}"
    );
    // The package's are preferred, and the others run here.
    bench.settings.python.prefers_package = true;
    assert!(bench.pipeline("alphanumeric_filter", &json!({})).is_ok());
    assert!(bench.pipeline("document_deduplicator", &json!({})).is_ok());
    let asked = bench.pipeline("document_deduplicator", &json!({"compat": "python"}));
    assert!(asked.unwrap_err().contains("need the whole dataset"));
    assert!(
        bench
            .pipeline("shout_mapper", &json!({"compat": "data_juicer"}))
            .is_ok()
    );
}

#[test]
fn calls_that_cannot_run_are_told_before_any_work() {
    let bench = Bench::new();
    let refused = |name: &str, params: Value| bench.pipeline(name, &params).unwrap_err();
    for (name, params, expected) in [
        (
            "shout_mapper",
            json!({"marc": "?"}),
            "unknown parameter `marc`, did you mean `mark`?",
        ),
        (
            "twin_deduplicator",
            json!({}),
            "twin_deduplicator: is a deduplicator of Data-Juicer's Python package, and only its mappers, filters and aggregators can run here, since the others need the whole dataset in one process",
        ),
        (
            "shout_maper",
            json!({}),
            "unknown operator `shout_maper`, did you mean `shout_mapper`?",
        ),
        (
            "shout_mapper",
            json!({"timeout": 0}),
            "parameter `timeout` must be above 0",
        ),
    ] {
        let message = refused(name, params);
        assert!(message.contains(expected), "{name}: {message}");
    }
    let message = |interpreter: &str, name: &str| {
        let bench = Bench {
            folder: tempfile::tempdir().unwrap(),
            settings: settings(interpreter),
        };
        bench.pipeline(name, &json!({})).unwrap_err()
    };
    let absent = message("/no/such/python", "image_captioning_mapper");
    assert!(absent.contains("`/no/such/python` cannot load"), "{absent}");
    assert!(message("/no/such/python", "no_such_mapper").contains("unknown operator"));
    // A package that cannot be imported.
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("data_juicer");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("__init__.py"), "import no_such_module").unwrap();
    let broken = python(folder.path(), folder.path());
    let broken = message(&broken, "image_captioning_mapper");
    assert!(broken.contains("no_such_module"), "{broken}");
}

#[test]
fn a_python_without_the_package_is_told_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    // Even where the machine has the package: no site packages are looked at.
    let path = folder.path().join("python");
    fs::write(&path, "#!/bin/sh\nexec python3 -I -S \"$@\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let bench = Bench {
        settings: settings(path.to_str().unwrap()),
        folder,
    };
    let message = bench
        .pipeline("image_captioning_mapper", &json!({}))
        .unwrap_err();
    assert!(
        message
            .starts_with("image_captioning_mapper: runs in Data-Juicer's Python package, which ")
            && message.contains("install `py-data-juicer` there"),
        "{message}"
    );
    let message = bench
        .pipeline("image_captioning_maper", &json!({}))
        .unwrap_err();
    let expected =
        "unknown operator `image_captioning_maper`, did you mean `image_captioning_mapper`?";
    assert_eq!(message, expected);
}

#[test]
fn nothing_is_installed() {
    let bench = Bench::new();
    let params = json!({"compat": "python"});
    let pipeline = bench.pipeline("fix_unicode_mapper", &params).unwrap();
    let error = pipeline.instantiate(&Shared::default()).unwrap_err();
    let error = error.to_string();
    let expected = "ModuleNotFoundError: the package `no_such_package` is missing: install it for ";
    assert!(error.contains(expected), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn custom_operators_that_cannot_be_loaded_are_an_error_of_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("wrong.py"), "def (").unwrap();
    fs::write(path("lacking.py"), "import no_such_module").unwrap();
    for (name, expected) in [
        ("none.py", "there is no file or folder `PATH`"),
        ("wrong.py", "`PATH` cannot be loaded: SyntaxError: "),
        (
            "lacking.py",
            "`PATH` cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'",
        ),
    ] {
        let mut bench = Bench::new();
        bench.settings.python.custom_operators = vec![path(name)];
        let message = bench.pipeline("own_mapper", &json!({})).unwrap_err();
        let expected = expected.replace("PATH", &path(name));
        assert!(
            message.starts_with(&format!("custom_operator_paths: {expected}")),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn parameters_of_custom_operators_are_checked_as_far_as_they_are_named() {
    let mut bench = Bench::new();
    let path = bench.folder.path().join("own.py");
    let source = "\
from data_juicer.ops.base_op import OPERATORS, Mapper

@OPERATORS.register_module('strict_mapper')
class Strict(Mapper):
    def __init__(self, least=3): super().__init__()

@OPERATORS.register_module('open_mapper')
class Open(Mapper):
    def __init__(self, least=3, **kwargs): super().__init__(**kwargs)
";
    fs::write(&path, source).unwrap();
    bench.settings.python.custom_operators = vec![path.to_str().unwrap().to_owned()];
    let message = |name: &str, params: Value| bench.pipeline(name, &params).map(|_| ());
    assert_eq!(
        message("strict_mapper", json!({"leest": 1})).unwrap_err(),
        "strict_mapper: unknown parameter `leest`, did you mean `least`?"
    );
    // What its constructor does not take would be refused when it is made.
    let text_key = message("strict_mapper", json!({"text_key": "a"})).unwrap_err();
    assert!(text_key.contains("unknown parameter `text_key`"));
    let notes = |params: Value| {
        let pipeline = bench.pipeline("open_mapper", &params).unwrap();
        pipeline.notes().collect::<Vec<_>>()
    };
    assert_eq!(
        notes(json!({"leest": 1})),
        ["`open_mapper`: names no parameter `leest` in its source, did you mean `least`?"]
    );
    assert!(notes(json!({"something_else": 1, "text_key": "a"})).is_empty());
}
