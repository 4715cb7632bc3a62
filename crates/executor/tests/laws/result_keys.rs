//! A key of the class *result* that changed between a stop and the resume: the new result, or a refusal.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use coldpress_config::{Availability, Class, Node, OperatorCall, Recipe, keys};
use coldpress_executor::{ErrorKind, Executor, ExecutorBuilder};
use coldpress_job::{Journal, Status};
use parquet::arrow::ArrowWriter;

use crate::control::{self, ControlId};
use crate::operators;

/// What a changed key must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// What a fresh run of the changed recipe gives, which is another thing than before.
    Another,
    /// The same result as before: nothing of this release depends on the key.
    Same,
    /// A refusal that names the key, or what it changed.
    Refused(&'static str),
}

struct Case {
    key: &'static str,
    data: Data,
    value: Node,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    Lines,
    Array,
    Csv,
    Parquet,
    Texts,
    Folder,
}

fn cases() -> Vec<Case> {
    let case = |key, data, value: Node, then| Case {
        key,
        data,
        value,
        then,
    };
    // 1,000 bytes: the long records are longer.
    let short = || Node::from(1000.0 / f64::from(1 << 20));
    let texts = |texts: &[&str]| {
        Node::from(
            texts
                .iter()
                .map(|text| Node::from(*text))
                .collect::<Vec<_>>(),
        )
    };
    vec![
        case(
            "suffixes",
            Data::Folder,
            texts(&[".jsonl"]),
            Then::Refused("files"),
        ),
        case(
            "dataset.max_sample_num",
            Data::Lines,
            Node::from(2_u64),
            Then::Refused("dataset.max_sample_num"),
        ),
        case(
            "load_jsonl_lenient",
            Data::Lines,
            Node::from(false),
            Then::Another,
        ),
        case(
            "load_dataset_kwargs.columns",
            Data::Csv,
            texts(&["text"]),
            Then::Refused("load_dataset_kwargs.columns"),
        ),
        case(
            "load_dataset_kwargs.columns",
            Data::Parquet,
            texts(&["text"]),
            Then::Refused("load_dataset_kwargs.columns"),
        ),
        case(
            "load_dataset_kwargs.columns",
            Data::Lines,
            texts(&["text"]),
            Then::Same,
        ),
        case(
            "load_dataset_kwargs.delimiter",
            Data::Csv,
            Node::from(";"),
            Then::Refused("load_dataset_kwargs.delimiter"),
        ),
        case(
            "load_dataset_kwargs.delimiter",
            Data::Lines,
            Node::from(";"),
            Then::Same,
        ),
        case(
            "load_dataset_kwargs.quoting",
            Data::Csv,
            Node::from("none"),
            Then::Refused("load_dataset_kwargs.quoting"),
        ),
        case(
            "load_dataset_kwargs.escape",
            Data::Csv,
            Node::from("%"),
            Then::Refused("load_dataset_kwargs.escape"),
        ),
        case(
            "load_dataset_kwargs.header",
            Data::Csv,
            Node::from(false),
            Then::Refused("load_dataset_kwargs.header"),
        ),
        case(
            "load_dataset_kwargs.field",
            Data::Lines,
            Node::from("rows"),
            Then::Refused("load_dataset_kwargs.field"),
        ),
        case(
            "load_dataset_kwargs.field",
            Data::Array,
            Node::from("rows"),
            Then::Same,
        ),
        case("text_keys", Data::Lines, texts(&["other"]), Then::Another),
        case("image_key", Data::Lines, Node::from("other"), Then::Same),
        case("audio_key", Data::Lines, Node::from("other"), Then::Same),
        case("video_key", Data::Lines, Node::from("other"), Then::Same),
        // It is an operator's affair whether it has a quirk to keep: none of this recipe has.
        case("compat", Data::Lines, Node::from("data_juicer"), Then::Same),
        case("seed", Data::Lines, Node::from(7_u64), Then::Another),
        // The operators of this recipe have no quirks.
        case("compat", Data::Lines, Node::from("data_juicer"), Then::Same),
        case(
            "limit",
            Data::Lines,
            Node::from(21_u64),
            Then::Refused("limit"),
        ),
        case("analyze", Data::Lines, Node::from(true), Then::Another),
        // It says what an analysis writes.
        case(
            "export_original_dataset",
            Data::Lines,
            Node::from(true),
            Then::Same,
        ),
        case(
            "keep_stats_in_res_ds",
            Data::Lines,
            Node::from(true),
            Then::Another,
        ),
        case(
            "skip_op_error",
            Data::Lines,
            Node::from(false),
            Then::Another,
        ),
        case("max_record_mb", Data::Lines, short(), Then::Another),
        case("max_record_mb", Data::Array, short(), Then::Another),
        case("max_record_mb", Data::Parquet, short(), Then::Another),
        case(
            "max_record_mb",
            Data::Csv,
            short(),
            Then::Refused("max_record_mb"),
        ),
        case(
            "max_record_mb",
            Data::Texts,
            short(),
            Then::Refused("max_record_mb"),
        ),
    ]
}

/// The texts of the records: two are long, one makes an operator fail.
fn texts() -> impl Iterator<Item = String> {
    (0..40).map(|n| match n {
        3 | 30 => format!("long {n} {}", "words and ".repeat(200)),
        21 => "an err".to_owned(),
        n => format!("some text {n}"),
    })
}

impl Data {
    fn write(self, folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let object = |text: String| format!(r#"{{"text": "{text}", "other": "words", "n": 1.50}}"#);
        let lines = || texts().map(object).collect::<Vec<_>>();
        let (name, content) = match self {
            Self::Lines => (
                "in.jsonl",
                [lines(), vec!["{no json".to_owned()]].concat().join("\n"),
            ),
            Self::Array => ("in.json", format!("[{}]", lines().join(",\n"))),
            Self::Csv => {
                let rows: Vec<String> = texts().map(|text| format!("{text},1;2\n")).collect();
                ("in.csv", format!("text,n\n{}", rows.concat()))
            }
            Self::Parquet => {
                let path = folder.join("in.parquet");
                write_parquet(&path);
                return path;
            }
            Self::Texts => {
                texts().enumerate().for_each(|(n, text)| {
                    fs::write(folder.join(format!("{n:03}.txt")), text).unwrap();
                });
                return folder.to_owned();
            }
            Self::Folder => {
                fs::write(folder.join("a.jsonl"), lines().join("\n")).unwrap();
                fs::write(folder.join("b.json"), format!("[{}]", lines().join(","))).unwrap();
                return folder.to_owned();
            }
        };
        fs::write(folder.join(name), content).unwrap();
        folder.join(name)
    }
}

fn write_parquet(path: &Path) {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..40));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts()));
    let batch = RecordBatch::try_from_iter([("text", texts), ("n", numbers)]).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A folder with a dataset, and jobs of one recipe and its change.
struct Bench {
    folder: tempfile::TempDir,
    data: PathBuf,
    id: ControlId,
}

/// What a run came to: how it ended and what it exported, or why it did not.
type Came = Result<(Status, Option<String>), (ErrorKind, String)>;

impl Bench {
    fn new(data: Data) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = data.write(&folder.path().join("data"));
        let id = control::new_id();
        Self { folder, data, id }
    }

    fn executor(&self, job_id: &str, changed: Option<(&str, &Node)>) -> Executor {
        let path = |path: &Path| path.display().to_string();
        let call = OperatorCall::new;
        let export = self.folder.path().join(format!("{job_id}.jsonl"));
        let builder = Recipe::builder(path(&self.data), path(&export))
            .set("work_dir", path(&self.folder.path().join("jobs")))
            .set("job_id", job_id)
            .set("partition.size", 4)
            .set("np", 1)
            .set("retry.max_retries", 0)
            .set("max_error_ratio", 1.0)
            .set("event_logging.enabled", false)
            .call(operators::watch(self.id))
            .call(call("fragile_mapper"))
            .call(call("length_filter").with("min", 4_u64))
            .call(call("stamp_mapper"));
        let builder = match changed {
            Some(("process", _)) => builder.call(call("edit_mapper")),
            Some((key, value)) => builder.set(key, value.clone()),
            None => builder,
        };
        ExecutorBuilder::new(builder.build().unwrap(), operators::registry())
            .build()
            .unwrap()
    }

    fn run(&self, job_id: &str, changed: Option<(&str, &Node)>) -> Came {
        let executor = self.executor(job_id, changed);
        let report = executor.run();
        let report = report.map_err(|error| (error.kind(), error.full_message()))?;
        let export = fs::read_to_string(self.folder.path().join(format!("{job_id}.jsonl")));
        Ok((report.status, export.ok()))
    }

    /// Runs the unchanged recipe until some partitions are published and others are not.
    #[track_caller]
    fn run_half(&self, job_id: &str) {
        let executor = self.executor(job_id, None);
        control::stop_after(self.id, 14, executor.stop_handle());
        assert_eq!(executor.run().unwrap().status, Status::Stopped);
        control::disarm(self.id);
        let totals = Journal::read(executor.layout()).unwrap().totals();
        assert!(totals.completed > 0 && totals.completed < 10, "{totals:?}");
    }
}

fn check(case: &Case) {
    let Case {
        key, data, then, ..
    } = case;
    let bench = Bench::new(*data);
    let changed = Some((*key, &case.value));
    bench.run_half("stopped");
    let resumed = bench.run("stopped", changed);
    let unchanged = bench.run("unchanged", None);
    let fresh = bench.run("fresh", changed);
    let told = format!("{key} over {data:?}: {resumed:?}");
    match then {
        Then::Refused(named) => {
            let (kind, message) = resumed.expect_err(&told);
            assert_eq!(kind, ErrorKind::Refused, "{message}");
            assert!(
                message.contains(named) && message.contains("--fresh"),
                "{message}"
            );
            // The change undone, the job goes on.
            assert_eq!(bench.run("stopped", None), unchanged, "{key} over {data:?}");
        }
        Then::Another => {
            assert_eq!(resumed, fresh, "{told}");
            assert_ne!(resumed, unchanged, "the case shows nothing: {told}");
        }
        Then::Same => {
            assert_eq!(resumed, fresh, "{told}");
            assert_eq!(resumed, unchanged, "{told}");
        }
    }
}

#[test]
fn a_changed_key_gives_the_new_result_or_a_refusal() {
    let mut cases = cases();
    let process = Case {
        key: "process",
        data: Data::Lines,
        value: Node::from(0_u64),
        then: Then::Another,
    };
    cases.push(process);
    for key in keys().filter(|key| key.class == Class::Result) {
        // One that has a single value cannot change.
        let is_fixed = matches!(key.availability, Availability::DefaultOnly(_));
        let has_case = cases.iter().any(|case| case.key == key.name);
        assert!(is_fixed || has_case, "`{}` has no case here", key.name);
    }
    cases.iter().for_each(check);
}
