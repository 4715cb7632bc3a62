//! `coldpress trace`: the history of one record, as a user asks for it.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::shared::Ran;

/// A deduplicator between mappers and filters.
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition:
  size: 4
process:
  - clean_links_mapper:
  - document_deduplicator:
  - text_length_filter:
      min_len: 12
";

/// 12 records. Of each text there are two; number 3 and 9 are short, number 5 has no text.
fn bench() -> Bench {
    let bench = Bench::new();
    let line = |id: u32| match id {
        5 => "{\"meta\": {\"id\": \"r5\"}, \"text\": 7}\n".to_owned(),
        id => {
            let words = if id % 6 == 3 {
                "short"
            } else {
                "some words more"
            };
            let text = format!("{words} {} https://example.com/{id}", id % 6);
            format!("{{\"meta\": {{\"id\": \"r{id}\"}}, \"text\": \"{text}\"}}\n")
        }
    };
    bench.write("in.jsonl", (0..12).map(line).collect::<String>());
    bench.write("recipe.yaml", RECIPE);
    bench
}

fn trace(bench: &Bench, words: &str) -> Ran {
    bench.run(&format!("trace j --base-dir jobs {words}"))
}

fn of(bench: &Bench, id: &str) -> Value {
    let ran = trace(bench, &format!("--id meta.id={id} --json"));
    let found = ran.expect(0).json();
    assert_eq!(found["found"], 1, "{found}");
    found["records"][0].clone()
}

fn effects(record: &Value) -> Vec<&str> {
    let steps = record["steps"].as_array().unwrap().iter();
    steps.map(|step| step["effect"].as_str().unwrap()).collect()
}

#[test]
fn each_record_is_followed_to_its_end() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    let kept = of(&bench, "r1");
    assert_eq!(effects(&kept), ["changed", "kept", "kept"]);
    assert_eq!(kept["fate"]["fate"], "exported");
    assert_eq!(kept["fate"]["row"], 2);
    let export = bench.read("out/clean.jsonl");
    assert_eq!(kept["record_after"], export.lines().nth(1).unwrap());
    let diff = &kept["steps"][0]["fields"][0]["text"];
    assert_eq!(
        diff["parts"],
        json!([{"same": "some words more 1 "}, {"removed": "https://example.com/1"}])
    );
    let length = &kept["steps"][2];
    assert_eq!(length["stats"], json!({"text_len": 18}));
    assert_eq!(
        length["bounds"],
        json!([{"parameter": "min_len", "value": 12.0}])
    );

    let twin = of(&bench, "r7");
    assert_eq!(effects(&twin), ["changed", "duplicate"]);
    assert_eq!(twin["steps"][1]["kept"]["id"], "\"r1\"");
    assert_eq!(twin["fate"]["operator"], "document_deduplicator");
    let short = of(&bench, "r3");
    assert_eq!(effects(&short), ["changed", "kept", "dropped"]);
    let failed = of(&bench, "r5");
    assert_eq!(effects(&failed), ["failed"]);
    assert_eq!(failed["fate"]["fate"], "quarantined");

    let text = trace(&bench, "--id meta.id=r7").expect(0).stdout;
    for part in [
        "Job j: 1 record found by meta.id=r7; 12 records looked at\n",
        "record 8 of the dataset, in partition 1 (completed)\n",
        "[-https://example.com/7-]",
        "document_deduplicator  DROPPED as a duplicate\n",
        "kept instead: in.jsonl, byte ",
        "(\"r1\")",
        "=> dropped by document_deduplicator (operator 2)\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    trace(&bench, "--line in.jsonl:8")
        .expect(0)
        .prints(&["=> dropped by document_deduplicator"]);
}

/// Data-Juicer drops records without a text where it reads them.
#[test]
fn records_without_text_are_found_at_their_places() {
    let bench = Bench::new();
    let lines = [
        "{\"id\":\"a\",\"text\":\"one two\"}",
        "{\"id\":\"b\",\"text\":null}",
        "{\"id\":\"c\"}",
        "{\"id\":\"d\",\"text\":7}",
        "{\"id\":\"e\",\"text\":\"x\"}",
    ];
    bench.write("u.jsonl", lines.map(|line| format!("{line}\n")).concat());
    bench.write(
        "recipe.yaml",
        "dataset_path: u.jsonl\nexport_path: out/u.jsonl\nwork_dir: jobs\ncompat: data_juicer\nprocess:\n  - text_length_filter:\n      min_len: 2\n",
    );
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1 --partition.size 2")
        .expect(0);
    let fates = [
        "exported",
        "without_text",
        "without_text",
        "quarantined",
        "dropped",
    ];
    for (number, (id, fate)) in (1..).zip(["a", "b", "c", "d", "e"].into_iter().zip(fates)) {
        for query in [format!("--id id={id}"), format!("--line u.jsonl:{number}")] {
            let found = trace(&bench, &format!("{query} --json")).expect(0).json();
            assert_eq!(found["found"], 1, "{query}");
            let record = &found["records"][0];
            assert_eq!(record["number"], number, "{query}");
            let line: Value = serde_json::from_str(record["record"].as_str().unwrap()).unwrap();
            assert_eq!(line["id"], id, "{query}");
            assert_eq!(record["fate"]["fate"], fate, "{query}");
        }
    }
    trace(&bench, "--line u.jsonl:2")
        .expect(0)
        .prints(&["=> dropped where it was read: it has no text\n"]);
    trace(&bench, "--id id=z")
        .expect(1)
        .begins_with_error("no record has id=z: 5 were looked at");
}

#[test]
fn what_cannot_be_found_is_said() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    trace(&bench, "--id meta.id=r99")
        .expect(1)
        .begins_with_error("no record has meta.id=r99: 12 were looked at");
    trace(&bench, "--id name=r9").expect(1).begins_with_error(
        "no record has name=r9: 12 were looked at, and none of them has this field",
    );
    trace(&bench, "--id =r9")
        .expect(2)
        .says("is not FIELD=VALUE");
    trace(&bench, "--id r9")
        .expect(2)
        .says("is not FIELD=VALUE");
    trace(&bench, "")
        .expect(2)
        .tells(&["--id <FIELD=VALUE>", "--line <FILE:N>"]);
    trace(&bench, "--id a=b --line in.jsonl:1").expect(2);
    trace(&bench, "--line in.jsonl")
        .expect(2)
        .says("is not FILE:N");
    trace(&bench, "--line in.jsonl:13")
        .expect(1)
        .says("`in.jsonl` has 12 records");
    trace(&bench, "--line other.jsonl:1")
        .expect(2)
        .says("is not a file of the dataset, which has `in.jsonl`");
    // Whatever a value holds, it is only compared, and cannot reach the terminal.
    let mut hostile = bench.command("trace j --base-dir jobs --id");
    let output = hostile.arg("meta.id=\u{1b}[2J\"{").output().unwrap();
    let ran = Ran::of(output).expect(1);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    bench.run("trace none --base-dir jobs --id a=b").expect(5);
}

#[test]
fn a_changed_input_is_refused_and_a_missing_one_is_named() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    let text = bench.read("in.jsonl");
    bench.write("in.jsonl", text.replace("short 3", "tiny! 3"));
    let ran = trace(&bench, "--id meta.id=r1").expect(4);
    assert!(
        ran.error().contains("`in.jsonl` changed") && !ran.stderr.contains("--fresh"),
        "{}",
        ran.stderr
    );
    std::fs::remove_file(bench.path("in.jsonl")).unwrap();
    trace(&bench, "--id meta.id=r1").expect(1).says("in.jsonl");
    bench.write("in.jsonl", text);
    trace(&bench, "--id meta.id=r1").expect(0);
    // The recipe that the job was run with counts, not today's.
    bench.write("recipe.yaml", "process: [");
    trace(&bench, "--id meta.id=r1").expect(0);
    for entry in std::fs::read_dir(bench.path("jobs/j/journal")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 20].fill(b'#');
        std::fs::write(&path, bytes).unwrap();
    }
    let ran = trace(&bench, "--id meta.id=r1").expect(4);
    assert!(ran.error().contains("journal"), "{}", ran.stderr);
}

#[test]
fn a_cleaned_job_says_what_is_not_known_any_more() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1 --intermediate_storage.retention_policy cleanup_all")
        .expect(0);
    let before: Vec<_> = std::fs::read_dir(bench.path("jobs/j")).unwrap().collect();
    let record = of(&bench, "r7");
    // Decisions about the whole dataset may be gone; the work of the operators before them can be repeated.
    assert_eq!(effects(&record)[0], "changed");
    let fate = record["fate"]["fate"].as_str().unwrap();
    assert!(["unknown", "dropped"].contains(&fate), "{record}");
    let after: Vec<_> = std::fs::read_dir(bench.path("jobs/j")).unwrap().collect();
    assert_eq!(before.len(), after.len());
}

#[test]
fn quarantined_records_are_replayed_through_another_recipe() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    let replay = |words: &str| bench.run(&format!("quarantine replay j --base-dir jobs {words}"));
    replay("").expect(0).prints(&[
        "Job j: 1 record in quarantine, 1 replayed\n",
        "Now         0 kept, 0 dropped, 1 quarantined again\n",
        "Quarantined again by clean_links_mapper (1)\n",
        "document_deduplicator worked on the replayed records alone",
    ]);
    // A recipe that does not look at the text.
    let mended = "\
dataset_path: elsewhere.jsonl
export_path: out/other.jsonl
process:
  - text_length_filter:
      text_key: meta.id
      min_len: 1
";
    bench.write("mended.yaml", mended);
    let journal = bench.journal_of("j");
    let replayed = replay("--config mended.yaml --export kept.jsonl --json")
        .expect(0)
        .json();
    assert_eq!(replayed["kept"], 1, "{replayed}");
    assert_eq!(replayed["from_input"], 1);
    assert_eq!(replayed["classes"][0]["outcome"], "kept");
    let sample = &replayed["classes"][0]["samples"][0];
    assert_eq!(sample["failed_in"], "clean_links_mapper");
    let position = sample["position"].as_u64().unwrap();
    assert!(position > 0);
    assert_eq!(sample["place"], format!("byte {position}"));
    assert_eq!(
        bench.read("kept.jsonl"),
        "{\"meta\": {\"id\": \"r5\"}, \"text\": 7}\n"
    );
    assert_eq!(bench.journal_of("j"), journal);
    assert!(!bench.exists("out/other.jsonl"));
    replay("--config mended.yaml --export kept.jsonl").expect(4);
    replay("--config none.yaml").expect(2);
    let strict = mended.replace("min_len: 1", "min_len: 50");
    bench.write("mended.yaml", strict);
    replay("--config mended.yaml")
        .expect(0)
        .prints(&["0 kept, 1 dropped", "Dropped by text_length_filter (1)\n"]);
}

#[test]
fn of_many_replayed_records_some_are_shown() {
    let bench = bench();
    let line = |id: u32| match id % 2 {
        0 => format!("no record {id}\n"),
        _ => format!("{{\"text\": \"some words more {id}\"}}\n"),
    };
    bench.write("in.jsonl", (0..18).map(line).collect::<String>());
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    let replayed = bench.run("quarantine replay j --base-dir jobs").expect(0);
    replayed.prints(&[
        "Still not readable (3 of 9)\n",
        "in.jsonl, byte 0 ",
        "in.jsonl, byte 42 ",
    ]);
}

/// The folder of a replay has records of the user's, so nothing of it stays where the replay is ended.
#[test]
fn a_replay_that_is_ended_leaves_no_records_behind() {
    let bench = Bench::new();
    let lines: String = (0..40_000)
        .map(|id| format!("{{\"text\": {id}, \"more\": \"{}\"}}\n", "x".repeat(100)))
        .collect();
    bench.write("in.jsonl", lines);
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1 --partition.size 10000")
        .expect(0);
    let temporary = bench.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let entries = || std::fs::read_dir(&temporary).unwrap().count();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = bench
            .command("quarantine replay j --base-dir jobs")
            .env("TMPDIR", &temporary)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while entries() == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::yield_now();
        }
        let killed = std::process::Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(entries(), 0);
    }
}

#[test]
fn records_of_failed_partitions_are_not_exported() {
    let bench = bench();
    let recipe = RECIPE.replace("  - document_deduplicator:\n", "");
    bench.write("recipe.yaml", recipe);
    bench
        .run("process --config recipe.yaml --job_id j --skip_op_error false --on_partition_failure skip --max_retries 0")
        .expect(3);
    let lost = of(&bench, "r4");
    assert_eq!(lost["partition_status"], "failed");
    assert_eq!(lost["fate"]["fate"], "in_failed_partition");
    let error = lost["fate"]["error"].as_str().unwrap();
    assert!(error.contains("clean_links_mapper"), "{error}");
    // The records after it in the dataset move up.
    let next = of(&bench, "r8");
    assert_eq!(next["fate"]["row"], 4);
    assert_eq!(
        next["record_after"],
        bench.read("out/clean.jsonl").lines().nth(3).unwrap()
    );
}

#[test]
fn pieces_and_shards_are_followed() {
    let bench = Bench::new();
    let recipe = "\
dataset_path: in.jsonl
export_path: shards/
export_shard_size: 200
work_dir: jobs
process:
  - text_chunk_mapper:
      split_pattern: '  '
  - text_length_filter:
      min_len: 2
";
    bench.write("recipe.yaml", recipe);
    bench.process("j");
    let ran = trace(&bench, "--id id=7 --json").expect(0).json();
    let record = &ran["records"][0];
    assert_eq!(effects(record), ["split"]);
    let pieces = record["pieces"].as_array().unwrap();
    let fates = pieces.iter().map(|piece| piece["fate"]["fate"].as_str());
    assert_eq!(
        fates.collect::<Vec<_>>(),
        [Some("exported"), Some("dropped")]
    );
    let place = &pieces[0]["fate"];
    let shard = bench.read(place["file"].as_str().unwrap());
    let row = place["row"].as_u64().unwrap() as usize;
    assert_eq!(
        pieces[0]["record_after"],
        shard.lines().nth(row - 1).unwrap()
    );
    assert!(!place["file"].as_str().unwrap().ends_with("00000.jsonl"));
    trace(&bench, "--id id=7").expect(0).prints(&[
        "text_chunk_mapper  split into 2 pieces\n",
        "piece 1 of 2\n",
        "=> dropped by text_length_filter (operator 2)\n",
    ]);
}

#[test]
fn a_job_that_runs_can_be_looked_into() {
    let bench = bench();
    let line = |id: u32| {
        let text = match id {
            5 => "7".to_owned(),
            id => format!("\"some more words of {id}\""),
        };
        format!("{{\"meta\": {{\"id\": \"r{id}\"}}, \"text\": {text}}}\n")
    };
    bench.write("in.jsonl", (0..3_000).map(line).collect::<String>());
    let frozen = bench.freeze_at(
        "process --config recipe.yaml --job_id j --partition.size 10",
        "j",
        |journal| journal.matches("\"published\"").count() > 5,
    );
    let journal = bench.journal_of("j");
    let first = of(&bench, "r3");
    assert_eq!(effects(&first), ["unchanged"]);
    assert_eq!(
        first["fate"],
        json!({"fate": "waiting", "operation": 1, "operator": "document_deduplicator"})
    );
    trace(&bench, "--id meta.id=r3").expect(0).prints(&[
        "=> waits for document_deduplicator (operator 2), which decides once all",
        "partitions are not finished",
    ]);
    // So is what came into quarantine in the stages before the last.
    bench
        .run("quarantine list j --base-dir jobs")
        .expect(0)
        .prints(&["in.jsonl, byte ", "  clean_links_mapper  "]);
    assert_eq!(bench.journal_of("j"), journal);
    frozen.terminate();
    assert_eq!(of(&bench, "r3")["fate"]["fate"], "waiting");
    bench
        .run("process --config recipe.yaml --job_id j --partition.size 10")
        .expect(0);
    assert_eq!(of(&bench, "r3")["fate"]["fate"], "exported");
}

#[test]
fn a_record_beyond_the_limit_is_not_found_by_its_number() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j --limit 4")
        .expect(0);
    trace(&bench, "--line in.jsonl:4").expect(0);
    trace(&bench, "--line in.jsonl:5").expect(1).says(
        "there is no record 5: `in.jsonl` has 4 records among the first 4 of the dataset, which the job works on (`limit`)",
    );
}

#[test]
fn the_languages_that_a_filter_keeps_are_shown() {
    let bench = bench();
    let recipe = RECIPE.replace(
        "  - text_length_filter:\n      min_len: 12\n",
        "  - language_id_score_filter:\n      lang: [de, fr]\n      min_score: 0.1\n",
    );
    bench.write("recipe.yaml", recipe);
    bench
        .run("process --config recipe.yaml --job_id j --max_error_ratio 1")
        .expect(0);
    trace(&bench, "--id meta.id=r1")
        .expect(0)
        .prints(&[r#"(lang ["de","fr"], min_score 0.100)"#]);
}
