//! What is said about a recipe before it is run.

use crate::bench::{Bench, Ran, repository};

#[test]
fn the_help_lists_the_commands_and_the_flags() {
    let bench = Bench::new();
    let commands = [
        "process",
        "check",
        "plan",
        "jobs",
        "monitor",
        "stop",
        "events",
        "quarantine",
        "checkpoint",
        "assets",
        "ops",
        "report",
        "docetl",
        "completions",
    ];
    bench.run("--help").expect(0).prints(&commands);
    bench.run("process --help").expect(0).prints(&[
        "--config",
        "--fresh",
        "--take-over",
        "--json",
        "--any.recipe.key",
    ]);
    for command in commands {
        bench
            .run(&format!("{command} --help"))
            .expect(0)
            .prints(&["Usage: coldpress"]);
    }
    bench
        .run("completions bash")
        .expect(0)
        .prints(&["_coldpress"]);
}

#[test]
fn the_quickstart_recipe_is_fine() {
    let bench = Bench::new();
    let run = |line: &str| {
        let mut command = bench.command(line);
        Ran::of(command.current_dir(repository()).output().unwrap())
    };
    run("check --config configs/quickstart.yaml")
        .expect(0)
        .prints(&["fine", "clean_links_mapper", "1 file"]);
    run("plan --config configs/quickstart.yaml")
        .expect(0)
        .prints(&["Records      484", "Partitions   5 of", "Stage 1"]);
}

#[test]
fn check_and_plan_write_nothing() {
    let bench = Bench::new();
    bench
        .run("check --config recipe.yaml")
        .expect(0)
        .prints(&["out/clean.jsonl is free", "min_len=8"]);
    let plan = bench
        .run("plan --config recipe.yaml --checkpoint.strategy every_op --limit 25 --json")
        .expect(0)
        .json();
    for (key, value) in [
        ("records", 25),
        ("partitions", 3),
        ("checkpoint_files", 6),
        ("workers", 2),
    ] {
        assert_eq!(plan[key], value, "{key} in {plan}");
    }
    assert_eq!(std::fs::read_dir(bench.path("")).unwrap().count(), 2);
}

/// Only what can show in the results of this recipe, and what the key `compat` does about it.
#[test]
fn check_says_what_differs_from_data_juicer() {
    let bench = Bench::new();
    let recipe = |compat: &str| {
        let calls = "process:\n  - clean_ip_mapper\n  - alphanumeric_filter:\n  - random_selector: {select_num: 2}\n";
        let recipe = format!("dataset_path: data.jsonl\nexport_path: out.jsonl\n{compat}{calls}");
        bench.write("differs.yaml", &recipe);
        bench.write("data.jsonl", "{\"text\": \"a\"}\n");
        bench.run("check --config differs.yaml").expect(0)
    };
    recipe("").prints(&[
        "9 differences from Data-Juicer can show in this recipe's results. 8 of them\ndisappear with `compat: data_juicer`. All are explained in docs/compatibility.md\n",
        "        1  `clean_ip_mapper`: what looks like an address within a longer number",
        "             Here: stays\n             With `compat`: as Data-Juicer\n",
        "        2  statistics with decimals",
        "`random_selector`: the seed",
    ]);
    let told = recipe("compat: data_juicer\n").stdout;
    assert!(
        told.contains("1 difference from Data-Juicer remains with `compat: data_juicer`:\n"),
        "{told}"
    );
    assert!(told.contains("`random_selector`: the seed"), "{told}");
    assert!(!told.contains("clean_ip_mapper`:"), "{told}");
}

/// A difference is shown where the recipe can meet it, and nowhere else.
#[test]
fn check_shows_no_difference_that_cannot_show() {
    let bench = Bench::new();
    bench.write("data.jsonl", "{\"text\": \"a\"}\n");
    bench.write("more.jsonl", "{\"text\": \"b\"}\n");
    let told = |recipe: &str| {
        bench.write("differs.yaml", format!("work_dir: jobs\n{recipe}"));
        bench.run("check --config differs.yaml").expect(0).stdout
    };
    let mixed = "dataset: {configs: [{path: data.jsonl, weight: 3}, {path: more.jsonl, weight: 1}], max_sample_num: 8}\n";
    let data = "dataset_path: data.jsonl\n";
    let (file, none) = ("export_path: out.jsonl\n", "process: []\n");
    let filter = "process: [text_length_filter]\n";
    let traced = "open_tracer: true\nprocess: [clean_ip_mapper]\n";
    let twice = "process: [text_length_filter, clean_ip_mapper, text_length_filter]\n";
    let splits =
        "open_tracer: true\nprocess: [text_chunk_mapper: {max_len: 4}, document_deduplicator]\n";
    for (recipe, what, shows) in [
        ([mixed, file, none], "shares of `max_sample_num`", false),
        (
            [&mixed.replace("8}", "7}"), file, none],
            "shares of `max_sample_num`",
            true,
        ),
        ([mixed, file, none], "a single path", false),
        (
            [mixed, file, none],
            "without `dataset.max_sample_num`",
            false,
        ),
        ([mixed, file, none], "which records are drawn", true),
        ([data, file, none], "which records are drawn", false),
        ([data, file, none], "_stats.jsonl`", false),
        ([data, file, filter], "_stats.jsonl`", true),
        (
            [data, "export_path: out.jsonl\nexport_stats: true\n", filter],
            "_stats.jsonl`",
            false,
        ),
        (
            [data, "export_path: out\n", none],
            "`export_path` without an ending",
            true,
        ),
        (
            [data, "export_path: out/\n", none],
            "`export_path` without an ending",
            false,
        ),
        (
            [data, "export_path: out\nexport_type: jsonl\n", none],
            "`export_path` without an ending",
            false,
        ),
        (
            [data, file, filter],
            "statistics that a record has already",
            false,
        ),
        (
            [data, file, twice],
            "statistics that a record has already",
            true,
        ),
        ([data, file, traced], "long texts", true),
        ([data, file, traced], "file of a deduplicator", false),
        ([data, file, traced], "several records of one", false),
        ([data, file, splits], "file of a deduplicator", true),
        ([data, file, splits], "several records of one", true),
    ] {
        let told = told(&recipe.concat());
        // A row may be broken into lines.
        let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.contains(what), shows, "{what}\n{told}");
        assert!(
            told.lines().all(|line| line.chars().count() <= 80),
            "{told}"
        );
        assert!(!told.contains("]("), "{told}");
    }
    let compat = told(&format!("compat: data_juicer\n{mixed}{file}{none}"));
    assert!(
        compat.contains("Here: as many records of each path as Data-Juicer, but other ones\n"),
        "{compat}"
    );
    let plain = told(&format!("{data}{file}compat: data_juicer\n{none}"));
    assert!(
        plain.contains("No known difference from Data-Juicer\n"),
        "{plain}"
    );
}

#[test]
fn plan_refuses_a_folder_where_a_file_is_to_go() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("taken")).unwrap();
    for command in ["check", "plan", "process"] {
        bench
            .run(&format!(
                "{command} --config recipe.yaml --export_path taken"
            ))
            .expect(4)
            .tells(&["taken"]);
    }
}

#[test]
fn check_refuses_a_foreign_export() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    bench.write("out/clean.jsonl", "precious\n");
    bench
        .run("check --config recipe.yaml")
        .expect(4)
        .tells(&["out/clean.jsonl", "not made by Coldpress"]);
    bench
        .run("process --config recipe.yaml")
        .expect(4)
        .tells(&["not made by Coldpress"]);
    assert_eq!(bench.read("out/clean.jsonl"), "precious\n");
    bench
        .run("check --config recipe.yaml --export_overwrite always")
        .expect(0)
        .prints(&["is replaced"]);
}

#[test]
fn operators_are_shown() {
    let bench = Bench::new();
    bench
        .run("ops")
        .expect(0)
        .prints(&["clean_links_mapper", "word_repetition_filter"]);
    bench
        .run("ops text_length_filter")
        .expect(0)
        .prints(&["min_len (an integer, default 10)", "skip_op_error"]);
    bench
        .run("ops text_lenght_filter")
        .expect(2)
        .tells(&["did you mean `text_length_filter`"]);
}
