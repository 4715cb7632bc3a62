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
        "`compat: data_juicer`, which is not set, removes",
        "        1  `clean_ip_mapper`: what looks like an address within a longer number",
        "Here: stays. With `compat`: as Data-Juicer.\n",
        "        2  statistics with decimals",
        "`random_selector`: the seed",
    ]);
    let told = recipe("compat: data_juicer\n").stdout;
    assert!(
        told.contains("though `compat: data_juicer` is set"),
        "{told}"
    );
    assert!(told.contains("`random_selector`: the seed"), "{told}");
    assert!(!told.contains("clean_ip_mapper`:"), "{told}");
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
