use std::fs;
use std::path::Path;

use coldpress_config::{Error, Overrides, Recipe, Span};
use proptest::prelude::*;

use crate::{error, load};

/// Each is added to the base, so that it begins at line 4.
const BAD: &[(&str, &str)] = &[
    (
        "partition: {sise: 5}",
        "r.yaml:4:13: unknown key `partition.sise`, did you mean `partition.size`?",
    ),
    (
        "max_size_mb: 5",
        "r.yaml:4:1: unknown key `max_size_mb`, did you mean `partition.max_size_mb`?",
    ),
    (
        "chekpoint:\n  strategy: manual",
        "r.yaml:4:1: unknown key `chekpoint`, did you mean `checkpoint`?",
    ),
    (
        "use_cach: 1",
        "r.yaml:4:1: unknown key `use_cach`, did you mean `use_cache`?",
    ),
    (
        "checkpoint: {n: 2}",
        "r.yaml:4:14: unknown key `checkpoint.n`, did you mean `checkpoint.n_ops`?",
    ),
    ("zebra: 1", "r.yaml:4:1: unknown key `zebra`"),
    (
        "partition: 5",
        "r.yaml:4:12: `partition` must be a map of keys, found `5`",
    ),
    (
        "partition: [size]",
        "r.yaml:4:12: `partition` must be a map of keys, found a list",
    ),
    (
        "partition:\n  size: abc",
        "r.yaml:5:9: `partition.size` must be a whole number of at least 1, found text `abc`",
    ),
    (
        "partition_size: 0",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found `0`",
    ),
    (
        "partition_size: -5",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found `-5`",
    ),
    (
        "partition_size: 1.5",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found `1.5`",
    ),
    (
        "partition_size: 017",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found text `017`",
    ),
    (
        "partition_size: '5'",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found text \"5\"",
    ),
    (
        "partition_size: [5]",
        "r.yaml:4:17: `partition_size` must be a whole number of at least 1, found a list",
    ),
    (
        "np: 0",
        "r.yaml:4:5: `np` must be a whole number from 1 to 4294967295, found `0`",
    ),
    (
        "np: 5000000000",
        "r.yaml:4:5: `np` must be a whole number from 1 to 4294967295, found `5000000000`",
    ),
    (
        "max_error_ratio: 1.5",
        "r.yaml:4:18: `max_error_ratio` must be a number from 0 to 1, found `1.5`",
    ),
    (
        "max_error_ratio: .nan",
        "r.yaml:4:18: `max_error_ratio` must be a number from 0 to 1, found `.nan`",
    ),
    (
        "skip_op_error: maybe",
        "r.yaml:4:16: `skip_op_error` must be true or false, found text `maybe`",
    ),
    (
        "skip_op_error: 1",
        "r.yaml:4:16: `skip_op_error` must be true or false, found `1`",
    ),
    (
        "export_overwrite: sometimes",
        "r.yaml:4:19: `export_overwrite` must be one of `own`, `always`, `never`, found text `sometimes`",
    ),
    (
        "checkpoint: {strategy: [a]}",
        "r.yaml:4:24: `checkpoint.strategy` must be one of `every_op`, `every_partition`, `every_n_ops`, `manual`, `disabled`, found a list",
    ),
    (
        "job_id: ../escape",
        "r.yaml:4:9: `job_id` must be a job id (a letter or digit, then at most 127 letters, digits, `.`, `_` or `-`), found text `../escape`",
    ),
    (
        "text_keys: []",
        "r.yaml:4:12: `text_keys` must be text or a list of texts, found a list",
    ),
    (
        "text_keys: [a, {b: c}]",
        "r.yaml:4:16: `text_keys` must be text or a list of texts, found a map",
    ),
    (
        "max_record_mb: 0",
        "r.yaml:4:16: `max_record_mb` must be a size in MB above 0, found `0`",
    ),
    (
        "export_dropped: true",
        "r.yaml:4:17: `export_dropped` must be a path or a URL, found `true`",
    ),
    (
        "alerts: 5",
        "r.yaml:4:9: `alerts` must be a list of rules such as `{when: error_ratio, above: 0.01, post: http://…}`: `when` is \
         `error_ratio`, `stalled` or `source_loss` with `above`, `throughput` or `disk_free_mb` with `below`, `failed`, \
         `stopped` or `completed`; a limit may have `for_seconds`, and every rule `name`, `run` and `post`, found `5`",
    ),
    (
        "work_dir: '{work_dir}/x'",
        "r.yaml:4:11: `work_dir` must be a path without `{work_dir}` in it, found `{work_dir}/x`",
    ),
    (
        "job_id: a\nresume: b",
        "r.yaml:5:1: `resume` contradicts `job_id`: they name the jobs `b` and `a`; give one of them",
    ),
    (
        "np: 2\nnp: 3",
        "r.yaml:5:1: duplicate key `np`, first given at line 4, column 1",
    ),
    (
        "partition.size: 2\npartition: {size: 3}",
        "r.yaml:5:13: duplicate key `partition.size`, first given at line 4, column 1",
    ),
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (more, expected) in BAD {
        assert_eq!(error(more), *expected, "{more}");
    }
}

#[test]
fn a_diagnostic_has_the_place_apart() {
    let text = "dataset_path: a\nexport_path: b.jsonl\nprocess: []\nnp: many\n";
    let error = Recipe::parse(text, "r.yaml", &Overrides::default()).unwrap_err();
    let diagnostic = error.diagnostic();
    assert_eq!(
        diagnostic.message,
        "`np` must be a whole number from 1 to 4294967295, found text `many`"
    );
    assert_eq!(
        (diagnostic.span, diagnostic.origin.as_str()),
        (Span { line: 4, column: 5 }, "r.yaml")
    );
    assert_eq!(diagnostic.to_string(), error.to_string());
}

#[test]
fn what_every_recipe_needs_is_named() {
    let cases = [
        (
            "export_path: b.jsonl\nprocess: []",
            "r.yaml: `dataset_path` is missing",
        ),
        (
            "dataset_path:\nexport_path: b.jsonl\nprocess: []",
            "r.yaml: `dataset_path` is missing",
        ),
        (
            "dataset_path: a\nprocess: []",
            "r.yaml: `export_path` is missing",
        ),
        (
            "dataset_path: a\nexport_path: b.jsonl",
            "r.yaml: `process` is missing",
        ),
        ("", "r.yaml: `process` is missing"),
        (
            "just text",
            "r.yaml:1:1: `recipe` must be a map of keys, found text `just text`",
        ),
        (
            "- a\n- b",
            "r.yaml:1:1: `recipe` must be a map of keys, found a list",
        ),
    ];
    for (text, expected) in cases {
        let error = Recipe::parse(text, "r.yaml", &Overrides::default()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn operators_have_three_forms_and_no_fourth() {
    let process = |entries: &str| {
        let text = format!("dataset_path: a\nexport_path: b.jsonl\nprocess:\n{entries}");
        Recipe::parse(&text, "r.yaml", &Overrides::default()).map_err(|error| error.to_string())
    };
    let recipe =
        process("  - a\n  - b:\n  - c: {x: 1}\n  - c:\n      x: yes\n  - d: {}\n").unwrap();
    let calls: Vec<(&str, usize, u32)> = recipe
        .process
        .iter()
        .map(|call| (call.name.as_str(), call.params.len(), call.span.line))
        .collect();
    assert_eq!(
        calls,
        [
            ("a", 0, 4),
            ("b", 0, 5),
            ("c", 1, 6),
            ("c", 1, 7),
            ("d", 0, 9)
        ]
    );
    assert_eq!(recipe.process[3].param("x").unwrap().as_bool(), Some(true));
    assert!(
        process("").unwrap().process.is_empty(),
        "every entry may be commented out"
    );

    let form =
        "`process` must be a list of operators, each `- name` or `- name: {parameter: value}`";
    for (entries, expected) in [
        (
            "  - a: 5\n",
            "r.yaml:4:8: `process: a` must be a map of parameters, found `5`".to_string(),
        ),
        (
            "  - a: [x]\n",
            "r.yaml:4:8: `process: a` must be a map of parameters, found a list".to_string(),
        ),
        ("  - [a]\n", format!("r.yaml:4:5: {form}, found a list")),
        (
            "  - {}\n",
            format!("r.yaml:4:5: {form}, found an empty map"),
        ),
        ("  -\n", format!("r.yaml:4:4: {form}, found nothing")),
        (
            "  - a:\n    min_len: 5\n",
            format!(
                "r.yaml:5:5: {form}, found a second name, `min_len` (parameters are indented below the operator's name)"
            ),
        ),
        (
            "  - a: {x: 1, x: 2}\n",
            "r.yaml:4:15: duplicate key `x`, first given at line 4, column 9".to_string(),
        ),
        (
            "  a: {x: 1}\n",
            "r.yaml:4:3: `process` must be a list of operators, found a map".to_string(),
        ),
    ] {
        assert_eq!(process(entries).unwrap_err(), expected, "{entries}");
    }
}

#[test]
fn files_that_cannot_be_recipes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        Recipe::load(&path, &Overrides::default()).unwrap_err()
    };
    assert!(matches!(
        Recipe::load(Path::new("/no/such/recipe.yaml"), &Overrides::default()),
        Err(Error::Unreadable { .. })
    ));
    assert!(matches!(
        Recipe::load(dir.path(), &Overrides::default()),
        Err(Error::Unreadable { .. })
    ));
    assert!(matches!(
        file("latin1.yaml", b"a: caf\xe9"),
        Error::Syntax { .. }
    ));
    assert!(matches!(
        file("zeros.yaml", &[0; 100]),
        Error::Syntax { .. } | Error::WrongType { .. }
    ));
    assert!(matches!(
        file("large.yaml", &vec![b'#'; (4 << 20) + 1]),
        Error::TooLarge { .. }
    ));
    assert!(matches!(
        file("large.bin", &vec![0xff; 5 << 20]),
        Error::TooLarge { .. }
    ));
    assert!(matches!(
        file("tabs.yaml", b"a:\n\tb: 1"),
        Error::Syntax { .. }
    ));
}

#[test]
fn an_alias_bomb_is_refused_and_a_plain_alias_is_not() {
    let mut bomb = String::from("alerts:\n- &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!("- &a{level} [{}]\n", vec![alias; 9].join(", "));
    }
    assert!(
        error(&bomb).contains("the recipe is too large: more than 200000 values, aliases expanded")
    );
    let recipe = load("intermediate_storage: {format: &f parquet}\ncheckpoint: {format: *f}");
    assert_eq!(recipe.checkpoint.format, recipe.storage.format);
}

#[test]
fn long_and_strange_recipes_are_judged_in_bounded_time() {
    // Each takes some milliseconds; quadratic work would take minutes.
    for pattern in [
        "[",
        "{a: ",
        "- ",
        "? ",
        "a: &a 1\n",
        "&a ",
        "'",
        "\"\\",
        "# \n",
        "\n",
        " ",
        "- &a x\n- *a\n",
        "!a ",
        "a:\n",
        "[],",
        "*a ",
        "%TAG ! x\n",
        "|\n ",
        "<<: {}\n",
        "x",
        ": ",
        ",",
        "{}\n",
        "a, ",
        "\u{feff}",
        "--- \n",
    ] {
        for lead in ["", "alerts: [", "alerts: {", "alerts: |\n ", "alerts:\n"] {
            let text = lead.to_string() + &pattern.repeat((1 << 17) / pattern.len());
            let started = std::time::Instant::now();
            let _ = Recipe::parse(&text, "r.yaml", &Overrides::default());
            assert!(started.elapsed().as_secs() < 20, "{lead:?} {pattern:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = Recipe::parse(&text, "r.yaml", &Overrides::default());
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[\\[\\]{}:,&*!|>'\"%@`#?-] ?", "\n *", "(process|partition|size|np|text_keys|<<|dataset|configs): ?",
                "&a |\\*a |!!(str|int|map) ", "[0-9]{1,3}", "---\n", "[a-zé\u{0}\t]{1,3}",
            ],
            0..40,
        ),
    ) {
        let _ = Recipe::parse(&pieces.concat(), "r.yaml", &Overrides::default());
    }

    #[test]
    fn no_change_to_a_recipe_makes_it_panic(
        at in 0_usize..700,
        with in "[ \n\t\\[{}\\]:\"'#&*!0-9a-z-]{0,3}",
    ) {
        let text = include_str!("../documented_recipes/basic.yaml");
        let at = at.min(text.len());
        let _ = Recipe::parse(&format!("{}{with}{}", &text[..at], &text[at..]), "r.yaml", &Overrides::default());
    }
}
