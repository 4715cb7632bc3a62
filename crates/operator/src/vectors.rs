//! Conformance vectors: cases that were made by running Data-Juicer, and the runner for them.
//!
//! A vector file has one JSON object per line: `id`, `op`, `params`, `input` rows, `output` rows, and for filters the `stats` of
//! every input row and the indices `kept`. `error` is set if Data-Juicer refuses or fails.

use coldpress_config::{Key, Node, OperatorCall, Span};
use coldpress_record::{Batch, Lines};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::assets::Shared;
use crate::chain::Chain;
use crate::pipeline::Pipeline;
use crate::registry::Registry;
use crate::rounding::with_ten_decimals;
use crate::settings::ChainSettings;

/// The result of running a file of vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The number of cases that agree.
    pub passed: u32,
    /// The cases that differ, with the case's name and the difference.
    pub failures: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    params: Map<String, Value>,
    /// The rows as they are written, so that fields keep their order.
    input: Vec<Box<RawValue>>,
    output: Option<Vec<Map<String, Value>>>,
    stats: Option<Vec<Map<String, Value>>>,
    kept: Option<Vec<u32>>,
    error: Option<String>,
    /// The lines that the operator wrote aside.
    exported_batch_meta: Option<Vec<Value>>,
}

/// Runs every case of a vector file with Data-Juicer's quirks.
///
/// `instead` has cases in which Data-Juicer fails and Coldpress should not: the case's id, and the expected rows, as JSON.
///
/// Text, whole numbers and the order of rows must be equal, floats to 1e-9; missing and null are the same. Refusing earlier than
/// Data-Juicer counts as equal, and a record in quarantine counts as an error while running.
pub fn run(registry: &Registry, file: &str, instead: &[(&str, &str)]) -> Outcome {
    let mut outcome = Outcome::default();
    for line in file.lines().filter(|line| !line.trim().is_empty()) {
        match case(line, instead) {
            Err(error) => outcome.failures.push(error),
            Ok(case) => match run_case(registry, &case) {
                Ok(()) => outcome.passed += 1,
                Err(difference) => outcome.failures.push(format!("{}: {difference}", case.id)),
            },
        }
    }
    outcome
}

fn case(line: &str, instead: &[(&str, &str)]) -> Result<Case, String> {
    let not_a_case = |error: serde_json::Error| format!("not a case: {error}");
    let mut case: Case = serde_json::from_str(line).map_err(not_a_case)?;
    if let Some((id, rows)) = instead.iter().find(|(id, _)| *id == case.id) {
        if case.error.take().is_none() {
            return Err(format!("{id}: Data-Juicer does not fail"));
        }
        case.output = serde_json::from_str(rows).map_err(not_a_case)?;
    }
    Ok(case)
}

fn run_case(registry: &Registry, case: &Case) -> Result<(), String> {
    // The vectors show what Data-Juicer does, including its quirks.
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: true,
        compat: true,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let mut chain = match (
        Pipeline::resolve(registry, &[call(case)], &settings)
            .and_then(|pipeline| pipeline.instantiate(&Shared::default())),
        &case.error,
    ) {
        (Ok(chain), _) => chain,
        (Err(_), Some(_)) => return Ok(()),
        (Err(error), None) => return Err(format!("refused: {error}")),
    };
    let mut batch = Batch::default();
    let mut lines = Lines::new(0);
    for (at, row) in case.input.iter().enumerate() {
        lines.push(at as u64, row.get().as_bytes());
    }
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    tally.dropped = Some(vec![Vec::new()]);
    chain
        .run(&mut batch, 0..1, &mut tally)
        .map_err(|failure| failure.to_string())?;
    if case.error.is_some() {
        let failed = !tally.quarantined.is_empty();
        return if failed {
            Ok(())
        } else {
            Err("should have failed".to_owned())
        };
    }
    if let Some(first) = tally.quarantined.first() {
        return Err(format!(
            "row {} failed: {}",
            first.origin.position, first.error
        ));
    }
    compare_rows(case, &chain, &batch)?;
    compare_aside(case, &chain, tally.dropped.unwrap_or_default())
}

fn compare_aside(case: &Case, chain: &Chain, lines: Vec<Vec<u8>>) -> Result<(), String> {
    let Some(expected) = &case.exported_batch_meta else {
        return Ok(());
    };
    if chain.pipeline().operators()[0].aside().is_none() {
        return Err("nothing is written aside".to_owned());
    }
    let lines = lines.concat();
    let lines = lines.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty()).map(parse);
    let found = lines.collect::<Result<Vec<Value>, _>>()?;
    compare(
        "what is written aside",
        &Value::Array(expected.clone()),
        &Value::Array(found),
    )
}

fn call(case: &Case) -> OperatorCall {
    let span = Span::default();
    let params = case.params.iter().map(|(name, value)| {
        (
            Key {
                name: name.clone(),
                span,
            },
            Node::from_json(value),
        )
    });
    OperatorCall {
        name: case.op.clone(),
        params: params.collect(),
        span,
    }
}

fn compare_rows(case: &Case, chain: &Chain, batch: &Batch) -> Result<(), String> {
    if let Some(stats) = &case.stats {
        stats.iter().enumerate().try_for_each(|(row, expected)| {
            let mut json = Vec::new();
            batch.stats().write_json(row, &mut json);
            compare(
                &format!("statistics of row {row}"),
                &rounded(&Value::Object(expected.clone())),
                &parse(&json)?,
            )
        })?;
    }
    if let Some(kept) = &case.kept
        && kept != batch.selection()
    {
        return Err(format!("kept {:?}, expected {kept:?}", batch.selection()));
    }
    let expected = case.output.as_deref().unwrap_or_default();
    if expected.len() != batch.selection().len() {
        return Err(format!(
            "{} rows came out, expected {}",
            batch.selection().len(),
            expected.len()
        ));
    }
    batch
        .selection()
        .iter()
        .zip(expected)
        .try_for_each(|(row, expected)| {
            let mut json = Vec::new();
            batch.write_record(*row as usize, chain.fields(), &mut json);
            compare(
                &format!("row {row}"),
                &Value::Object(expected.clone()),
                &parse(&json)?,
            )
        })
}

/// Rounds the floats in a value of a vector. The vectors have the statistics as operators compute them, before Data-Juicer writes
/// them with ten decimals.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(Value::Null, |number| with_ten_decimals(number).into()),
        Value::Array(values) => values.iter().map(rounded).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), rounded(value)))
                .collect()
        }
        other => other.clone(),
    }
}

fn parse(json: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(json).map_err(|error| format!("came out as no JSON: {error}"))
}

fn compare(place: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let differ = || Err(format!("{place}: {found}, expected {expected}"));
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names = expected.keys().chain(found.keys());
            // The statistics of a row are compared separately.
            names
                .filter(|name| *name != coldpress_record::STATS_FIELD)
                .try_for_each(|name| {
                    let value =
                        |object: &Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                    compare(
                        &format!("{place}, `{name}`"),
                        &value(expected),
                        &value(found),
                    )
                })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .try_for_each(|(expected, found)| compare(place, expected, found)),
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (
                a.as_f64().unwrap_or(f64::NAN),
                b.as_f64().unwrap_or(f64::NAN),
            );
            let near = (a - b).abs() <= 1e-12 || (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
            if near { Ok(()) } else { differ() }
        }
        _ if expected == found => Ok(()),
        _ => differ(),
    }
}
