//! What deduplicators remove, as a user sees it: the list, the report, and warnings.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bench::Bench;

const RECIPE: &str = "\
dataset_path: [web.jsonl, crawl.jsonl]
export_path: out/clean.jsonl
duplicates_path: out/removed.parquet
duplicates_source_key: meta.source
work_dir: jobs
np: 2
partition:
  size: 30
process:
  - whitespace_normalization_mapper:
  - document_deduplicator:
  - document_minhash_deduplicator:
      window_size: 1
      verify: true
  - document_line_deduplicator:
      frequency_threshold: 1000
  - document_simhash_deduplicator:
      window_size: 1
";

/// Ids of any kind: of those of the crawl, these do not identify their records.
fn id(n: u64) -> Value {
    match n {
        3 => Value::Null,
        4 => json!([1, {"a": "b"}]),
        5 => json!(""),
        6 => json!("ä".repeat(3000)),
        7 => json!({"deep": [null]}),
        n => json!(n),
    }
}

/// The id as the list has it.
fn listed_id(n: u64) -> Value {
    match n {
        3 | 8 => Value::Null,
        4 => json!(r#"[1,{"a":"b"}]"#),
        6 => json!(format!("{}…", "ä".repeat(500))),
        7 => json!(r#"{"deep":[null]}"#),
        5 => json!(""),
        n => json!(n.to_string()),
    }
}

fn text(n: u64) -> String {
    let words: Vec<String> = (0..20).map(|at| format!("w{n}x{at}")).collect();
    words.join(" ")
}

/// 100 records of the web; of the 100 of the crawl, 97 are there again: the even ones as they are, the odd ones with another
/// word.
fn bench() -> Bench {
    let bench = Bench::new();
    let web = (0..100)
        .map(|n| json!({"id": format!("w{n}"), "meta": {"source": "web"}, "text": text(n)}));
    let crawl = (0..100).map(|n| {
        let text = match n {
            97.. => text(1000 + n),
            n if n % 2 == 0 => format!(" {}", text(n)),
            n => text(n).replace("x7 ", "y "),
        };
        let mut record = json!({"id": id(n), "meta": {"source": "crawl"}, "text": text});
        if n == 8 {
            record.as_object_mut().unwrap().remove("id");
        }
        if n == 9 {
            record["meta"] = json!({"source": ["a", "list"]});
        }
        record
    });
    let lines = |records: &mut dyn Iterator<Item = Value>| -> String {
        records.map(|record| format!("{record}\n")).collect()
    };
    bench.write("web.jsonl", lines(&mut web.into_iter()));
    bench.write("crawl.jsonl", lines(&mut crawl.into_iter()));
    bench.write("recipe.yaml", RECIPE);
    bench
}

/// The rows of a Parquet file.
fn rows(bench: &Bench, path: &str) -> Vec<Value> {
    let recipe = format!(
        "dataset_path: {path}\nexport_path: rows.jsonl\nwork_dir: jobs_of_rows\nprocess: []\n"
    );
    bench.write("rows.yaml", recipe);
    bench
        .run("process --config rows.yaml --fresh --job_id rows")
        .expect(0);
    let lines = bench.read("rows.jsonl");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Where each line of a file begins.
fn positions(bench: &Bench, path: &str) -> Vec<u64> {
    let mut next = 0;
    let text = bench.read(path);
    let begin = |line: &str| {
        next += line.len() as u64 + 1;
        next - line.len() as u64 - 1
    };
    text.lines().map(begin).collect()
}

#[test]
fn every_record_that_was_removed_is_listed_with_the_one_that_was_kept() {
    let bench = bench();
    bench.process("a").prints(&["removed.parquet"]);
    let (web, crawl) = (
        positions(&bench, "web.jsonl"),
        positions(&bench, "crawl.jsonl"),
    );
    let listed: BTreeMap<(u64, u64), Value> = rows(&bench, "out/removed.parquet")
        .into_iter()
        .map(|row| {
            (
                (
                    row["operation"].as_u64().unwrap(),
                    row["position"].as_u64().unwrap(),
                ),
                row,
            )
        })
        .collect();
    let mut expected = BTreeMap::new();
    // After the exact one, records are counted without those that went.
    let mut clusters = [0, 0];
    let operators = ["document_deduplicator", "document_minhash_deduplicator"];
    let similarities = [1.0, 19.0 / 21.0];
    for n in 0..97_usize {
        let is_odd = n % 2;
        let row = json!({
            "operation": 1 + is_odd,
            "operator": operators[is_odd],
            "file": "crawl.jsonl",
            "position": crawl[n],
            "piece": null,
            "id": listed_id(n as u64),
            "kept_file": "web.jsonl",
            "kept_position": web[n],
            "kept_piece": null,
            "kept_id": format!("w{n}"),
            "cluster": n,
            "similarity": similarities[is_odd],
        });
        clusters[is_odd] += 1;
        expected.insert((1 + is_odd as u64, crawl[n]), row);
    }
    assert_eq!(listed, expected);
    assert_eq!(clusters, [49, 48]);
}

#[test]
fn the_report_says_from_where_records_were_removed() {
    let bench = bench();
    let warning = "deduplication removes 97 of 100 records of `crawl.jsonl`: look at what is removed before you trust it";
    let ran = bench
        .run("process --config recipe.yaml --job_id a")
        .expect(0);
    ran.says_all(&[warning]).prints(&[
        "Duplicates: document_deduplicator removed 49 of 200 records\n",
        "  crawl.jsonl      100       49  49.0 %\n",
        "Duplicates: document_minhash_deduplicator removed 48 of 151 records\n",
        "  crawl              50       47   94.0 %\n",
        "  2                           48       96\n",
        &format!("\nWarning: {warning}\n"),
    ]);
    let events = bench
        .run("events a --base-dir jobs --level WARNING")
        .expect(0);
    events.prints(&[warning, "document_minhash_deduplicator"]);
    let monitor = |more: &str| {
        bench
            .run(&format!("monitor a --base-dir jobs {more}"))
            .expect(0)
    };
    monitor("--detailed").prints(&[
        "Duplicates: document_deduplicator removed 49 of 200 records\n",
        "  crawl.jsonl      100       49  49.0 %\n",
        &format!("\nWarning: {warning}\n"),
    ]);
    assert!(!monitor("").stdout.contains("Duplicates:"));
    // Nothing was left to do, and the events are gone: the journal has it all.
    std::fs::remove_dir_all(bench.path("jobs/a/event_logs")).unwrap();
    let report = bench
        .run("process --config recipe.yaml --job_id a --json")
        .expect(0)
        .json();
    assert_eq!(report["already_complete"], true);
    let of_minhash = &report["deduplication"][1];
    assert_eq!(
        of_minhash["by_file"][0],
        json!({"source": "crawl.jsonl", "records": 51, "removed": 48})
    );
    let by_field = of_minhash["by_field"].as_array().unwrap();
    let find = |source: &str| by_field.iter().find(|one| one["source"] == source).unwrap();
    assert_eq!(of_minhash["field"], "meta.source");
    assert_eq!(find("crawl")["removed"], 47);
    assert_eq!(find(r#"["a","list"]"#)["removed"], 1);
    assert_eq!(
        find("web"),
        &json!({"source": "web", "records": 100, "removed": 0})
    );
    assert_eq!(
        of_minhash["clusters"],
        json!([{"from": 2, "to": 2, "clusters": 48, "records": 96}])
    );
    let first = &of_minhash["largest"][0];
    assert_eq!(
        (&first["kept"]["id"], &first["removed"][0]["id"]),
        (&json!("w1"), &json!("1"))
    );
    let losses = report["losses"].as_array().unwrap();
    let lost: Vec<_> = losses
        .iter()
        .map(|one| (&one["source"], &one["removed"]))
        .collect();
    let crawl = (&json!("crawl.jsonl"), &json!(97));
    assert!(lost.contains(&crawl), "{lost:?}");
    assert_eq!(report["deduplication"].as_array().unwrap().len(), 3);
}

/// The bytes of what is beside the export depend on nothing but the dataset and the recipe.
#[test]
fn the_list_is_the_same_however_it_was_made() {
    let bench = bench();
    let line = "process --config recipe.yaml";
    bench.run(&format!("{line} --job_id whole")).expect(0);
    let whole = std::fs::read(bench.path("out/removed.parquet")).unwrap();
    let ways = [
        "--partition.size 7",
        "--np 1",
        "--partition.size 1000 --memory_limit_mb 64",
        "--executor_type process",
    ];
    for (at, way) in ways.into_iter().enumerate() {
        let out = format!("out{at}");
        bench
            .run(&format!(
                "{line} --job_id w{at} --export_path {out}/c.jsonl --duplicates_path {out}/d.parquet {way}"
            ))
            .expect(0);
        let list = std::fs::read(bench.path(&format!("{out}/d.parquet"))).unwrap();
        assert!(list == whole, "{way}");
    }
    for (at, point) in [
        "barrier.duplicates:1",
        "barrier.duplicates:2",
        "barrier.publish:2",
        "merge.finish:1",
        "export.intent:1",
        "export.companion:1",
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("killed{at}");
        let line = format!(
            "{line} --job_id k{at} --export_path {out}/c.jsonl --duplicates_path {out}/d.parquet"
        );
        bench.crash_at(point, &line);
        bench.run(&line).expect(0);
        let list = std::fs::read(bench.path(&format!("{out}/d.parquet"))).unwrap();
        assert!(list == whole, "{point}");
    }
}

/// What a key asks for that was not there before is made without deciding anything anew.
#[test]
fn a_list_can_be_asked_for_afterwards() {
    let bench = bench();
    let without = RECIPE
        .lines()
        .filter(|line| !line.starts_with("duplicates_"));
    let without: String = without.map(|line| format!("{line}\n")).collect();
    bench.write("recipe.yaml", without);
    bench.process("a");
    let clean = bench.read("out/clean.jsonl");
    bench.write("recipe.yaml", RECIPE);
    bench
        .process("a")
        .prints(&["removed.parquet", "crawl              50       47   94.0 %"]);
    assert_eq!(bench.read("out/clean.jsonl"), clean);
    assert_eq!(rows(&bench, "out/removed.parquet").len(), 97);
    // Another id needs the signatures once more, and no decision changes.
    bench
        .run("process --config recipe.yaml --job_id a --duplicates_id_key meta.source")
        .expect(0);
    let rows = rows(&bench, "out/removed.parquet");
    assert_eq!(
        (&rows[0]["id"], &rows[0]["kept_id"]),
        (&json!("crawl"), &json!("web"))
    );
    assert_eq!(bench.read("out/clean.jsonl"), clean);
}

/// A list that is damaged or gone while the job is stopped is made again.
#[test]
fn a_damaged_list_is_made_again() {
    for is_gone in [false, true] {
        let bench = bench();
        let line = "process --config recipe.yaml --job_id a";
        bench.crash_at("merge.finish:1", line);
        let folder = bench.path("jobs/a/signatures");
        let lists = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let lists: Vec<_> = lists
            .filter(|path| {
                path.extension()
                    .is_some_and(|ending| ending == "duplicates")
            })
            .collect();
        assert_eq!(lists.len(), 3);
        for list in lists {
            match is_gone {
                true => std::fs::remove_file(list).unwrap(),
                false => {
                    let mut bytes = std::fs::read(&list).unwrap();
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    std::fs::write(list, bytes).unwrap();
                }
            }
        }
        bench.run(line).expect(0);
        assert_eq!(rows(&bench, "out/removed.parquet").len(), 97);
    }
}

#[test]
fn records_of_columnar_files_and_pieces_are_listed_too() {
    let bench = Bench::new();
    let record =
        |n: u64| json!({"id": n, "text": format!("one text {} here\n\nanother text here", n % 3)});
    let lines: String = (0..6).map(|n| format!("{}\n", record(n))).collect();
    bench.write("in.jsonl", lines);
    let recipe = |input: &str, output: &str| {
        format!(
            "dataset_path: {input}\nexport_path: {output}\nwork_dir: jobs\nprocess:\n  - document_simhash_deduplicator:\n      \
             window_size: 2\n      hamming_distance: 0\n"
        )
    };
    bench.write(
        "recipe.yaml",
        "dataset_path: in.jsonl\nexport_path: in.parquet\nwork_dir: jobs\nprocess: []\n",
    );
    bench.process("convert");
    bench.write("recipe.yaml", recipe("in.parquet", "out/clean.parquet"));
    bench
        .run("process --config recipe.yaml --job_id a --duplicates_path out/d.parquet --partition.size 2")
        .expect(0);
    let rows = rows(&bench, "out/d.parquet");
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["position"].clone(),
                row["id"].clone(),
                row["kept_position"].clone(),
                row["similarity"].clone(),
            )
        })
        .collect();
    let expected = [3, 4, 5].map(|n| (json!(n), json!(n.to_string()), json!(n - 3), json!(1.0)));
    assert_eq!(told, expected);
}

#[test]
fn a_list_of_nothing_is_refused_and_so_is_another_form() {
    let bench = bench();
    let line = "check --config recipe.yaml --duplicates_path";
    bench
        .run(&format!("{line} out/removed.jsonl"))
        .expect(2)
        .begins_with_error("duplicates_path: `out/removed.jsonl` is written as Parquet, so its name must end in `.parquet`");
    bench.write(
        "recipe.yaml",
        "dataset_path: web.jsonl\nexport_path: o.jsonl\nprocess:\n  - document_line_deduplicator:\n",
    );
    let error = bench.run(&format!("{line} out/removed.parquet")).expect(2);
    error.tells(&[
        "duplicates_path: no operator of the recipe removes duplicates",
        "`document_line_deduplicator` cuts lines out",
    ]);
    bench.write("recipe.yaml", RECIPE);
    bench
        .run(&format!(
            "{line} out/clean.jsonl.parquet --export_path out/clean.jsonl.parquet"
        ))
        .expect(4)
        .tells(&["would be lost in the output"]);
}

/// A duplicate of an earlier one is found with `verify` only if it is similar, and the list proves it.
#[test]
fn verified_duplicates_are_as_similar_as_was_asked_for() {
    let bench = Bench::new();
    // Texts that differ in 1, 2, … of 20 words from the first: hashes join what is not similar enough.
    let text = |n: u64| {
        let word = |at: u64| {
            if at < n {
                format!("own{n}x{at}")
            } else {
                format!("w{at}")
            }
        };
        (0..20).map(word).collect::<Vec<_>>().join(" ")
    };
    let lines: String = (0..12)
        .map(|n| format!("{}\n", json!({"id": n, "text": text(n)})))
        .collect();
    bench.write("in.jsonl", lines);
    let run = |verify: bool| {
        let recipe = format!(
            "dataset_path: in.jsonl\nexport_path: out.jsonl\nduplicates_path: d.parquet\nwork_dir: jobs\nprocess:\n  \
             - document_minhash_deduplicator: {{window_size: 1, num_bands: 64, num_rows_per_band: 2, jaccard_threshold: 0.6, \
             verify: {verify}}}\n"
        );
        bench.write("recipe.yaml", recipe);
        bench.process(&format!("verify_{verify}"));
        rows(&bench, "d.parquet")
    };
    let plain = run(false);
    assert!(plain.iter().all(|row| row["similarity"].is_null()));
    let verified = run(true);
    // (20 - n) words of (20 + n) are in both.
    let expected: Vec<(String, f64)> = (1..=5)
        .map(|n| (n.to_string(), f64::from(20 - n) / f64::from(20 + n)))
        .collect();
    let found: Vec<(String, f64)> = verified
        .iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap().to_owned(),
                row["similarity"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, expected);
    assert!(
        plain.len() > verified.len(),
        "{} and {}",
        plain.len(),
        verified.len()
    );
}

/// A deduplicator that keeps another record than the first lists that one, and a selector before it changes no place.
#[test]
fn the_record_that_was_kept_need_not_be_the_first() {
    let bench = Bench::new();
    let texts = ["a text of many words", "nothing else is in here"];
    let record = |n: u64| json!({"id": n, "__dj__uid": 100 - n, "text": texts[n as usize % 2]});
    let lines: String = (0..6).map(|n| format!("{}\n", record(n))).collect();
    bench.write("in.jsonl", lines);
    let recipe = "dataset_path: in.jsonl\nexport_path: out.jsonl\nduplicates_path: d.parquet\nwork_dir: jobs\n\
        partition: {size: 2}\nprocess:\n  - topk_specified_field_selector: {field_key: __dj__uid, topk: 5}\n  \
        - document_minhash_deduplicator_with_uid: {window_size: 1}\n";
    bench.write("recipe.yaml", recipe);
    bench.process("a");
    let told: Vec<_> = rows(&bench, "d.parquet")
        .iter()
        .map(|row| {
            (
                row["id"].clone(),
                row["kept_id"].clone(),
                row["similarity"].clone(),
            )
        })
        .collect();
    let expected = [("0", "4"), ("1", "3"), ("2", "4")]
        .map(|(id, kept)| (json!(id), json!(kept), Value::Null));
    assert_eq!(told, expected);
    let positions = positions(&bench, "in.jsonl");
    let rows = rows(&bench, "d.parquet");
    assert_eq!(
        (&rows[1]["position"], &rows[1]["kept_position"]),
        (&json!(positions[1]), &json!(positions[3]))
    );
    let report = bench
        .run("process --config recipe.yaml --job_id a --json")
        .expect(0)
        .json();
    let by_file = &report["deduplication"][0]["by_file"];
    assert_eq!(
        by_file,
        &json!([{"source": "in.jsonl", "records": 5, "removed": 3}])
    );
}
