//! Tests operators whose work Python or another program does, and their behaviour when it misbehaves.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use coldpress_assets::AssetFolders;
use coldpress_operator::{ChainSettings, Node, OperatorCall, Pipeline, PythonSettings, Shared};
use coldpress_record::{Batch, Lines};
use serde_json::{Value, json};

fn settings() -> ChainSettings {
    ChainSettings {
        text_key: "text".to_owned(),
        seed: 0,
        skip_op_error: true,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    }
}

fn call(name: &str, params: &Value) -> OperatorCall {
    let params = params.as_object().unwrap();
    params
        .iter()
        .fold(OperatorCall::new(name), |call, (name, value)| {
            call.with(name, Node::from_json(value))
        })
}

/// The result for some records: the lines that came out, and the position and error of each record that failed.
#[derive(Debug)]
struct Came {
    out: Vec<String>,
    failed: Vec<(u64, String)>,
}

fn pipeline(call: &OperatorCall) -> Result<Pipeline, String> {
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::default());
    let pipeline = Pipeline::resolve(&registry, std::slice::from_ref(call), &settings());
    pipeline.map_err(|error| error.to_string())
}

fn try_run(call: &OperatorCall, records: &[String]) -> Result<Came, String> {
    let chain = pipeline(call)?.instantiate(&Shared::default());
    let mut chain = chain.map_err(|error| error.to_string())?;
    let (mut batch, mut lines) = (Batch::default(), Lines::new(0));
    for (at, record) in records.iter().enumerate() {
        lines.push(at as u64, record.as_bytes());
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
    let failed = tally.quarantined.iter();
    Ok(Came {
        out: batch.selection().iter().map(line).collect(),
        failed: failed
            .map(|failed| (failed.origin.position, failed.error.clone()))
            .collect(),
    })
}

fn run(name: &str, params: Value, records: &[&str]) -> Came {
    let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
    try_run(&call(name, &params), &records).unwrap()
}

fn lambda(source: &str, records: &[&str]) -> Came {
    run(
        "python_lambda_mapper",
        json!({"lambda_str": source}),
        records,
    )
}

fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| json!({"n": number, "text": "a"}).to_string())
        .collect()
}

/// Writes a file with this code.
fn file(folder: &tempfile::TempDir, code: &str) -> PathBuf {
    let path = folder.path().join("own.py");
    std::fs::write(&path, code).unwrap();
    path
}

fn with_file(name: &str, code: &str, records: &[String]) -> Came {
    with_limits(name, code, json!({}), records)
}

fn with_limits(name: &str, code: &str, mut params: Value, records: &[String]) -> Came {
    let folder = tempfile::tempdir().unwrap();
    params["file"] = json!(file(&folder, code).to_str().unwrap());
    try_run(&call(name, &params), records).unwrap()
}

#[test]
fn only_what_the_code_changes_is_written_anew() {
    let records = [
        r#"{ "x" : 1.50, "text":"caf\u00e9 ", "l": [ 1.0, {"a":1} ]}"#,
        r#"{"text":"same","big":123456789012345678901234567890,"half":"\ud800"}"#,
    ];
    let came = lambda("lambda d: {**d, 'text': d['text'].strip()}", &records);
    assert_eq!(
        came.out[0],
        r#"{ "x" : 1.50, "text":"café", "l": [ 1.0, {"a":1} ]}"#
    );
    assert_eq!(came.out[1], records[1]);
    let came = lambda("lambda d: d['l'].append(True) or d", &records[..1]);
    assert_eq!(
        came.out[0],
        r#"{ "x" : 1.50, "text":"caf\u00e9 ", "l": [1.0, {"a": 1}, true]}"#
    );
    let came = lambda("lambda d: {'text': d['text'], 'new': None}", &records);
    assert_eq!(came.out[1], r#"{"text":"same", "new": null}"#);
    let came = lambda(
        "lambda d: {**d, 'x': int(d['x'] * 2), 'big': True}",
        &[r#"{"x":0.5,"big":1}"#],
    );
    assert_eq!(came.out[0], r#"{"x":1,"big":true}"#);
}

#[test]
fn many_records_come_as_a_dict_of_lists() {
    let source =
        "lambda d: {**d, 'text': [t.upper() for t in d['text']], 'n': [None] * len(d['text'])}";
    let params = json!({"lambda_str": source, "batched": true});
    let came = run(
        "python_lambda_mapper",
        params,
        &[r#"{"text":"a","n":1}"#, r#"{"text":"b"}"#],
    );
    assert_eq!(came.out, [r#"{"text":"A","n":null}"#, r#"{"text":"B"}"#]);
}

#[test]
fn a_file_changes_records_one_by_one_or_together() {
    let records = numbered(3);
    let one = with_file(
        "python_mapper",
        "def process(record):\n    record['n'] += 1\n",
        &records,
    );
    let many = "def map(batch):\n    return [{**r, 'n': r['n'] + 1} for r in batch]\ndef process(record):\n    1 / 0\n";
    let many = with_file("python_mapper", many, &records);
    let expected = [1, 2, 3].map(|number| format!(r#"{{"n":{number},"text":"a"}}"#));
    assert_eq!(one.out, expected);
    assert_eq!(many.out, expected);
}

#[test]
fn a_file_keeps_records_one_by_one_or_together() {
    let records = numbered(4);
    for code in [
        "def process(record):\n    return record['n'] > 1\n",
        "def filter(batch):\n    return [r['n'] > 1 for r in batch]\n",
    ] {
        let came = with_file("python_filter", code, &records);
        assert_eq!(came.out, records[2..], "{code}");
    }
    let came = with_file(
        "python_filter",
        "def process(record):\n    return 1\n",
        &records[..1],
    );
    assert!(
        came.failed[0]
            .1
            .contains("must return True or False, got int"),
        "{came:?}"
    );
}

#[test]
fn the_record_that_an_exception_is_about_has_its_traceback() {
    let code = "def process(record):\n    if record['n'] == 999:\n        raise KeyError('nine')\n";
    let came = with_file("python_mapper", code, &numbered(1000));
    assert_eq!(came.out.len(), 999);
    let (position, error) = &came.failed[0];
    assert_eq!((came.failed.len(), *position), (1, 999));
    assert!(error.starts_with("KeyError: 'nine'\nTraceback"), "{error}");
    assert!(error.contains("own.py\", line 3, in process"), "{error}");
    assert!(!error.contains("<string>"), "{error}");
}

#[test]
fn of_a_batch_that_raises_only_the_bad_record_fails() {
    let code = "def map(batch):\n    [1 / (5 - r['n']) for r in batch]\n    return batch\n";
    let came = with_file("python_mapper", code, &numbered(10));
    assert_eq!(
        (came.out.len(), came.failed.len(), came.failed[0].0),
        (9, 1, 5)
    );
    assert!(
        came.failed[0].1.starts_with("ZeroDivisionError"),
        "{came:?}"
    );
    let code = "def map(batch):\n    return batch[1:]\n";
    let came = with_file("python_mapper", code, &numbered(2));
    assert_eq!(came.failed.len(), 2);
    assert!(
        came.failed[0].1.contains("returned 0 records for 1"),
        "{came:?}"
    );
}

#[test]
fn what_is_no_json_fails_its_record() {
    let cases = [
        ("5", "must return a dict, got int"),
        ("None", "must return a dict, got NoneType"),
        ("{'text': float('nan')}", "JSON compliant"),
        ("{'text': '\\ud800'}", "surrogates not allowed"),
        ("{'text': {1, 2}}", "a value of the type set is no JSON"),
        ("{1: 2}", "the name of a field is 1"),
        ("__import__('sys').exit(3)", "SystemExit: 3"),
    ];
    for (result, reason) in cases {
        let came = lambda(
            &format!("lambda d: {result} if d['n'] else d"),
            &[r#"{"n":0}"#, r#"{"n":1}"#],
        );
        assert_eq!(came.out, [r#"{"n":0}"#], "{result}");
        assert!(came.failed[0].1.contains(reason), "{result}: {came:?}");
    }
}

#[test]
fn what_the_code_prints_and_reads_is_not_the_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("printed.txt");
    let code = "import os, subprocess, sys\nprint('loaded')\ndef process(record):\n    print('=' * 10)\n    os.write(1, b'!\"rubbish\"\\n')\n    sys.stderr.write('x' * 70000)\n    sys.stdout.buffer.write(b'\\xff\\n')\n    subprocess.run(['echo', 'hi'])\n    record['read'] = sys.stdin.read() + str(os.read(0, 10))\n";
    let params = json!({"log_path": log.to_str().unwrap()});
    let came = with_limits("python_mapper", code, params, &numbered(20));
    assert_eq!((came.out.len(), came.failed.len()), (20, 0), "{came:?}");
    assert_eq!(came.out[0], r#"{"n":0,"text":"a", "read": "b''"}"#);
    let printed = std::fs::read(&log).unwrap();
    assert!(printed.starts_with(b"loaded\n=====") && printed.len() > 20 * 70000);
}

#[test]
fn the_record_that_kills_its_process_is_found() {
    let code = "import os\ndef process(record):\n    if record['n'] == 7:\n        print('so long')\n        os.kill(os.getpid(), 9)\n    record['n'] += 1\n";
    let came = with_file("python_mapper", code, &numbered(20));
    assert_eq!(
        (came.out.len(), came.failed.len(), came.failed[0].0),
        (19, 1, 7)
    );
    let error = &came.failed[0].1;
    assert!(
        error.contains("signal: 9") && error.ends_with("it printed last:\nso long"),
        "{error}"
    );
}

#[test]
fn a_process_that_something_else_killed_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("killed");
    let code = format!(
        "import os\ndef process(record):\n    if record['n'] == 3 and not os.path.exists({flag:?}):\n        open({flag:?}, 'w').close()\n        os._exit(0)\n"
    );
    let came = with_file("python_mapper", &code, &numbered(5));
    assert_eq!((came.out.len(), came.failed.len()), (5, 0), "{came:?}");
}

#[test]
fn the_record_that_hangs_is_found_and_costs_its_time_alone() {
    let code =
        "import time\ndef process(record):\n    time.sleep(1000 if record['n'] == 2 else 0.01)\n";
    let came = with_limits(
        "python_mapper",
        code,
        json!({"timeout": 0.5}),
        &numbered(60),
    );
    assert_eq!(
        (came.out.len(), came.failed.len(), came.failed[0].0),
        (59, 1, 2),
        "{came:?}"
    );
    assert!(
        came.failed[0]
            .1
            .starts_with("it gave no answer for 0.5 s and was killed (`timeout`)"),
        "{came:?}"
    );
}

#[test]
fn memory_has_a_limit() {
    let code = "def process(record):\n    if record['n'] == 2:\n        kept = []\n        while True:\n            kept.append(bytearray(10_000_000))\n";
    let came = with_limits(
        "python_mapper",
        code,
        json!({"memory_limit_mb": 200}),
        &numbered(5),
    );
    assert_eq!(
        (came.out.len(), came.failed.len(), came.failed[0].0),
        (4, 1, 2),
        "{came:?}"
    );
    assert!(came.failed[0].1.starts_with("MemoryError"), "{came:?}");
}

#[test]
fn a_copy_of_the_process_says_nothing() {
    let code = "import os\ndef process(record):\n    os.fork()\n    record['n'] += 1\n";
    let came = with_file("python_mapper", code, &numbered(5));
    assert_eq!((came.out.len(), came.failed.len()), (5, 0), "{came:?}");
}

#[test]
fn a_process_that_lives_on_does_not_hold_up_the_call() {
    let code = "import os, time\ndef process(record):\n    if record['n'] == 1:\n        if os.fork() == 0:\n            time.sleep(1000)\n        os._exit(1)\n";
    let begun = std::time::Instant::now();
    let came = with_file("python_mapper", code, &numbered(2));
    assert_eq!((came.out.len(), came.failed.len()), (1, 1), "{came:?}");
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn code_that_cannot_be_used_is_refused_before_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let touched = folder.path().join("touched");
    let source = |code: &str| format!("open({touched:?}, 'w')\n{code}");
    let cases = [
        (
            "def other(record):\n    pass\n",
            "it has no function `map` or `process`",
        ),
        (
            "def process(one, two):\n    pass\n",
            "`process` must take exactly one argument",
        ),
        ("def process(:\n", "it cannot be parsed"),
    ];
    for (code, reason) in cases {
        // A statement may define anything, so only a file that has nothing but definitions can be refused for lacking one.
        let code = if reason.starts_with("it has no") {
            code.to_owned()
        } else {
            source(code)
        };
        let path = file(&folder, &code);
        let error = pipeline(&call(
            "python_mapper",
            &json!({"file": path.to_str().unwrap()}),
        ))
        .unwrap_err();
        assert!(
            error.contains("parameter `file` cannot be used") && error.contains(reason),
            "{error}"
        );
    }
    assert!(!touched.exists());
    for (source, reason) in [
        ("1 + 1", "no lambda expression"),
        ("lambda a, b: a", "exactly one argument"),
        ("lambda", "no lambda"),
    ] {
        let error = pipeline(&call(
            "python_lambda_mapper",
            &json!({"lambda_str": source}),
        ))
        .unwrap_err();
        assert!(
            error.contains("`lambda_str` cannot be used") && error.contains(reason),
            "{error}"
        );
    }
    let error = pipeline(&call("python_filter", &json!({"file": "/no/such.py"}))).unwrap_err();
    assert!(error.contains("/no/such.py"), "{error}");
}

#[test]
fn code_that_fails_when_it_is_loaded_fails_nobodys_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "import no_such_module\ndef process(record):\n    pass\n",
    );
    let error = try_run(
        &call("python_mapper", &json!({"file": path.to_str().unwrap()})),
        &numbered(1),
    )
    .unwrap_err();
    assert!(
        error.contains("No module named 'no_such_module'") && error.contains("own.py\", line 1"),
        "{error}"
    );
}

#[test]
fn a_process_that_is_killed_while_it_loads_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let died = folder.path().join("died");
    let code = format!(
        "\
import os
if not os.path.exists({died:?}):
    open({died:?}, 'w').close()
    os.kill(os.getpid(), 9)
def process(record):
    record['n'] += 1
"
    );
    let path = file(&folder, &code);
    let call = call("python_mapper", &json!({"file": path.to_str().unwrap()}));
    let came = try_run(&call, &numbered(2)).unwrap();
    assert!(died.exists() && came.failed.is_empty(), "{came:?}");
    assert_eq!(came.out[1], r#"{"n":2,"text":"a"}"#);
    // One that is always killed is told.
    let path = file(
        &folder,
        "import os\nos.kill(os.getpid(), 9)\ndef process(record): pass\n",
    );
    let call = self::call("python_mapper", &json!({"file": path.to_str().unwrap()}));
    let error = try_run(&call, &numbered(1)).unwrap_err();
    assert!(error.contains("ended with signal: 9"), "{error}");
}

#[test]
fn a_python_that_is_missing_is_told_before_anything_begins() {
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::default());
    for (python, reason) in [
        ("/no/such/python", "cannot be started"),
        ("cat", "cannot be used"),
        ("true", "cannot be used"),
    ] {
        let settings = ChainSettings {
            python: PythonSettings {
                interpreter: Some(python.to_owned()),
                ..Default::default()
            },
            ..settings()
        };
        let call = call(
            "python_lambda_mapper",
            &json!({"lambda_str": "lambda d: d"}),
        );
        let error = Pipeline::resolve(&registry, &[call], &settings)
            .unwrap_err()
            .to_string();
        assert!(error.contains(python) && error.contains(reason), "{error}");
        assert!(
            error.contains("install Python, or name an interpreter by the key `python`"),
            "{error}"
        );
    }
    // Without code to run, no Python is needed.
    let settings = ChainSettings {
        python: PythonSettings {
            interpreter: Some("/no/such/python".to_owned()),
            ..Default::default()
        },
        ..settings()
    };
    Pipeline::resolve(
        &registry,
        &[call("python_lambda_mapper", &json!({}))],
        &settings,
    )
    .unwrap();
}

#[test]
fn the_code_is_part_of_the_identity_and_the_limits_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let identity = |code: &str, limit: u64| {
        let path = file(&folder, code);
        let params = json!({"file": path.to_str().unwrap(), "memory_limit_mb": limit});
        format!(
            "{:?}",
            pipeline(&call("python_mapper", &params))
                .unwrap()
                .operators()[0]
        )
    };
    let code = "def process(record):\n    pass\n";
    assert_eq!(identity(code, 100), identity(code, 200));
    assert_ne!(
        identity(code, 100),
        identity("def process(record):\n    return\n", 100)
    );
}

#[test]
fn a_rate_is_kept_and_each_record_has_its_own_answer() {
    let code = "def map(batch):\n    assert len(batch) == 1\n    assert batch[0]['n'] != 1\n    return batch\n";
    let begun = std::time::Instant::now();
    let came = with_limits(
        "python_mapper",
        code,
        json!({"requests_per_minute": 1200}),
        &numbered(5),
    );
    assert_eq!(
        (came.out.len(), came.failed.len(), came.failed[0].0),
        (4, 1, 1),
        "{came:?}"
    );
    assert!(begun.elapsed().as_millis() >= 200);
}

#[test]
fn a_command_changes_records_and_keeps_them() {
    let records = [r#"{"n": 1.50, "text": "b\u00e9"}"#, r#"{"n":2,"text":"c"}"#];
    let came = run(
        "command_mapper",
        json!({"command": ["sed", "s/\"n\": *2/\"m\":3/"]}),
        &records,
    );
    assert_eq!(came.out, [records[0], r#"{"text":"c", "m":3}"#]);
    let came = run(
        "command_filter",
        json!({"command": "sed 's/.*1.50.*/true/; t; s/.*/false/'"}),
        &records,
    );
    assert_eq!(came.out, records[..1]);
}

#[test]
fn a_command_that_misbehaves_fails_the_records_that_it_fails_on_alone() {
    let records = numbered(4);
    let run = |command: &str| {
        let timeout = if command.contains("sleep") { 0.5 } else { 60.0 };
        let params = json!({"command": command, "timeout": timeout, "memory_limit_mb": 100});
        try_run(&call("command_mapper", &params), &records).unwrap()
    };
    let cases = [
        ("grep -v '\"n\":2'", "status: 1"),
        ("sed '/\"n\":2/s/.*/rubbish/'", "wrote `rubbish`"),
        ("sed '/\"n\":2/p'", "it wrote more than 1 lines"),
        ("sed '/\"n\":2/d'", "it wrote 0 instead of 1 lines"),
        (
            "cat > /tmp/$$; echo oops >&2; if grep -q '\"n\":2' /tmp/$$; then rm /tmp/$$; exit 3; fi; cat /tmp/$$; rm /tmp/$$",
            "exit status: 3; it printed last:\noops",
        ),
        (
            "while read a; do case $a in *:2,*) sleep 100;; esac; echo $a; done",
            "no answer for 0.5 s",
        ),
        (
            "while read a; do case $a in *:2,*) python3 -c 'x = bytearray(10**9)' || exit 4;; esac; echo $a; done",
            "MemoryError",
        ),
    ];
    for (command, reason) in cases {
        let came = run(command);
        assert_eq!(
            (came.out.len(), came.failed.len()),
            (3, 1),
            "{command}: {came:?}"
        );
        assert!(
            came.failed[0].0 == 2 && came.failed[0].1.contains(reason),
            "{command}: {came:?}"
        );
    }
    let missing = pipeline(&call(
        "command_mapper",
        &json!({"command": ["no-such-program", "x"]}),
    ))
    .unwrap_err();
    assert!(
        missing.contains("needs the program `no-such-program`, which is not on `PATH`"),
        "{missing}"
    );
    let none = pipeline(&call("command_mapper", &json!({}))).unwrap_err();
    assert!(
        none.contains("parameter `command` must be a command"),
        "{none}"
    );
}
