//! The commands that look after checkpoints.

use std::fs;

use arrow::datatypes::DataType;
use arrow::ipc::reader::FileReader;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaDataReader;

use super::bench::*;

#[test]
fn intermediate_data_is_kept_behind_each_operator() {
    let bench = Bench::new();
    bench.process("--preserve_intermediate_data true --intermediate_storage.format jsonl --intermediate_storage.compression none");
    let mut files = bench.files("intermediate");
    files.retain(|name| name.starts_with("partition_000001"));
    assert_eq!(
        files,
        [
            "partition_000001_op_000_whitespace_normalization_mapper.e1.a1.jsonl",
            "partition_000001_op_001_clean_links_mapper.e1.a1.jsonl",
            "partition_000001_op_002_text_length_filter.e1.a1.jsonl"
        ]
    );
    // Lines are the records, with their statistics, and nothing else.
    let lines = fs::read_to_string(bench.path("jobs/a/intermediate").join(&files[2])).unwrap();
    let records: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!records.is_empty());
    for record in &records {
        assert!(
            record["text"].is_string() && record["__dj__stats__"]["text_len"].is_u64(),
            "{record}"
        );
    }
    let bench = Bench::new();
    bench.process("--preserve_intermediate_data true");
    let folder = bench.path("jobs/a/intermediate");
    let analysis = bench
        .run(&format!("checkpoint analyze {} --json", folder.display()))
        .expect(0);
    let analysis = analysis.json();
    assert_eq!(
        (
            &analysis["total"]["files"],
            &analysis["operators"]["clean_links_mapper"]["rows"]
        ),
        (&9.into(), &30.into())
    );
    bench
        .run(&format!("checkpoint verify {}", folder.display()))
        .expect(0);
}

/// The last operator's files of the first partition, and the groups of each.
fn groups(settings: &str, folder: &str, end: &str) -> Vec<u64> {
    let bench = Bench::new();
    bench.process(settings);
    let mut files = bench.files(folder);
    files.retain(|name| {
        name.starts_with("partition_000001") && name.contains("op_001") && name.ends_with(end)
    });
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let bytes = fs::read(bench.path("jobs/a").join(folder).join(file)).unwrap();
    match end {
        ".parquet" => {
            let footer = ParquetMetaDataReader::new()
                .parse_and_finish(&Bytes::from(bytes))
                .unwrap();
            footer
                .row_groups()
                .iter()
                .map(|group| group.num_rows() as u64)
                .collect()
        }
        _ => {
            let batches = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
            batches
                .map(|batch| batch.unwrap().num_rows() as u64)
                .collect()
        }
    }
}

/// What other programs see of the files: as many records in a row group or record batch as the recipe says.
#[test]
fn groups_have_as_many_records_as_the_recipe_says() {
    let full = format!("{FULL} --intermediate_storage.preserve_intermediate_data true");
    for (format, end) in [("parquet", ".parquet"), ("arrow", ".arrow")] {
        for folder in ["intermediate", "checkpoints"] {
            let of = |more: &str| {
                groups(
                    &format!("{full} --storage_format {format} {more}"),
                    folder,
                    end,
                )
            };
            assert_eq!(of("--arrow_batch_size 4"), [4, 4, 2], "{format} {folder}");
            assert_eq!(of("--arrow_batch_size 1000"), [10], "{format} {folder}");
            assert_eq!(
                of("--use_arrow_batches false --arrow_batch_size 4"),
                [10],
                "{format} {folder}"
            );
        }
    }
}

/// Fields are columns of their own types, so that other programs need not parse records.
#[test]
fn fields_are_columns_of_intermediate_data() {
    let bench = Bench::new();
    bench.process("--preserve_intermediate_data true");
    let mut files = bench.files("intermediate");
    files.retain(|name| name.starts_with("partition_000001") && name.contains("op_002"));
    let file = fs::File::open(bench.path("jobs/a/intermediate").join(&files[0])).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    let batches: Vec<_> = reader.map(|batch| batch.unwrap()).collect();
    let schema = batches[0].schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names.last(), Some(&"__dj__stats__"));
    assert!(names.contains(&"text"), "{names:?}");
    let column = |name: &str| batches[0].column_by_name(name).unwrap().clone();
    assert_eq!(*column("text").data_type(), DataType::Utf8);
    assert!(matches!(
        column("__dj__stats__").data_type(),
        DataType::Struct(_)
    ));
}

/// A checkpoint of whole records in JSON lines shows each record, and a job goes on from it.
#[test]
fn full_checkpoints_in_json_lines_are_records() {
    let bench = Bench::new();
    bench.process(&format!(
        "{FULL} --storage_format jsonl --intermediate_storage.compression none"
    ));
    let mut files = bench.files("checkpoints");
    files.retain(|name| name.starts_with("partition_000001") && name.contains("op_001"));
    assert!(files[0].ends_with(".jsonl"), "{files:?}");
    let text = fs::read_to_string(bench.path("jobs/a/checkpoints").join(&files[0])).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The last two lines are about the file.
    let records = &lines[..lines.len() - 2];
    assert_eq!(records.len(), 10);
    assert!(records.iter().all(|record| record["text"].is_string()));
    bench.run("checkpoint verify jobs/a").expect(0);
    bench
        .run("checkpoint migrate jobs/a --to parquet")
        .expect(0)
        .says("% smaller");
}

#[test]
fn analysis_adds_up() {
    let bench = Bench::new();
    bench.process(FULL);
    let analysis = bench
        .run("checkpoint analyze jobs/a --json")
        .expect(0)
        .json();
    let total = &analysis["total"];
    let on_disk: u64 = contents(&bench.path("jobs/a/checkpoints"))
        .iter()
        .filter(|(name, _)| name.starts_with("partition_"))
        .map(|(_, bytes)| bytes.len() as u64)
        .sum();
    assert_eq!(total["stored_bytes"], on_disk);
    assert_eq!(
        (&total["files"], &total["checkpoints"], &total["rows"]),
        (&9.into(), &9.into(), &90.into())
    );
    for by in ["formats", "kinds", "partitions"] {
        let shares = analysis[by].as_object().unwrap().values();
        let sum: u64 = shares
            .map(|share| share["stored_bytes"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, on_disk, "{by}");
    }
    // The second operator changes nothing; the third adds a statistic to each row.
    assert_eq!(analysis["repeated"]["groups"], 3);
    bench
        .run("checkpoint analyze jobs/a/checkpoints")
        .expect(0)
        .says("there more than once");
    bench.run("checkpoint analyze nowhere").expect(5);
}

#[test]
fn damage_is_found_and_told_where() {
    let bench = Bench::new();
    bench.process(FULL);
    bench
        .run("checkpoint verify jobs/a")
        .expect(0)
        .says("15 files, all good");
    let name = bench.files("checkpoints").remove(4);
    let path = bench.path("jobs/a/checkpoints").join(&name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let result = bench.path("jobs/a/results/partition_000002.e1.a1.jsonl");
    fs::remove_file(result).unwrap();
    let looked = bench
        .run("checkpoint verify jobs/a --json")
        .expect(1)
        .json();
    let status = |name: &str| {
        let found = looked
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["name"] == name);
        found.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&name), "damaged");
    assert_eq!(status("results/partition_000002.e1.a1.jsonl"), "missing");
    bench
        .run("checkpoint verify jobs/a")
        .expect(1)
        .says("2 not good");
    bench
        .run("checkpoint migrate jobs/a --to arrow")
        .expect(3)
        .says("it is damaged");
}

#[test]
fn migration_goes_there_and_back() {
    let bench = Bench::new();
    bench.process(FULL);
    let folder = bench.path("jobs/a/checkpoints");
    let before = contents(&folder);
    bench
        .run("checkpoint migrate jobs/a --to arrow --dry-run")
        .expect(0)
        .says_all(&["would be written", " would become "]);
    assert_eq!(contents(&folder), before);
    bench
        .run("checkpoint migrate jobs/a --to arrow --compression none")
        .expect(0)
        .says("goes on using its original files");
    assert_eq!(contents(&folder).len(), before.len() + 9);
    // Cut off: what is not whole is written again, what is there is compared.
    let torn = before.keys().find(|name| name.starts_with("partition_"));
    let torn = folder.join(torn.unwrap().replace(".parquet", ".arrow"));
    fs::write(&torn, "AR").unwrap();
    bench
        .run("checkpoint migrate jobs/a --to arrow")
        .expect(0)
        .says("there already")
        .says("written and compared");
    bench.run("checkpoint verify jobs/a").expect(0);
    // The job starts, and leaves them alone.
    bench.process(&format!("{FULL} --export_path out/more.jsonl"));
    assert_eq!(
        contents(&folder)
            .keys()
            .filter(|name| name.ends_with(".arrow"))
            .count(),
        9
    );
    // In a folder of their own they come back to the byte.
    let copies = bench.path("copies");
    fs::create_dir(&copies).unwrap();
    for (name, bytes) in before
        .iter()
        .filter(|(name, _)| name.starts_with("partition_"))
    {
        fs::write(copies.join(name), bytes).unwrap();
    }
    let first = contents(&copies);
    for format in ["jsonl", "arrow", "parquet"] {
        bench
            .run(&format!(
                "checkpoint migrate copies --to {format} --remove-originals"
            ))
            .expect(0);
        assert_eq!(contents(&copies).len(), 9, "{format}");
    }
    assert_eq!(contents(&copies), first);
}

#[test]
fn originals_of_a_job_go_only_when_it_is_finished() {
    let bench = Bench::new();
    let line = format!("process --config recipe.yaml --job_id a --no-progress {FULL}");
    let killed = bench
        .command(&line)
        .env("COLDPRESS_CRASH_POINT", "merge.finish")
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None);
    let migrate = "checkpoint migrate jobs/a --to arrow --remove-originals";
    bench.run(migrate).expect(4).says("is not finished");
    bench.process(FULL);
    bench
        .run(migrate)
        .expect(0)
        .says("9 originals removed")
        .says("runs again");
    assert!(
        bench
            .files("checkpoints")
            .iter()
            .all(|name| name.ends_with(".arrow"))
    );
    bench
        .run("checkpoint list a --base-dir jobs")
        .expect(0)
        .says("no checkpoints");
    // Names that the journal gave up are given to nothing again.
    bench
        .run("checkpoint migrate jobs/a --to parquet")
        .expect(3)
        .says("for good");
    let report = bench.process(&format!("{FULL} --export_path out/more.jsonl --json"));
    assert_eq!(report.json()["partitions_reused"], 3);
    assert_eq!(bench.files("checkpoints").len(), 9);
}

/// A job over an input of 2 MB, which its result cites, whose export went through before the input was moved.
fn input_moved(bench: &Bench, ids: &[&str]) {
    let text = "as it came in ".repeat(30);
    let lines = (0..5000).map(|id| format!("{{\"id\": {id}, \"text\": \"{text}{id}\"}}\n"));
    bench.write("in.jsonl", lines.collect::<String>());
    for id in ids {
        bench
            .run(&format!(
                "process --config recipe.yaml --job_id {id} --no-progress --partition.size 100000 --export_path out/{id}.jsonl"
            ))
            .expect(0);
    }
    let results = fs::read_dir(bench.path("jobs").join(ids[0]).join("results")).unwrap();
    let mut names = results.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.contains(".composed.")));
    fs::rename(bench.path("in.jsonl"), bench.path("moved.jsonl")).unwrap();
}

#[test]
fn results_whose_input_was_moved_are_not_damaged() {
    let bench = Bench::new();
    input_moved(&bench, &["a"]);
    let place = bench.path("in.jsonl").display().to_string();
    bench.run("checkpoint verify jobs/a").expect(0).says_all(&[
        "input gone",
        &format!("its input is not at `{place}`"),
        "none damaged",
    ]);
    let found = bench
        .run("checkpoint verify jobs/a --json")
        .expect(0)
        .json();
    let mut found = found.as_array().unwrap().iter();
    assert!(found.any(|file| file["status"] == "input_gone"));
    // Another file there is none of its input.
    bench.write("in.jsonl", "{}\n");
    bench
        .run("checkpoint verify jobs/a")
        .expect(1)
        .says_all(&["damaged"]);
    fs::rename(bench.path("moved.jsonl"), bench.path("in.jsonl")).unwrap();
    bench
        .run("checkpoint verify jobs/a")
        .expect(0)
        .says_all(&["all good"]);
}

#[test]
fn jobs_whose_input_was_moved_are_not_compared() {
    let bench = Bench::new();
    input_moved(&bench, &["a", "b"]);
    let place = bench.path("in.jsonl").display().to_string();
    bench
        .run("jobs diff a b --base-dir jobs")
        .expect(1)
        .says_all(&[&format!(
            "the input of the job `a` is not at `{place}` any more, and is needed"
        )]);
    fs::rename(bench.path("moved.jsonl"), bench.path("in.jsonl")).unwrap();
    bench.run("jobs diff a b --base-dir jobs").expect(0);
}
