//! Recipes that are wrong.

use crate::bench::Bench;

const HEAD: &str = "dataset_path: in.jsonl\nexport_path: out/o.jsonl\nwork_dir: jobs\nprocess:\n";

/// The recipe is refused by every command that reads it: this error, its place, a caret, and nothing is written.
#[track_caller]
fn check(recipe: &str, message: &str, place: &str) {
    for command in ["process --job_id j", "check", "plan"] {
        let ran = refused(command, recipe.as_bytes()).begins_with_error(message);
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(
            lines[1].trim(),
            format!("--> r.yaml:{place}"),
            "{}",
            ran.stderr
        );
        let row = place.split(':').next().unwrap();
        assert!(lines[3].starts_with(&format!("{row} | ")), "{}", ran.stderr);
        assert!(lines[4].contains('^'), "{}", ran.stderr);
    }
}

#[track_caller]
fn refused(command: &str, recipe: &[u8]) -> crate::bench::Ran {
    let bench = Bench::with_input();
    bench.write("r.yaml", recipe);
    let ran = bench.run(&format!("{command} --config r.yaml")).expect(2);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(!bench.path("jobs").exists() && !bench.path("out").exists());
    ran
}

#[test]
fn an_unknown_operator() {
    let recipe = format!("{HEAD}  - no_such_operator:\n      a: 1\n");
    check(
        &recipe,
        "unknown operator `no_such_operator`; `coldpress ops` lists the operators",
        "5:5",
    );
    let recipe = format!("{HEAD}  - text_lenght_filter\n");
    check(
        &recipe,
        "unknown operator `text_lenght_filter`, did you mean `text_length_filter`?",
        "5:5",
    );
}

#[test]
fn a_parameter_of_the_wrong_type_or_range() {
    for (operator, parameter, message) in [
        (
            "text_length_filter",
            "min_len: ten",
            "parameter `min_len` must be an integer, found text `ten`",
        ),
        (
            "text_length_filter",
            "min_len: 1.5",
            "parameter `min_len` must be an integer, found `1.5`",
        ),
        (
            "text_length_filter",
            "min_len: [1]",
            "parameter `min_len` must be an integer, found a list",
        ),
        (
            "text_length_filter",
            "min_len: {a: 1}",
            "parameter `min_len` must be an integer, found a map",
        ),
        (
            "text_length_filter",
            "min_len: 99999999999999999999",
            "parameter `min_len` must be an integer, found `99999999999999999999`",
        ),
        (
            "word_repetition_filter",
            "rep_len: 0",
            "parameter `rep_len` must be at least 1",
        ),
        (
            "alphanumeric_filter",
            "min_ratio: much",
            "parameter `min_ratio` must be a number, found text `much`",
        ),
    ] {
        let column = 7 + parameter.find(' ').unwrap() + 1;
        let recipe = format!("{HEAD}  - {operator}:\n      {parameter}\n");
        check(
            &recipe,
            &format!("{operator}: {message}"),
            &format!("6:{column}"),
        );
    }
}

#[test]
fn a_ratio_that_is_no_number_is_out_of_range() {
    // Nothing is at least or at most NaN: every record would be dropped in silence.
    let recipe = format!("{HEAD}  - alphanumeric_filter:\n      min_ratio: .nan\n");
    refused("process", recipe.as_bytes()).tells(&[
        "alphanumeric_filter",
        "min_ratio",
        "r.yaml:6:18",
        "^",
    ]);
}

#[test]
fn a_key_of_the_wrong_type_or_range() {
    for (key, value, wanted) in [
        ("np", "0", "a whole number from 1 to 4294967295, found"),
        ("np", "-1", "a whole number from 1 to 4294967295, found"),
        ("np", "many", "a whole number from 1 to 4294967295, found"),
        ("max_error_ratio", "1.5", "a number from 0 to 1"),
        ("max_error_ratio", ".nan", "a number from 0 to 1"),
        ("max_record_mb", "-1", ""),
    ] {
        let recipe = format!("{HEAD}  - text_length_filter\n{key}: {value}\n");
        let ran = refused("process", recipe.as_bytes());
        let ran = ran.tells(&[
            &format!(
                "error: r.yaml:6:{}: `{key}` must be {wanted}",
                key.len() + 3
            ),
            "^",
        ]);
        assert!(
            ran.stderr.contains(&format!("found `{value}`")) || ran.stderr.contains("found text"),
            "{}",
            ran.stderr
        );
    }
    let recipe = format!("{HEAD}  - text_length_filter\npartition:\n  size: 0\n");
    let message = "r.yaml:7:9: `partition.size` must be a whole number of at least 1, found `0`";
    check(&recipe, message, "7:9");
}

#[test]
fn what_is_no_yaml() {
    let message =
        "r.yaml:1:4: not YAML: while scanning a quoted scalar, found unexpected end of stream";
    check("a: 'open\n", message, "1:4");
    let ran = refused("process", b"{\"this\": is no yaml\n");
    ran.tells(&["error: r.yaml:2:1: not YAML: while parsing a flow mapping, did not find expected ',' or '}'"]);
    let ran = refused("process", b"process: ]\n");
    ran.tells(&["error: r.yaml:1:10: not YAML: ", "^"]);
    check(
        "plain text\n",
        "r.yaml:1:1: `recipe` must be a map of keys, found text `plain text`",
        "1:1",
    );
    refused("process", b"- a\n- list\n")
        .tells(&["error: r.yaml:1:1: `recipe` must be a map of keys, found a list"]);
    refused("process", b"\xFF\xFE\0garbage")
        .begins_with_error("r.yaml: a recipe is UTF-8 text, and byte 0 is not (counted from 0)");
    refused("process", b"").begins_with_error("r.yaml: `process` is missing");
    refused("process", b"# a comment only\n").begins_with_error("r.yaml: `process` is missing");
}

#[test]
fn what_is_no_file() {
    let bench = Bench::with_input();
    for (path, message) in [
        (
            ".",
            "cannot read the recipe `.`: Is a directory (os error 21)",
        ),
        (
            "none.yaml",
            "cannot read the recipe `none.yaml`: No such file or directory (os error 2)",
        ),
        (
            "/proc/self/mem",
            "cannot read the recipe `/proc/self/mem`: Input/output error (os error 5)",
        ),
    ] {
        bench
            .run(&format!("process --config {path}"))
            .expect(2)
            .begins_with_error(message);
    }
}

#[test]
fn a_bomb_of_aliases() {
    let list = |item: &str| [item; 9].join(", ");
    let mut bomb = format!("a0: &a0 [{}]\n", list("lol"));
    for level in 1..12 {
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            list(&format!("*a{}", level - 1))
        ));
    }
    let ran = refused("process", bomb.as_bytes());
    ran.tells(&[
        "error: r.yaml:",
        "the recipe is too large: more than 200000 values, aliases expanded",
        "^",
    ]);
    check(
        "dataset_path: &x [*x]\n",
        "r.yaml:1:19: an alias stands inside the value that it names",
        "1:19",
    );
    let deep = format!("a: {}\n", "[".repeat(100_000));
    let ran = refused("process", deep.as_bytes()).tells(&["not YAML: recursion limit exceeded"]);
    assert!(
        ran.stderr.len() < 2_000,
        "{} bytes of message",
        ran.stderr.len()
    );
    let long = format!(
        "process: [text_length_filter]\nproject_name: {}\n",
        "x".repeat(20_000_000)
    );
    refused("process", long.as_bytes()).tells(&["the recipe is too large: more than"]);
}
