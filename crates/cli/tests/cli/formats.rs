//! What `check` and `plan` say of each format of input and export.

use crate::bench::Bench;

const RECORDS: &str =
    "{\"id\": 1, \"text\": \"one of these\"}\n{\"id\": 2.5, \"text\": \"two of them\"}\n";

/// The lines from `Dataset` to before `Output`, as they are.
#[track_caller]
fn checked(bench: &Bench, dataset: &str) -> String {
    let line = format!("check --config recipe.yaml --dataset_path {dataset}");
    let text = bench.run(&line).expect(0).stdout;
    let lines = text.lines().skip_while(|line| !line.starts_with("Dataset"));
    let lines = lines.take_while(|line| !line.starts_with("Output"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Carries a file through without an operator, into another form.
#[track_caller]
fn make(bench: &Bench, from: &str, to: &str) {
    let line = format!(
        "process --config recipe.yaml --process [] --dataset_path {from} --export_path {to} --work_dir making"
    );
    bench.run(&line).expect(0);
}

/// A bench with a dataset in every form.
fn with_every_form() -> Bench {
    let bench = Bench::new();
    bench.write("in.jsonl", RECORDS);
    bench.write(
        "in.json",
        "[{\"id\": 1, \"text\": \"one\"},\n {\"text\": null}]\n",
    );
    bench.write("pretty.json", "{\n  \"id\": 1,\n  \"text\": \"one\"\n}\n");
    bench.write("in.csv", "id;text;ok\n1;one;true\n2;two;\n");
    std::fs::create_dir(bench.path("texts")).unwrap();
    bench.write("texts/a.txt", "one");
    bench.write("texts/b.md", "two");
    make(&bench, "in.jsonl", "in.jsonl.gz");
    make(&bench, "in.jsonl", "in.parquet");
    make(&bench, "in.jsonl", "in.arrow");
    bench
}

#[test]
fn check_tells_formats_and_fields() {
    let bench = with_every_form();
    for (path, format, fields) in [
        (
            "in.jsonl",
            "JSONL",
            "id: integer or float\n           text: text",
        ),
        (
            "in.jsonl.gz",
            "JSONL",
            "id: integer or float\n           text: text",
        ),
        (
            "in.json",
            "JSON array",
            "id: integer, 50 % missing\n           text: text, 50 % null",
        ),
        (
            "pretty.json",
            "JSON objects one after another",
            "id: integer\n           text: text",
        ),
        (
            "in.csv",
            "CSV",
            "id: integer\n           text: text\n           ok: boolean, 50 % null",
        ),
        ("texts", "text", "text: text"),
        ("in.parquet", "Parquet", "id: float\n           text: text"),
        ("in.arrow", "Arrow file", "id: float\n           text: text"),
    ] {
        let text = checked(&bench, path);
        let (dataset, shown) = text.split_once("\nFields     ").unwrap();
        let first = dataset.lines().next().unwrap();
        let files = if path == "texts" { "2 files" } else { "1 file" };
        assert!(
            first.starts_with(&format!("Dataset    {files}, ")),
            "{path}: {text}"
        );
        assert!(first.ends_with(&format!(", {format}")), "{path}: {text}");
        assert_eq!(shown, fields, "{path}");
        let notes: Vec<_> = dataset.lines().skip(1).map(str::trim).collect();
        let expected: &[&str] = match path {
            "in.csv" => &["Note       the cells of `in.csv` are read as delimited by `;`"],
            _ => &[],
        };
        assert_eq!(notes, expected, "{path}");
    }
}

#[test]
fn check_tells_the_formats_of_a_mixed_dataset() {
    let bench = with_every_form();
    std::fs::create_dir(bench.path("mixed")).unwrap();
    for name in ["in.jsonl", "in.csv", "in.parquet"] {
        std::fs::copy(bench.path(name), bench.path("mixed").join(name)).unwrap();
    }
    bench.write("mixed/README.md", "# About\n");
    let text = checked(&bench, "mixed");
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("Dataset    3 files, "), "{text}");
    assert!(first.ends_with(", CSV, JSONL and Parquet"), "{text}");
    for part in [
        "Note       the text file `README.md` of `mixed` is left out, because there are data files; ",
        "Note       the cells of `mixed/in.csv` are read as delimited by `;`\n",
        "Fields     id: integer or float\n           text: text\n           ok: boolean, 17 % null, 67 % missing",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn check_tells_what_goes_beside_the_export() {
    let bench = Bench::new();
    let line = "check --config recipe.yaml --export_path out/o.parquet --export_stats true --export_dropped out/d";
    let text = bench.run(line).expect(0).stdout;
    let expected = "\nOutput     out/o.parquet is free\nBeside it  out/o_stats.jsonl is free\n           \
                    out/d/op_001_text_length_filter.jsonl is free\n";
    assert!(text.contains(expected), "{text}");
    std::fs::create_dir_all(bench.path("out/d")).unwrap();
    bench.write("out/d/op_001_text_length_filter.jsonl", "precious\n");
    bench.run(line).expect(4).tells(&[
        "`out/d/op_001_text_length_filter.jsonl`",
        "was not made by Coldpress",
    ]);
}

#[test]
fn plan_tells_how_each_format_is_cut() {
    let bench = with_every_form();
    for (path, records) in [
        ("in.jsonl", 2),
        ("in.jsonl.gz", 2),
        ("in.json", 2),
        ("pretty.json", 1),
        ("in.csv", 2),
        ("texts", 2),
        ("in.parquet", 2),
        ("in.arrow", 2),
    ] {
        let line = format!("plan --config recipe.yaml --dataset_path {path} --json");
        let plan = bench.run(&line).expect(0).json();
        assert_eq!(plan["records"], records, "{path}: {plan}");
        assert_eq!(plan["partitions"], 1, "{path}");
        let line = format!("plan --config recipe.yaml --dataset_path {path}");
        bench.run(&line).expect(0).prints(&[
            path,
            "\nFields       ",
            "text: text",
            "\nOutput       out/clean.jsonl\n",
        ]);
    }
}

#[test]
fn plan_tells_why_it_cuts_so() {
    let bench = with_every_form();
    for path in [
        "in.jsonl",
        "in.json",
        "in.csv",
        "texts",
        "in.parquet",
        "in.arrow",
    ] {
        let line = format!(
            "plan --config recipe.yaml --dataset_path {path} --partition.auto_configure true --partition.size 10"
        );
        bench.run(&line).expect(0).prints(&[
            "\nPartitions   1 of up to ",
            "\n             modality text: the records are 100 % text, ",
            "\n             cost ",
            " ns per byte: 2 operators took that long on the sample\n",
            "\n             partition.size ",
            "\n             partition.max_size_mb 256 MB: `partition.target_size_mb`",
        ]);
    }
}

#[test]
fn fields_are_written_down_for_columnar_files_too() {
    let bench = with_every_form();
    bench
        .run("process --config recipe.yaml --job_id a --dataset_path in.parquet")
        .expect(0);
    let text = bench.read("jobs/a/metadata/schema.json");
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&schema["records"], &schema["complete"]),
        (&2.into(), &true.into())
    );
    assert_eq!(schema["fields"][0]["name"], "id");
    assert_eq!(schema["fields"][0]["types"][0]["type"], "float");
    assert_eq!(schema["fields"][1]["types"][0]["count"], 2);
}

/// Data-Juicer makes a table of them: each has all fields then, with null where it had none, and one type per field.
#[test]
fn records_keep_their_form() {
    let bench = Bench::new();
    let lines = "{\"text\": \"one\", \"n\": 1, \"images\": [\"1.png\"]}\n\
                 {\"n\":1.50,\"text\":\"two\"}\n\
                 {\"text\": \"on\\u0065 more\", \"at\": \"2024-01-02 03:04:05\", \"big\": 12345678901234567890}\n";
    bench.write("forms.jsonl", lines);
    let recipe = "dataset_path: forms.jsonl\nexport_path: out/forms.jsonl\nwork_dir: jobs\nprocess: [text_length_filter: {min_len: 1}]\n";
    bench.write("forms.yaml", recipe);
    for compat in ["", "--compat data_juicer"] {
        bench
            .run(&format!(
                "process --config forms.yaml --job_id forms --fresh {compat}"
            ))
            .expect(0);
        assert_eq!(bench.read("out/forms.jsonl"), lines);
    }
}
