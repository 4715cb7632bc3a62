//! Keys that take URLs, and the options for reaching them.

use coldpress_config::{Location, Overrides, Recipe};

use crate::{error, load, load_with};

#[test]
fn the_parts_of_a_job_can_lie_behind_urls() {
    let keys = [
        "work_dir",
        "event_log_dir",
        "checkpoint_dir",
        "partition_dir",
    ];
    for key in keys {
        let recipe = load(&format!("{key}: s3://bucket/{{job_id}}"));
        assert!(recipe.to_yaml().contains("s3://bucket/{job_id}"), "{key}");
        assert_eq!(
            error(&format!("{key}: 's3://'")),
            format!(
                "r.yaml:4:{}: `{key}` must be a path or a URL, found text \"s3://\"",
                key.len() + 3
            )
        );
        let told = error(&format!("{key}: s3://me:hush@bucket/x"));
        assert!(
            told.contains("storage_options") && !told.contains("hush"),
            "{told}"
        );
    }
    let mut recipe = load(
        "work_dir: jobs\ncheckpoint_dir: s3://bucket/{work_dir}/of/{job_id}\npartition_dir: file:///p",
    );
    recipe.substitute("one");
    let checkpoints = recipe.paths.checkpoint_dir.unwrap();
    assert_eq!(
        Location::of(&checkpoints),
        Location::Url("s3://bucket/jobs/of/one")
    );
    assert_eq!(recipe.paths.partition_dir.as_deref(), Some("/p"));
    // The part before `@` is the container of a store, not a person.
    load("checkpoint_dir: abfs://container@account.dfs.core.windows.net/jobs");
}

#[test]
fn options_are_read_and_never_written() {
    let text = "storage_options:\n  endpoint: http://localhost:9000\n  allow_http: true\n  s3://bucket:\n    secret_access_key: hush\n";
    let recipe = load(text);
    let options: Vec<_> = recipe.remote.options.iter().collect();
    assert_eq!(
        options,
        [
            ("", "allow_http", "true"),
            ("", "endpoint", "http://localhost:9000"),
            ("s3://bucket", "secret_access_key", "hush"),
        ]
    );
    let on_command_line = load_with("", &["--storage_options", "{secret_access_key: hush}"]);
    for recipe in [&recipe, &on_command_line] {
        let resolved = recipe.to_yaml();
        assert!(resolved.contains("storage_options: {}\n"), "{resolved}");
        for shown in [
            resolved.as_str(),
            recipe.source_text(),
            &format!("{recipe:?}"),
        ] {
            assert!(
                !shown.contains("hush") && !shown.contains("localhost"),
                "{shown}"
            );
        }
        let again = Recipe::parse(&resolved, "resolved.yaml", &Overrides::default()).unwrap();
        assert!(again.remote.options.is_empty());
    }
}

#[test]
fn what_is_wrong_with_options_is_told_without_them() {
    for (options, expected) in [
        ("hush", "must be a map of options"),
        ("[hush]", "must be a map of options"),
        (
            "{key: [hush]}",
            "must be options with one value each, found a list",
        ),
        (
            "{key: {hush: 1}}",
            "must be options with one value each, found a map",
        ),
        (
            "{key: null}",
            "must be options with one value each, found nothing",
        ),
        ("{'s3://b': hush}", "must be a map of options"),
    ] {
        let told = error(&format!("storage_options: {options}"));
        assert!(told.contains(expected) && !told.contains("hush"), "{told}");
    }
}

#[test]
fn a_recipe_is_shown_without_its_secrets() {
    let shown = |text| coldpress_config::shown_text(text);
    let hidden = "# left out, as it may be secret\n";
    assert_eq!(
        shown("a: 1\nstorage_options: {key: hush}\n"),
        Some(format!("a: 1\n{hidden}"))
    );
    // Unreadable text is shown as long as it names no secret.
    assert_eq!(shown("a: [1\nb: ]}"), Some("a: [1\nb: ]}".to_owned()));
    assert_eq!(shown("a: [1\nstorage_options: {key: hush}"), None);
}

#[test]
fn what_is_nearly_a_url_is_no_folder() {
    for (text, meant) in [
        ("s3:/b/x", "s3://b/x"),
        ("s3:b/x", "s3://b/x"),
        ("S3A//b/x", "s3a://b/x"),
        ("http:/h/x.jsonl", "http://h/x.jsonl"),
        ("file:/d/x.jsonl", "file:///d/x.jsonl"),
    ] {
        for key in [
            "work_dir",
            "scratch_dir",
            "checkpoint_dir",
            "export_dropped",
        ] {
            let told = error(&format!("{key}: '{text}'"));
            let expected = format!("found text \"{text}\": did you mean `{meant}`?");
            assert!(told.contains(&expected), "{told}");
        }
        let told = error(&format!("dataset: {{configs: [{{path: '{text}'}}]}}"));
        assert!(told.contains(&format!("did you mean `{meant}`?")), "{told}");
    }
    let told = error("work_dir: http:/me:hush@h/x");
    assert!(told.contains("`://`") && !told.contains("hush"), "{told}");
    for text in ["./s3:/x", "s3", "s3/x", "x/s3:/b", "vault:/x", "c:x"] {
        load(&format!("work_dir: '{text}'"));
    }
}

#[test]
fn what_is_secret_in_a_web_address_is_used_and_written_nowhere() {
    let address = "https://me:hush@host/a.jsonl?sig=hush";
    let text = format!("dataset_path: {address} # mine\nexport_path: b.jsonl\nprocess: []\n");
    let recipe = Recipe::parse(&text, "r.yaml", &Overrides::default()).unwrap();
    assert_eq!(recipe.dataset.paths().collect::<Vec<_>>(), [address]);
    assert_eq!(
        recipe.source_text(),
        "dataset_path: https://host/a.jsonl # mine\nexport_path: b.jsonl\nprocess: []\n"
    );
    let configs = format!("dataset: {{configs: [{{path: '{address}', weight: 0.5}}]}}\n");
    let configs = format!("{configs}export_path: b.jsonl\nprocess: []\n");
    let overridden = [
        "--dataset_path".to_owned(),
        format!("0.5 {address} 2 {address}"),
    ];
    let overridden = Overrides::from_args(&overridden).unwrap();
    let recipes = [
        Recipe::parse(&configs, "r.yaml", &Overrides::default()).unwrap(),
        Recipe::parse(&text, "r.yaml", &overridden).unwrap(),
        recipe,
    ];
    for recipe in recipes {
        let shown: Vec<_> = recipe.dataset.shown_paths().collect();
        let written = format!("{}{}{shown:?}", recipe.source_text(), recipe.to_yaml());
        assert!(!written.contains("hush"), "{written}");
        assert!(recipe.to_yaml().contains("https://host/a.jsonl"));
    }
}

#[test]
fn one_option_is_a_flag() {
    let text = "storage_options:\n  endpoint: http://localhost:9000\n  region: here\n";
    let recipe = load_with(
        text,
        &[
            "--storage_options.region",
            "there",
            "--storage-options.profile=me",
        ],
    );
    let options: Vec<_> = recipe.remote.options.iter().collect();
    assert_eq!(
        options,
        [
            ("", "endpoint", "http://localhost:9000"),
            ("", "profile", "me"),
            ("", "region", "there"),
        ]
    );
    let pairs = [
        "--storage_options",
        "region=there,profile=me",
        "--storage_options",
        "endpoint=http://a=b",
    ];
    let recipe = load_with("", &pairs);
    let options: Vec<_> = recipe.remote.options.iter().collect();
    assert_eq!(
        options,
        [
            ("", "endpoint", "http://a=b"),
            ("", "profile", "me"),
            ("", "region", "there"),
        ]
    );
    let recipe = load_with("", &["--export_aws_credentials.aws_region", "there"]);
    assert_eq!(recipe.remote.export.iter().count(), 1);
    let recipe = load("storage_options.region: here");
    assert_eq!(recipe.remote.options.iter().count(), 1);
}

#[test]
fn options_that_are_for_nothing_are_told() {
    let warnings = |prefix: &str| {
        let recipe = load(&format!(
            "work_dir: s3a://bucket/jobs\nstorage_options: {{region: here, '{prefix}': {{region: there}}}}"
        ));
        let told = recipe.warnings.iter().map(ToString::to_string);
        told.collect::<Vec<String>>().join("\n")
    };
    for used in [
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/jobs/one",
        "s3a://bucket/jobs",
    ] {
        assert_eq!(warnings(used), "", "{used}");
    }
    for (unused, meant) in [
        ("s3a://bukcet", "did you mean `s3a://bucket`?"),
        ("s3a://bucket/jbos", "did you mean `s3a://bucket/jobs`?"),
    ] {
        let told = warnings(unused);
        assert!(
            told.contains(&format!("the options for `{unused}` are not used")),
            "{told}"
        );
        assert!(told.contains(meant), "{told}");
    }
    assert!(warnings("gs://other").contains("`gs://other` are not used"));
}
