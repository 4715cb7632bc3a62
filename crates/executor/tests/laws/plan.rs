//! Random recipes and plans: what is done to the records, and how the work is cut.

use coldpress_config::{Node, OperatorCall, Recipe, RecipeBuilder};
use proptest::prelude::*;

use crate::control::ControlId;
use crate::operators;

/// What is to be done, and how.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) process: Vec<OperatorCall>,
    pub(crate) keep_stats: bool,
    pub(crate) form: Form,
    pub(crate) how: How,
    /// Further settings of the recipe.
    pub(crate) settings: Vec<(&'static str, Node)>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let process: Vec<String> = self
            .process
            .iter()
            .map(|call| format!("{} {}", call.name, call.params_json()))
            .collect();
        let Self {
            keep_stats,
            form,
            how,
            ..
        } = self;
        write!(
            f,
            "{process:?}, keep_stats: {keep_stats}, {form:?}, {how:?}"
        )
    }
}

/// The form of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Gzip,
    Zstd,
    /// A directory of shards of so many bytes.
    Shards(u64),
}

/// How the work is cut and kept: nothing of it may show in the export.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) workers: u32,
    pub(crate) strategy: Keep,
    pub(crate) copies: bool,
}

/// After which operators checkpoints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    EveryOp,
    EveryPartition,
    EveryTwoOps,
    /// After the operator in the middle, by its name.
    Manual,
    Disabled,
}

impl Plan {
    /// A plan of these operators: partitions of `records`, one worker, a plain export.
    pub(crate) fn new(process: Vec<OperatorCall>, records: u64) -> Self {
        let how = How {
            records,
            bytes: 1 << 20,
            workers: 1,
            strategy: Keep::EveryPartition,
            copies: false,
        };
        Self {
            process,
            keep_stats: false,
            form: Form::Plain,
            how,
            settings: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Node>) -> Self {
        self.settings.push((key, value.into()));
        self
    }

    pub(crate) fn strategy(mut self, strategy: Keep) -> Self {
        self.how.strategy = strategy;
        self
    }

    pub(crate) fn workers(mut self, workers: u32) -> Self {
        self.how.workers = workers;
        self
    }

    /// The recipe, over a dataset and with an export that are given as paths.
    pub(crate) fn recipe(
        &self,
        dataset: &[String],
        export: &str,
        work_dir: &str,
        job_id: &str,
    ) -> Recipe {
        let How {
            records,
            bytes,
            workers,
            copies,
            ..
        } = &self.how;
        let builder = Recipe::builder("", export)
            .set("dataset_path", dataset.to_vec())
            .set("work_dir", work_dir)
            .set("job_id", job_id)
            .set("partition.size", *records)
            .set("partition.max_size_mb", *bytes as f64 / f64::from(1 << 20))
            .set(
                "partition.materialize",
                if *copies { "always" } else { "auto" },
            )
            .set("np", u64::from(*workers))
            .set("keep_stats_in_res_ds", self.keep_stats)
            .set("retry.retry_delay_seconds", 0)
            .set("event_logging.enabled", false)
            .set("max_error_ratio", 1.0);
        let builder = self.set_strategy(builder);
        let builder = match self.form {
            Form::Shards(bytes) => builder.set("export_shard_size", bytes),
            _ => builder,
        };
        let builder = self.settings.iter().fold(builder, |builder, (key, value)| {
            builder.set(key, value.clone())
        });
        self.process
            .iter()
            .fold(builder, |builder, call| builder.call(call.clone()))
            .build()
            .unwrap()
    }

    fn set_strategy(&self, builder: RecipeBuilder) -> RecipeBuilder {
        let middle = self.process.get(self.process.len() / 2);
        match self.how.strategy {
            Keep::EveryOp => builder.set("checkpoint.strategy", "every_op"),
            Keep::EveryPartition => builder.set("checkpoint.strategy", "every_partition"),
            Keep::EveryTwoOps => builder
                .set("checkpoint.strategy", "every_n_ops")
                .set("checkpoint.n_ops", 2),
            Keep::Manual => {
                let names: Vec<String> = middle.map(|call| call.name.clone()).into_iter().collect();
                builder
                    .set("checkpoint.strategy", "manual")
                    .set("checkpoint.op_names", names)
            }
            Keep::Disabled => builder.set("checkpoint.strategy", "disabled"),
        }
    }
}

impl Form {
    /// The name of an export of this form.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Plain => "out.jsonl",
            Self::Gzip => "out.jsonl.gz",
            Self::Zstd => "out.jsonl.zst",
            Self::Shards(_) => "shards/",
        }
    }
}

/// So many cases, unless `PROPTEST_CASES` asks for more or fewer.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return ProptestConfig::default();
    }
    ProptestConfig::with_cases(count)
}

/// Any plan of any operators.
pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    (any_process(0..6), any::<bool>(), any_form(), any_how()).prop_map(
        |(process, keep_stats, form, how)| Plan {
            process,
            keep_stats,
            form,
            how,
            settings: Vec::new(),
        },
    )
}

pub(crate) fn any_form() -> impl Strategy<Value = Form> {
    prop_oneof![3 => Just(Form::Plain), 1 => Just(Form::Gzip), 1 => Just(Form::Zstd), 1 => (1u64..200).prop_map(Form::Shards)]
}

pub(crate) fn any_how() -> impl Strategy<Value = How> {
    let records = prop_oneof![3 => 1u64..6, 1 => 6u64..40, 1 => Just(10_000)];
    let bytes = prop_oneof![1 => 1u64..300, 2 => Just(1 << 20)];
    (
        records,
        bytes,
        1u32..5,
        any_strategy(),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(records, bytes, workers, strategy, copies)| How {
            records,
            bytes,
            workers,
            strategy,
            copies,
        })
}

pub(crate) fn any_strategy() -> impl Strategy<Value = Keep> {
    use Keep::{Disabled, EveryOp, EveryPartition, EveryTwoOps, Manual};
    prop::sample::select(vec![EveryOp, EveryPartition, EveryTwoOps, Manual, Disabled])
}

/// A sequence of operators that are pure or seeded, fragile ones among them.
pub(crate) fn any_process(
    length: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<OperatorCall>> {
    prop::collection::vec(any_call(), length)
}

pub(crate) fn any_call() -> impl Strategy<Value = OperatorCall> {
    let edit = |kinds: &'static [&'static str]| {
        prop::sample::select(kinds)
            .prop_map(|kind| OperatorCall::new("edit_mapper").with("kind", kind))
    };
    let plain = |name: &'static str| Just(OperatorCall::new(name));
    prop_oneof![
        5 => edit(&["upper", "ends", "vowels", "front", "tail"]),
        1 => edit(&["ends", "front"]).prop_map(|call| call.with("text_key", "meta.title")),
        2 => (0u64..12, 8u64..60).prop_map(|(min, max)| OperatorCall::new("length_filter").with("min", min).with("max", max)),
        2 => plain("words_mapper"),
        1 => plain("title_mapper"),
        1 => plain("mark_mapper"),
        2 => plain("nest_mapper"),
        2 => plain("stamp_mapper"),
        2 => plain("lottery_filter"),
        2 => plain("fragile_mapper"),
        1 => plain("fragile_filter"),
        2 => Just(OperatorCall::new("serve_mapper").with("batch_size", 2)),
        1 => plain("serve_filter"),
        1 => plain("ask_mapper"),
        6 => any_deduplicator(),
    ]
}

/// A deduplicator, which is a barrier between two stages.
pub(crate) fn any_deduplicator() -> impl Strategy<Value = OperatorCall> {
    let exact = any::<bool>().prop_map(|lowercase| {
        OperatorCall::new("document_deduplicator").with("lowercase", lowercase)
    });
    let lines = (1u64..4).prop_map(|threshold| {
        OperatorCall::new("document_line_deduplicator").with("frequency_threshold", threshold)
    });
    let near = (1u64..3, 0u64..12).prop_map(|(window, distance)| {
        OperatorCall::new("document_simhash_deduplicator")
            .with("window_size", window)
            .with("hamming_distance", distance)
            .with("num_blocks", 16)
    });
    let shared = (1u64..3, 1u64..9).prop_map(|(window, tenths)| {
        OperatorCall::new("document_minhash_deduplicator")
            .with("window_size", window)
            .with("num_permutations", 32)
            .with("jaccard_threshold", tenths as f64 / 10.0)
    });
    let least = (1u64..3).prop_map(|window| {
        OperatorCall::new("document_minhash_deduplicator_with_uid")
            .with("window_size", window)
            .with("num_permutations", 32)
    });
    prop_oneof![3 => exact, 2 => lines, 2 => near, 1 => shared, 1 => least]
}

/// An operator that puts records into other places, or makes others of them.
pub(crate) fn any_selector() -> impl Strategy<Value = OperatorCall> {
    let call = OperatorCall::new;
    let length = "__dj__stats__.length";
    let top = (1u64..6, any::<bool>()).prop_map(move |(count, reverse)| {
        call("topk_specified_field_selector")
            .with("field_key", length)
            .with("topk", count)
            .with("reverse", reverse)
    });
    let range = (0u64..4, 1u64..10, any::<bool>()).prop_map(move |(lower, upper, by_text)| {
        call("range_specified_field_selector")
            .with("field_key", if by_text { "text" } else { length })
            .with("lower_rank", lower)
            .with("upper_percentile", upper as f64 / 10.0)
    });
    let frequent = (1u64..6, any::<bool>()).prop_map(move |(count, reverse)| {
        call("frequency_specified_field_selector")
            .with("field_key", "text")
            .with("topk", count)
            .with("reverse", reverse)
    });
    let tags = prop::sample::subsequence(vec!["", "the lazy dog", "menu | home"], 1..3);
    let among = tags.prop_map(move |tags| {
        let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
        call("tags_specified_field_selector")
            .with("field_key", "text")
            .with("target_tags", tags)
    });
    let random =
        (0u64..12).prop_map(move |count| call("random_selector").with("select_num", count));
    let grouped = any::<bool>().prop_map(move |is_named| {
        let names = vec!["text".to_owned()];
        let grouper = call("key_value_grouper");
        if is_named {
            grouper.with("group_by_keys", names)
        } else {
            grouper
        }
    });
    prop_oneof![
        2 => top,
        2 => range,
        2 => frequent,
        1 => among,
        3 => random,
        2 => grouped,
        1 => Just(call("naive_grouper")),
    ]
}

/// `process` with a watch operator at the place `at`.
pub(crate) fn with_watch(
    mut process: Vec<OperatorCall>,
    at: usize,
    id: ControlId,
) -> Vec<OperatorCall> {
    let at = at % (process.len() + 1);
    process.insert(at, operators::watch(id));
    process
}

/// `process` with a frail operator at the place `at`.
pub(crate) fn with_frail(
    mut process: Vec<OperatorCall>,
    at: usize,
    id: ControlId,
) -> Vec<OperatorCall> {
    let at = at % (process.len() + 1);
    process.insert(at, operators::frail(id));
    process
}
