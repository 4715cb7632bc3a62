//! Runs the vectors of Data-Juicer's selectors and groupers, from the signatures to the records that come out.
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use coldpress_barrier::{
    Answer, Arranged, Arranger, Error, Room, SignatureReader, SignatureWriter, answer,
};
use coldpress_operator::{
    ChainSettings, Guard, Key, Node, OperatorCall, OperatorKind, OperatorSpec, Pipeline, Shared,
    Span,
};
use coldpress_record::{Batch, Lines};
use serde_json::{Map, Value, json};

type Row = Map<String, Value>;

fn pipeline(op: &str, params: &Value, compat: bool) -> Result<Pipeline, String> {
    let mut call = OperatorCall::new(op);
    for (name, value) in params.as_object().unwrap() {
        let name = name.clone();
        let span = Span::default();
        call.params
            .push((Key { name, span }, Node::from_json(value)));
    }
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: false,
        compat,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    Pipeline::resolve(&coldpress_ops::builtin(), &[call], &settings)
        .map_err(|error| error.to_string())
}

/// Returns the rows that share a position, for all positions in order, when the rows are in partitions of the given size.
fn run(
    op: &str,
    params: &Value,
    compat: bool,
    rows: &[Row],
    partition: usize,
) -> Result<Vec<Vec<usize>>, String> {
    let pipeline = pipeline(op, params, compat)?;
    let barrier = pipeline.operators()[0].barrier().cloned().unwrap();
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let mut files = Vec::new();
    for rows in rows.chunks(partition) {
        let mut lines = Lines::new(0);
        for (at, row) in rows.iter().enumerate() {
            lines.push(at as u64, Value::Object(row.clone()).to_string().as_bytes());
        }
        let mut batch = Batch::default();
        batch.fill(&mut lines, chain.fields(), &mut Vec::new());
        chain.begin(&mut batch);
        let mut writer = SignatureWriter::new(barrier.form);
        let signed = chain.sign(&batch, 0, &Guard::default(), |signature| {
            writer.push(signature)
        });
        signed.map_err(|failure| failure.to_string())?;
        let mut file = Vec::new();
        writer.finish(&mut file).unwrap();
        files.push(file);
    }
    let readers: Vec<_> = files
        .iter()
        .map(|file| SignatureReader::open(&file[..]).unwrap())
        .collect();
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let room = Room::new(0, folder.path(), &stop);
    let because = |error: Error| error.to_string();
    match answer(&readers, &barrier.rule, &room).map_err(because)? {
        Answer::InPlace(mut judgement) => {
            let (mut kept, mut first) = (Vec::new(), 0);
            while let Some(verdict) = judgement.next_verdict().unwrap() {
                let rows = verdict.decision.rows();
                let stays = (0..rows).filter(|row| verdict.decision.stays(*row));
                kept.extend(stays.map(|row| vec![first + row as usize]));
                first += rows as usize;
            }
            Ok(kept)
        }
        Answer::Moved(mut arrangement) => {
            let (mut arranger, mut positions) = (Arranger::new(&room), Vec::new());
            for ordinal in 0..rows.len() as u64 {
                arrangement.positions_of(ordinal, &mut positions).unwrap();
                for position in positions.drain(..) {
                    let bytes = Box::default();
                    let record = Arranged {
                        position,
                        ordinal,
                        bytes,
                    };
                    arranger.push(record).unwrap();
                }
            }
            let mut out = vec![Vec::new(); arrangement.count() as usize];
            let mut records = arranger.finish().unwrap();
            while let Some(record) = records.next_record().unwrap() {
                out[record.position as usize].push(record.ordinal as usize);
            }
            Ok(out)
        }
    }
}

/// Checks the results for the rows of a vector, in partitions of several sizes.
pub(super) fn check(case: &Row) {
    for partition in [1, 3, 1000] {
        check_in_partitions(case, partition);
    }
}

fn check_in_partitions(case: &Row, partition: usize) {
    let (id, op) = (&case["id"], case["op"].as_str().unwrap());
    let rows: Vec<Row> = serde_json::from_value(case["input"].clone()).unwrap();
    let out = run(op, &case["params"], true, &rows, partition);
    if !case["error"].is_null() {
        assert!(out.is_err(), "{id} should fail");
        return;
    }
    let out = out.unwrap_or_else(|error| panic!("{id}: {error}"));
    let Some(expected) = case["output"].as_array() else {
        // A random selection: the vector has properties that hold for all of them.
        let properties = &case["properties"];
        let distinct: BTreeSet<usize> = out.iter().flatten().copied().collect();
        assert_eq!(properties["count"], out.len(), "{id}");
        assert_eq!(properties["distinct_rows"], distinct.len(), "{id}");
        return;
    };
    assert_eq!(
        out.len(),
        expected.len(),
        "{id} in partitions of {partition}"
    );
    for (members, expected) in out.iter().zip(expected) {
        for (column, expected) in expected.as_object().unwrap() {
            let values = members.iter().map(|row| rows[*row][column].clone());
            let found = match case["kind"] == "grouper" {
                true => Value::Array(values.collect()),
                false => values.collect::<Vec<_>>().remove(0),
            };
            assert!(
                is_same(&found, expected),
                "{id} in partitions of {partition}: {found} is not {expected}"
            );
        }
    }
}

/// Returns whether two values are equal if integers in a column of floats count as floats.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64() && (one.is_f64() || other.is_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|other| is_same(value, other))
            };
            one.len() == other.len() && one.iter().all(is_there)
        }
        (one, other) => one == other,
    }
}

fn numbers(numbers: &[i64]) -> Vec<Row> {
    let row = |n: &i64| json!({ "n": n }).as_object().unwrap().clone();
    numbers.iter().map(row).collect()
}

/// Parameters that select nothing, or everything, are handled as in Data-Juicer only on request.
#[test]
fn parameters_mean_what_they_say() {
    let rows = numbers(&[4, 1, 3]);
    let count =
        |op: &str, params: Value, compat| run(op, &params, compat, &rows, 2).map(|out| out.len());
    // A share that amounts to no record.
    let tiny = json!({ "select_ratio": 0.1 });
    assert_eq!(count("random_selector", tiny.clone(), false), Ok(0));
    assert_eq!(count("random_selector", tiny, true), Ok(3));
    // More records than there are.
    let many = json!({ "select_num": 7 });
    assert_eq!(count("random_selector", many.clone(), false), Ok(3));
    assert_eq!(count("random_selector", many, true), Ok(7));
    let none = json!({ "field_key": "n", "top_ratio": 0.0 });
    assert_eq!(
        count("topk_specified_field_selector", none.clone(), false),
        Ok(0)
    );
    assert_eq!(count("topk_specified_field_selector", none, true), Ok(3));
    for (op, params, named) in [
        (
            "topk_specified_field_selector",
            json!({ "topk": 1 }),
            "field_key",
        ),
        (
            "topk_specified_field_selector",
            json!({ "field_key": "n" }),
            "top_ratio",
        ),
        (
            "frequency_specified_field_selector",
            json!({ "field_key": "n" }),
            "topk",
        ),
        (
            "range_specified_field_selector",
            json!({ "field_key": "n", "lower_rank": 1 }),
            "upper_rank",
        ),
        (
            "tags_specified_field_selector",
            json!({ "target_tags": [1] }),
            "field_key",
        ),
        ("random_selector", json!({}), "select_num"),
    ] {
        let error = count(op, params.clone(), false).unwrap_err();
        assert!(error.contains(named), "{op}: {error}");
        assert_eq!(count(op, params, true), Ok(3), "{op}");
    }
}

#[test]
fn no_parameter_asks_for_what_cannot_be() {
    for (op, params, named) in [
        (
            "topk_specified_field_selector",
            json!({ "field_key": "n", "top_ratio": 1.5 }),
            "from 0 to 1",
        ),
        (
            "range_specified_field_selector",
            json!({ "field_key": "n", "lower_percentile": -0.1 }),
            "from 0 to 1",
        ),
        (
            "random_selector",
            json!({ "select_ratio": 2 }),
            "from 0 to 1",
        ),
        (
            "tags_specified_field_selector",
            json!({ "field_key": "n", "target_tags": [[1]] }),
            "a list",
        ),
        (
            "tags_specified_field_selector",
            json!({ "field_key": "n" }),
            "target_tags",
        ),
        (
            "topk_specified_field_selector",
            json!({ "field_key": "n", "topk": -1 }),
            "from 0 on",
        ),
        (
            "key_value_grouper",
            json!({ "aggregator": { "nested_aggregator": {} } }),
            "aggregator",
        ),
    ] {
        for compat in [false, true] {
            let error = run(op, &params, compat, &numbers(&[1]), 1).unwrap_err();
            assert!(error.contains(named), "{op}: {error}");
        }
    }
}

/// A record that cannot be selected by goes to quarantine, and the others are selected as if it weren't there.
#[test]
fn records_without_a_signature_do_not_count() {
    let mut rows = numbers(&[4, 1, 3, 2]);
    rows[1] = json!({ "other": 1 }).as_object().unwrap().clone();
    let error = run(
        "topk_specified_field_selector",
        &json!({ "field_key": "n", "topk": 2 }),
        false,
        &rows,
        2,
    );
    assert!(error.unwrap_err().contains("`n` is missing"));
    rows[1] = json!({ "n": [1] }).as_object().unwrap().clone();
    let error = run(
        "tags_specified_field_selector",
        &json!({ "field_key": "n", "target_tags": [1] }),
        false,
        &rows,
        2,
    );
    assert!(error.unwrap_err().contains("`n` is a list"));
}

/// A changed amount uses the same signatures again; another field doesn't.
#[test]
fn signatures_depend_on_the_field_alone() {
    let op = "topk_specified_field_selector";
    let identity = |params: Value| {
        let pipeline = pipeline(op, &params, false).unwrap();
        pipeline.operators()[0].signature_identity().to_owned()
    };
    let one = identity(json!({ "field_key": "n", "topk": 1 }));
    assert_eq!(
        identity(json!({ "field_key": "n", "top_ratio": 0.5, "reverse": false })),
        one
    );
    assert_ne!(identity(json!({ "field_key": "m", "topk": 1 })), one);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Tests every selector and grouper of the registry, so that a new one is tested without being named here.
    #[test]
    fn partitions_change_nothing(
        numbers in proptest::collection::vec(-3..4_i64, 0..12),
        partition in 1..6_usize,
    ) {
        let rows = self::numbers(&numbers);
        let registry = coldpress_ops::builtin();
        let is_global = |spec: &&OperatorSpec| {
            let is_grouper = spec.kind() == OperatorKind::Grouper;
            spec.kind() == OperatorKind::Selector || is_grouper && spec.name() != "naive_reverse_grouper"
        };
        for spec in registry.iter().filter(is_global) {
            let params = match spec.name() {
                "topk_specified_field_selector" | "frequency_specified_field_selector" => {
                    json!({"field_key": "n", "topk": 3})
                }
                "range_specified_field_selector" => {
                    json!({"field_key": "n", "lower_rank": 1, "upper_rank": 5})
                }
                "tags_specified_field_selector" => json!({"field_key": "n", "target_tags": [1, 2]}),
                "random_selector" => json!({"select_num": 4}),
                "key_value_grouper" => json!({"group_by_keys": ["n"]}),
                _ => json!({}),
            };
            for compat in [false, true] {
                let run = |partition| run(spec.name(), &params, compat, &rows, partition);
                proptest::prop_assert_eq!(run(partition), run(1000), "{}", spec.name());
            }
        }
    }
}
