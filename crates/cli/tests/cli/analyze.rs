//! `analyze`, as a user meets it.

use serde_json::json;

use crate::bench::Bench;

/// The texts are 7 or 8 characters long; a third of them are duplicates.
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
job_id: web
np: 2
partition:
  size: 10
process:
  - whitespace_normalization_mapper:
  - document_deduplicator:
  - text_length_filter:
      min_len: 8
  - alphanumeric_filter:
      min_ratio: 0.5
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("recipe.yaml", RECIPE);
    bench
}

#[test]
fn statistics_are_shown_and_written() {
    let bench = bench();
    let ran =
        bench.run("analyze --config recipe.yaml --percentiles 0.1 --suggest 5,95 --html page.html");
    ran.expect(0).prints(&[
        "Analysis web_analysis: 30 records\n",
        "text_len        30",
        "text_length_filter   ≥ 8              20   66.7 %\n",
        "alphanumeric_filter  ≥ 0.500          30  100.0 %\n",
        "all of them                           20   66.7 %\n",
        "Not run: document_deduplicator (deduplicator)\n",
        "process:\n  - whitespace_normalization_mapper:\n  - document_deduplicator:\n  - text_length_filter: ",
    ]);
    assert!(!bench.exists("out"), "an analysis exports nothing");
    let folder = "jobs/web_analysis/analysis";
    let csv = bench.read(&format!("{folder}/overall.csv"));
    let names: Vec<&str> = csv
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "", "count", "mean", "std", "min", "5%", "10%", "25%", "50%", "75%", "95%", "max"
        ]
    );
    assert!(
        csv.starts_with(",text_len,alnum_ratio\ncount,30.0,30.0\n"),
        "{csv}"
    );
    let markdown = bench.read(&format!("{folder}/overall.md"));
    assert!(
        markdown.starts_with("|       | text_len | alnum_ratio |\n|:------|"),
        "{markdown}"
    );
    let parquet = bench.bytes(&format!("{folder}/statistics.parquet"));
    assert_eq!(
        (&parquet[..4], &parquet[parquet.len() - 4..]),
        (&b"PAR1"[..], &b"PAR1"[..])
    );
    let page = bench.read("page.html");
    assert!(page.contains("\"judged\":true") && page.contains("\"bins\":{\"edges\":"));
    let files = std::fs::read_dir(bench.path(folder)).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.filter(|name| !name.starts_with('.')).collect();
    files.sort();
    assert_eq!(
        files,
        [
            "analysis.json",
            "overall.csv",
            "overall.md",
            "statistics.parquet"
        ]
    );
}

/// Each text has two words, so the second filter sees 60 pieces of the 30 records that the first one saw.
#[test]
fn what_comes_before_a_splitter_is_counted_by_records() {
    let bench = bench();
    let splitter = "      min_len: 8\n  - text_chunk_mapper:\n      split_pattern: \" +\"\n";
    bench.write(
        "recipe.yaml",
        RECIPE.replace("      min_len: 8\n", splitter),
    );
    let ran = bench.run("analyze --config recipe.yaml --percentiles 0.1");
    let ran = ran.expect(0).prints(&[
        "Analysis web_analysis: 60 records\n",
        "text_len        30",
        "alnum_ratio     60",
        "text_length_filter   ≥ 8              20   66.7 %\n",
        "alphanumeric_filter  ≥ 0.500          60  100.0 %\n",
        "all of them                           40   66.7 %\n",
        "Filters before an operator that splits records count whole records",
        "10 %",
    ]);
    assert!(!ran.stdout.contains("10%"), "{}", ran.stdout);
    // A trace of an analysis says what a filter would do, because it did nothing.
    bench
        .run("trace web_analysis --base-dir jobs --id id=3.0")
        .expect(0)
        .prints(&["WOULD DROP it"]);
}

#[test]
fn records_without_text_are_said_to_be_left_out() {
    let bench = bench();
    let lines =
        bench.read("in.jsonl") + "{\"id\": 30, \"text\": null}\n{\"id\": 31, \"text\": \"\"}\n";
    bench.write("in.jsonl", lines);
    bench.write("recipe.yaml", format!("{RECIPE}compat: data_juicer\n"));
    let ran = bench.run("analyze --config recipe.yaml").expect(0);
    ran.prints(&["Analysis web_analysis: 31 records, and 1 left out: no text\n"]);
    let json = bench
        .run("analyze --config recipe.yaml --json")
        .expect(0)
        .json();
    assert_eq!(
        (&json["records"], &json["without_text"]),
        (&json!(31), &json!(1))
    );
}

/// The mapper makes all texts 24 characters long, so that the first filter sees other lengths than the second.
#[test]
fn only_the_last_filter_of_a_statistic_gets_bounds() {
    let bench = bench();
    let recipe = RECIPE.replace(
        "  - alphanumeric_filter",
        "  - replace_content_mapper:\n      pattern: '^.*$'\n      repl: 'a text of twenty four ch'\n  - text_length_filter:\n      min_len: 3\n  - alphanumeric_filter",
    );
    bench.write("recipe.yaml", recipe);
    let analysis = bench.run("analyze --config recipe.yaml --suggest 5,95 --json");
    let analysis = analysis.expect(0).json();
    let suggested = analysis["suggested"].as_str().unwrap();
    let filters: Vec<&str> = suggested
        .lines()
        .skip_while(|line| !line.contains("text_length_filter"))
        .collect();
    let note = "    # Unchanged: a later text_length_filter has the same statistic, and it is suggested for that one.";
    assert_eq!(
        filters[..2],
        ["  - text_length_filter: {\"min_len\":8}", note]
    );
    let last = filters
        .iter()
        .rfind(|line| line.contains("text_length_filter:"));
    let last = last.unwrap();
    assert!(
        last.contains("\"min_len\":24") && last.contains("\"max_len\":24"),
        "{suggested}"
    );
}

#[test]
fn an_analysis_is_a_job_of_its_own() {
    let bench = bench();
    bench.run("process --config recipe.yaml").expect(0);
    let exported = bench.read("out/clean.jsonl");
    bench.crash_at(
        "driver.publish",
        "analyze --config recipe.yaml --no-progress",
    );
    let first = bench
        .run("analyze --config recipe.yaml --json")
        .expect(0)
        .json();
    assert_eq!(first["records"], 30);
    assert_eq!(first["kept_by_all"], 20);
    assert_eq!(
        first["passed_over"],
        json!([{"operator": "document_deduplicator", "kind": "deduplicator", "place": 1}])
    );
    assert_eq!(first["statistics"][0]["name"], "text_len");
    assert_eq!(
        bench
            .run("analyze --config recipe.yaml --json")
            .expect(0)
            .json(),
        first
    );
    assert_eq!(bench.read("out/clean.jsonl"), exported);
    bench.run("report web_analysis --base-dir jobs").expect(0);
    bench
        .run("jobs remove web_analysis --base-dir jobs")
        .expect(0);
    assert!(!bench.exists("jobs/web_analysis"));
}

/// Data-Juicer's analyzer runs no mappers.
#[test]
fn mappers_run_unless_data_juicer_is_asked_for() {
    let bench = bench();
    let least = |line: &str| {
        let analysis = bench
            .run(&format!(
                "analyze --config recipe.yaml --fresh --json {line}"
            ))
            .expect(0)
            .json();
        analysis["statistics"][0]["min"].as_f64().unwrap()
    };
    let (cleaned, raw) = (least(""), least("--compat data_juicer"));
    assert_eq!(
        raw,
        cleaned + 1.0,
        "the texts begin with a blank that the mapper takes out"
    );
}

#[test]
fn all_filters_of_texts_run_without_a_recipe() {
    let bench = bench();
    let line =
        "analyze --auto --dataset_path in.jsonl --work_dir jobs --job_id auto --auto-num 7 --json";
    let analysis = bench.run(line).expect(0).json();
    assert_eq!(analysis["records"], 7);
    let filters: Vec<&str> = analysis["filters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|filter| filter["operator"].as_str().unwrap())
        .collect();
    assert!(filters.len() >= 10, "{filters:?}");
    for name in ["text_length_filter", "words_num_filter", "stopwords_filter"] {
        assert!(filters.contains(&name), "{filters:?}");
    }
    bench
        .run("analyze --auto --config recipe.yaml")
        .expect(2)
        .says("--auto is for recipes without operators");
    bench.run("analyze").expect(2).says("--config");
}

#[test]
fn records_are_exported_with_their_statistics_if_wanted() {
    let bench = bench();
    bench
        .run("analyze --config recipe.yaml --export_original_dataset true")
        .expect(0);
    let rows = bench.read("out/clean.jsonl");
    assert_eq!(rows.lines().count(), 30);
    let first: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(first["__dj__stats__"]["kept_by_text_length_filter"], false);
    assert!(bench.exists("jobs/web_analysis/analysis/overall.csv"));
}
