//! The vectors of Data-Juicer's deduplicators, from the signatures to the records that come out.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use coldpress_barrier::{Room, SignatureReader, SignatureWriter, judge};
use coldpress_operator::{ChainSettings, Guard, Key, Node, OperatorCall, Pipeline, Shared, Span};
use coldpress_record::{Batch, Lines};
use serde_json::{Map, Value};

const FILES: [&str; 4] = [
    include_str!("../src/deduplicator/document.vectors.jsonl"),
    include_str!("../src/deduplicator/document_line.vectors.jsonl"),
    include_str!("../src/deduplicator/document_minhash.vectors.jsonl"),
    include_str!("../src/deduplicator/document_simhash.vectors.jsonl"),
];

/// SentencePiece is not available yet.
const LEFT_OUT: [&str; 1] = ["document_minhash_deduplicator/004"];

type Row = Map<String, Value>;

/// What comes out of an operator that is given these rows in partitions of so many.
fn run(op: &str, params: &Row, rows: &[Row], partition: usize) -> Result<Vec<Row>, String> {
    let mut call = OperatorCall::new(op);
    for (name, value) in params {
        call.params.push((
            Key {
                name: name.clone(),
                span: Span::default(),
            },
            Node::from_json(value),
        ));
    }
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: false,
        compat: true,
    };
    let pipeline = Pipeline::resolve(&coldpress_ops::builtin(), &[call], &settings);
    let pipeline = pipeline.map_err(|error| error.to_string())?;
    let barrier = pipeline.operators()[0].barrier().cloned().unwrap();
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let mut batches = Vec::new();
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
        batches.push(batch);
        files.push(file);
    }
    let readers: Vec<_> = files
        .iter()
        .map(|file| SignatureReader::open(&file[..]).unwrap())
        .collect();
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let room = Room::new(0, folder.path(), &stop);
    let mut judgement = judge(&readers, &barrier.rule, &room).unwrap();
    let mut out = Vec::new();
    for mut batch in batches {
        let verdict = judgement.next_verdict().unwrap().unwrap();
        chain.decide(&[Arc::new(verdict.decision)]);
        let mut tally = chain.tally();
        tally.ledger.records = batch.rows() as u64;
        let applied = chain.run(&mut batch, 0..1, &mut tally);
        applied.map_err(|failure| failure.to_string())?;
        chain.check_decided(0..1)?;
        tally.ledger.check().unwrap();
        for row in batch.selection() {
            batch.write_record(*row as usize, chain.fields(), &mut out);
        }
    }
    let out = String::from_utf8(out).unwrap();
    Ok(out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

#[test]
fn deduplicators_keep_what_data_juicer_keeps() {
    let mut ran = 0;
    for line in FILES.iter().flat_map(|file| file.lines()) {
        let case: Row = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        if LEFT_OUT.contains(&id) {
            continue;
        }
        let rows = |key: &str| -> Vec<Row> {
            let rows = case[key].as_array().unwrap().iter();
            rows.map(|row| row.as_object().unwrap().clone()).collect()
        };
        let (op, params) = (
            case["op"].as_str().unwrap(),
            case["params"].as_object().unwrap(),
        );
        let input = rows("input");
        for partition in [1, 3, 1000] {
            let out = run(op, params, &input, partition);
            if !case["error"].is_null() {
                assert!(out.is_err(), "{id} should fail");
                continue;
            }
            let out = out.unwrap_or_else(|error| panic!("{id}: {error}"));
            let texts = |rows: &[Row]| -> Vec<(Value, Value)> {
                rows.iter()
                    .map(|row| {
                        (
                            row["id"].clone(),
                            row.get("text").cloned().unwrap_or_default(),
                        )
                    })
                    .collect()
            };
            assert_eq!(
                texts(&out),
                texts(&rows("output")),
                "{id} in partitions of {partition}"
            );
        }
        ran += 1;
    }
    assert_eq!(ran, 10 + 14 + 14 + 12);
}

#[test]
fn short_texts_are_duplicates_only_if_they_are_the_same() {
    let row = |text: &str| -> Row { Map::from_iter([("text".to_owned(), Value::from(text))]) };
    let rows = ["short", "other", "short", " short", ""].map(row);
    for op in [
        "document_minhash_deduplicator",
        "document_simhash_deduplicator",
    ] {
        let compat = run(op, &Map::new(), &rows, 2).unwrap();
        assert_eq!(compat.len(), 1, "{op}");
    }
}
